/**
 * Starts again what has died: a service, Postgres, nats-server, the example's workers. It says each death on the screen,
 * waits longer after each, and gives up when something dies again and again. It never starts what it was told to
 * let go.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { reportLine } from './report-step.ts';
import type { Restartable } from './restartable.ts';
import type { ExitReport } from './spawn-guarded.ts';

/** `start` throws with the reason, the end of its log included. */
export type Supervised = { name: string } & Pick<Restartable, 'ended' | 'isRunning' | 'start'>;

type Fate = { name: string; restarts: number; given_up: boolean };

type SuperviseOptions = {
  /** Why deaths don't count at the moment, e.g. a full disk; undefined when they do. */
  excuse?: () => string | undefined;
  report?: (line: string) => void;
  first_backoff_ms?: number;
};

export type Supervisor = {
  watch(target: Supervised): void;
  fates(): readonly Fate[];
  /** From here on the dead stay dead. */
  letGo(): void;
};

/** Deaths within the window after which a part is not started again. */
const MAX_DEATHS = 5;
const WINDOW_MS = 5 * 60_000;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 10_000;

export function supervise(options: SuperviseOptions = {}): Supervisor {
  const stopping = new AbortController();
  const fates: Fate[] = [];
  return {
    watch(target) {
      const fate: Fate = { name: target.name, restarts: 0, given_up: false };
      fates.push(fate);
      void keepAlive(target, fate, stopping.signal, options);
    },
    fates: () => fates,
    letGo: () => stopping.abort(),
  };
}

async function keepAlive(
  target: Supervised,
  fate: Fate,
  stopping: AbortSignal,
  { excuse = () => undefined, report = reportLine, first_backoff_ms = FIRST_BACKOFF_MS }: SuperviseOptions,
): Promise<void> {
  let deaths: number[] = [];
  for (;;) {
    const exit = await target.ended();
    if (stopping.aborted) return;
    const because = excuse();
    const now = performance.now();
    // While the disk is full nothing can stand; it is tried again and again, until there is space.
    deaths = because === undefined ? [...deaths.filter((time) => now - time < WINDOW_MS), now] : deaths;
    if (deaths.length > MAX_DEATHS) {
      fate.given_up = true;
      report(`GIVEN UP: ${target.name} died ${deaths.length} times within five minutes and is not started again.`);
      report('What is left goes on without it. Look at its log, then stop with Ctrl-C and start again.');
      return;
    }
    const wait_ms = Math.min(first_backoff_ms * 2 ** Math.max(deaths.length - 1, 0), LONGEST_BACKOFF_MS);
    report(`${target.name} died (${inWords(exit)})${because ? `, ${because}` : ''}; starting again`);
    await pause(wait_ms, undefined, { signal: stopping, ref: false }).catch(() => {});
    if (stopping.aborted) return;
    fate.restarts += 1;
    await startAgain(target, stopping, report);
  }
}

function inWords(exit: ExitReport | undefined): string {
  if (exit === undefined) return 'it did not start';
  return exit.signal ?? `exit code ${exit.code}`;
}

async function startAgain(target: Supervised, stopping: AbortSignal, report: (line: string) => void): Promise<void> {
  try {
    await target.start();
    if (!stopping.aborted) report(`${target.name} up again`);
  } catch (error) {
    // Told to stop, it failed because it was stopped.
    if (stopping.aborted) return;
    const state = target.isRunning() ? 'runs again and is not ready yet' : 'did not come up';
    report(`${target.name} ${state}: ${(error as Error).message}`);
  }
}
