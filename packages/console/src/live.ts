/**
 * Keeps what is shown true: what the API told, asked for again when something happened and until it answers, and the streams that tell
 * when something happened. A stream tells nothing of the time in which it was not open, so each time that it opens is news as well.
 */
import type { Ask, Told } from './api.ts';
import { ask, askInBackground } from './ask-browser.ts';

type Timer = ReturnType<typeof setTimeout> | undefined;

const AGAIN_MS = 3_000;
/** Of events that come together, one is told of. */
const GATHER_MS = 100;

type Keeper = {
  /** Asks (again). `asking` unless it is the page's own doing, as it is from the second time on. */
  look: (asking?: Ask) => Promise<void>;
  stop: () => void;
};

/** What an outage leaves unanswered, in whole or in part, is asked again, and what was shown before stays. An answer never gives way to an older one. */
export function keepTold<T>(load: (asking: Ask) => Promise<Told<T>>, show: (told: Told<T>) => void): Keeper {
  let [asked, shown, is_good, is_over] = [0, 0, false, false];
  let retry: Timer;
  const look: Keeper['look'] = async (asking = asked === 0 ? ask : askInBackground) => {
    clearTimeout(retry);
    asked += 1;
    const turn = asked;
    let fails = false;
    const judged = <R>(part: Told<R>): Told<R> => {
      fails ||= !part.ok && isOutage(part.status);
      return part;
    };
    const told = judged(await load(async (path, body) => judged(await asking<never>(path, body))));
    if (is_over || turn < shown) return;
    shown = turn;
    if (fails && turn === asked) retry = setTimeout(look, AGAIN_MS);
    if (fails && is_good) return;
    is_good = !fails;
    show(told);
  };
  const stop = (): void => {
    is_over = true;
    clearTimeout(retry);
  };
  return { look, stop };
}

/** Not what is wrong with the question: no answer at all, too much asked, or the server's own failure. */
function isOutage(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}

/** Until the function that it gives is called. `path` of a stream under the API; `kinds` of entries to hear of. */
export function listen(path: string, kinds: readonly string[], heard: () => void): () => void {
  let source: EventSource;
  let retry: Timer;
  let soon: Timer;
  const tell = (): void => {
    soon = undefined;
    heard();
  };
  const gather = (): void => {
    soon ??= setTimeout(tell, GATHER_MS);
  };
  const open = (): void => {
    source = new EventSource(`/api/v1${path}`);
    source.onopen = gather;
    for (const kind of kinds) source.addEventListener(kind, gather);
    // A browser connects again by itself, but not after an answer that is no stream.
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, AGAIN_MS);
    };
  };
  // A connection that died while nobody looked may still seem open.
  document.addEventListener('visibilitychange', gather);
  open();
  return () => {
    source.close();
    document.removeEventListener('visibilitychange', gather);
    clearTimeout(retry);
    clearTimeout(soon);
  };
}
