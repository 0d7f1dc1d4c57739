/**
 * Holds back a warning that repeats: the first few of a window are written as they are, the others are counted, and one
 * line at the end of the window says how many there were. An outage must not bury, or fill the disk with, itself.
 */

const WINDOW_MS = 10_000;
const LINES_PER_WINDOW = 5;
/** Kinds of line that are told apart at once; one more, and all windows end early. */
const MAX_KINDS = 500;

export type LogKind = { level: string; msg: string; fields: Readonly<Record<string, unknown>> };
type Seen = { kind: LogKind; count: number };

/** Lines held back in the last seconds must not be lost with the process. */
const openWindows = new Set<() => void>();
process.on('exit', () => {
  for (const endWindow of openWindows) endWindow();
});

export type LogRepeats = {
  /** Whether this one is to be written. */
  admit(kind: LogKind): boolean;
  /** Ends the window: says of each kind how many were held back. */
  endWindow(): void;
};

/** `summarise` writes the one line for `held_back` lines of a kind. */
export function openLogRepeats(summarise: (kind: LogKind, held_back: number) => void): LogRepeats {
  const seen = new Map<string, Seen>();
  let timer: NodeJS.Timeout | undefined;

  const endWindow = (): void => {
    clearTimeout(timer);
    timer = undefined;
    openWindows.delete(endWindow);
    const ended = [...seen.values()];
    seen.clear();
    for (const { kind, count } of ended) {
      if (count > LINES_PER_WINDOW) summarise(kind, count - LINES_PER_WINDOW);
    }
  };

  return {
    admit(kind) {
      const key = JSON.stringify([kind.level, kind.msg, kind.fields]);
      if (!seen.has(key) && seen.size >= MAX_KINDS) endWindow();
      const known = seen.get(key) ?? { kind, count: 0 };
      seen.set(key, known);
      known.count += 1;
      timer ??= setTimeout(endWindow, WINDOW_MS).unref();
      openWindows.add(endWindow);
      return known.count <= LINES_PER_WINDOW;
    },
    endWindow,
  };
}
