/**
 * Keeps every reported result and asks output-safety again until it is settled, so that a lost message is never a lost
 * result. It bounds what it keeps, and a result is never logged.
 */
import type { KeyObject } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CountersignError } from '@countersign/contracts/errors';
import { subjects } from '@countersign/contracts/subjects';
import type { ResultAnswer, UnsignedResult } from '@countersign/contracts/worker';
import { monotonicMs } from '@countersign/platform/clock';
import { errorFields, type Logger } from '@countersign/platform/logger';
import { type AskAboutResults, askAboutResults, type Reported } from './ask-about-results.ts';
import type { WorkerBus } from './http-door.ts';

/** Refusals that every later result of this worker would meet as well. */
const DISBELIEVED: ReadonlySet<string> = new Set(['signature_invalid', 'unauthenticated', 'revoked']);

/** Milliseconds for which the first request waits for its answer, and between a failed one and the next; both double. */
const ANSWER_MS = 3_000;
const LONGEST_ANSWER_MS = 24_000;
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/** Given as a reason: without one each abort makes an exception with its stack. */
const SETTLED = 'settled';

/** `settled` ends the pause before the next request. */
type Kept = Reported & { settled: AbortController; kept_since: number };

export type UnsettledResult = Pick<UnsignedResult, 'dispatch_id' | 'claim_id' | 'tenant' | 'job_id'>;
export type KeptResults = {
  report(topic: string, result: UnsignedResult, traceparent: string): void;
  /** The scheduler knows what came of the attempt: nobody waits for its result. */
  settle(dispatch_id: string): void;
  /** Those that have been kept for so many milliseconds at least. */
  list(kept_ms?: number): UnsettledResult[];
  size(): number;
  /** Nobody believes what this worker reports: whatever it ran would have effects and no result. */
  isDisbelieved(): boolean;
  /** Of all bodies that are kept. */
  bytes(): number;
  /** Asks no more and forgets everything. */
  close(): void;
};

export type KeepOptions = {
  bus: WorkerBus;
  pool: string;
  worker: string;
  signingKey: KeyObject;
  log: Logger;
  onSettled: () => void;
};

export function keepResults({ bus, pool, worker, signingKey, log, onSettled }: KeepOptions): KeptResults {
  const asking = askAboutResults(bus, signingKey, { knows_together: bus.isHttp !== true });
  const kept = new Map<string, Kept>();
  let bytes = 0;
  let disbelieved = false;

  const forget = (one: Kept): void => {
    if (!kept.delete(one.result.dispatch_id)) return;
    bytes -= one.bytes;
    one.settled.abort(SETTLED);
    onSettled();
  };

  const deliver = async (one: Kept): Promise<void> => {
    for (let tries = 0; !one.settled.signal.aborted; tries += 1) {
      const ask = tries === 0 ? asking.together : asking.alone;
      const answer = await askOnce(ask, one, Math.min(LONGEST_ANSWER_MS, ANSWER_MS * 2 ** tries), log);
      if (answer !== null) {
        const { dispatch_id, code } = answer;
        if (code !== null) log.error({ dispatch_id, code }, 'the result was refused');
        if (code !== null && DISBELIEVED.has(code) && !disbelieved) {
          disbelieved = true;
          log.error({ code }, 'no result of this worker is believed: it takes no more work until it is started again');
        }
        return forget(one);
      }
      await pauseFor(Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** tries), one.settled.signal);
    }
  };

  return {
    report(topic, result, traceparent) {
      const subject = subjects.result(pool, worker, result.tenant, topic);
      const text = JSON.stringify(result);
      const size = Buffer.byteLength(text);
      const settled = new AbortController();
      const one: Kept = { result, subject, text, bytes: size, traceparent, settled, kept_since: monotonicMs() };
      kept.set(result.dispatch_id, one);
      bytes += size;
      void deliver(one);
    },
    settle(dispatch_id) {
      const one = kept.get(dispatch_id);
      if (one !== undefined) forget(one);
    },
    list: (kept_ms = 0) => {
      const until = monotonicMs() - kept_ms;
      return [...kept.values()]
        .filter(({ kept_since }) => kept_since <= until)
        .map(({ result: { dispatch_id, claim_id, tenant, job_id } }) => ({ dispatch_id, claim_id, tenant, job_id }));
    },
    size: () => kept.size,
    isDisbelieved: () => disbelieved,
    bytes: () => bytes,
    close() {
      for (const one of kept.values()) one.settled.abort(SETTLED);
      kept.clear();
      bytes = 0;
    },
  };
}

/** Null when it must be asked again: no answer, an outage, or an answer that belongs to another result. */
async function askOnce(
  ask: AskAboutResults['alone'],
  one: Kept,
  timeout_ms: number,
  log: Logger,
): Promise<ResultAnswer | null> {
  try {
    return await ask(one, timeout_ms);
  } catch (thrown) {
    if (!one.settled.signal.aborted) {
      const code = thrown instanceof CountersignError ? thrown.code : errorFields(thrown);
      const { dispatch_id } = one.result;
      log.warn({ dispatch_id, code }, 'the result is not settled; it will be sent again');
    }
    return null;
  }
}

/** With up to a half more, so that what one outage held back does not come back all at once. */
async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms * (1 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}
