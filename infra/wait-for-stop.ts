/** Turns the ways in which a launcher is told to stop into one promise. A second Ctrl-C ends it at once. */

// Terminals signal a whole group and npm passes the signal on as well, so one Ctrl-C can arrive several times.
const SAME_KEYSTROKE_MS = 1_000;

/** Resolves with the signal's name. A launcher that is gone has sent SIGTERM through the watcher it left behind. */
export function waitForStop(): Promise<string> {
  let firstAt: number | undefined;
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        firstAt ??= performance.now();
        if (performance.now() - firstAt > SAME_KEYSTROKE_MS) process.exit(130);
        resolve(signal);
      });
    }
  });
}
