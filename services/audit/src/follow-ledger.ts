/**
 * Keeps the publisher at work while entries come, and asleep while none do. Whoever appends wakes it (migration 007-publishing); a
 * slow look finds what no wake-up told of, and what another instance left.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';
import { connectSession, type Session } from '@countersign/platform/database';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Publisher } from './publish-entries.ts';
import { endSleep, trySleep } from './store.ts';

type Following = {
  nudge(): void;
  stop(): Promise<void>;
  /** Throws while passes fail. */
  check(): void;
};

type FollowOptions = {
  publisher: Pick<Publisher, 'pass'>;
  database_url: string;
  log: Pick<Logger, 'warn'>;
};

/** Looks that have to find nothing before it sleeps. */
const QUIET_LOOKS = 2;
/** Tries to fall asleep; after that somebody else sleeps, or one transaction takes very long. */
const SLEEP_TRIES = 5;
const RETRY_MS = 500;

export function followLedger({ publisher, database_url, log }: FollowOptions): Following {
  let stopped = false;
  let awake = Promise.withResolvers<void>();
  let session: Session | null = null;
  let failed: unknown = null;
  let failedSince = 0;
  let quiet = 0;
  let asleep = false;

  const nudge = (): void => awake.resolve();

  async function rest(ms: number): Promise<void> {
    const timer = setTimeout(() => awake.resolve(), ms);
    await awake.promise;
    clearTimeout(timer);
    awake = Promise.withResolvers();
  }

  /** A pause between two looks that no wake-up shortens: what comes meanwhile shares the next window. */
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, stopped ? 0 : ms));

  async function listen(): Promise<Session | null> {
    session ??= await connectSession({
      url: database_url,
      name: 'audit',
      channel: 'ledger',
      onNotify: nudge,
      onEnd: () => {
        session = null;
        asleep = false;
        nudge();
      },
    }).catch(() => null);
    return session;
  }

  /** True once whoever appends will wake us. */
  async function fallAsleep(): Promise<boolean> {
    if (asleep) return true;
    const listening = await listen();
    asleep = listening !== null && (await trySleep(listening));
    return asleep;
  }

  async function wakeUp(): Promise<void> {
    quiet = 0;
    if (!asleep) return;
    asleep = false;
    if (session) await endSleep(session);
  }

  /** Called when a look found nothing. It falls asleep first and looks once more, so that nothing is overlooked. */
  async function beQuiet(): Promise<void> {
    quiet += 1;
    if (quiet < QUIET_LOOKS) return pause(2 * LIMITS.seal_busy_ms);
    const slept = asleep;
    if (!(await fallAsleep()) && quiet < QUIET_LOOKS + SLEEP_TRIES) return pause(2 * LIMITS.seal_busy_ms);
    if (slept || !asleep) await rest(session === null ? RETRY_MS : LIMITS.seal_idle_ms);
  }

  async function step(): Promise<void> {
    const pass = await publisher.pass();
    failed = null;
    if (pass === 'idle') return beQuiet();
    await wakeUp();
    if (pass === 'worked') return pause(LIMITS.seal_busy_ms);
    if (pass === 'elsewhere') {
      await listen();
      await rest(session === null ? RETRY_MS : LIMITS.seal_idle_ms);
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      try {
        await step();
      } catch (thrown) {
        if (failed === null) {
          failedSince = monotonicMs();
          log.warn(errorFields(thrown), 'sealed entries wait for the audit stream or for Postgres');
        }
        failed = thrown;
        await rest(RETRY_MS);
      }
    }
  }

  const running = run();
  return {
    nudge,
    async stop() {
      stopped = true;
      nudge();
      await running;
      await session?.close();
    },
    check() {
      if (failed !== null && monotonicMs() - failedSince > LIMITS.stop_ms) throw failed;
    },
  };
}
