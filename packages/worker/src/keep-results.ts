/**
 * Keeps every reported result and asks output-safety again until it is settled, so that a lost message is never a lost
 * result. It bounds what it keeps, and a result is never logged.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CountersignError } from '@countersign/contracts/errors';
import { subjects } from '@countersign/contracts/subjects';
import {
  RESULT_CLAIM_HEADER,
  type ResultAnswer,
  resultAnswer,
  type WorkerResult,
  writeResultClaim,
} from '@countersign/contracts/worker';
import { errorFields, type Logger } from '@countersign/platform/logger';
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

type Kept = {
  result: WorkerResult;
  subject: string;
  body: string;
  bytes: number;
  traceparent: string;
  /** Ends the pause before the next request. */
  settled: AbortController;
};

export type UnsettledResult = Pick<WorkerResult, 'dispatch_id' | 'claim_id' | 'tenant' | 'job_id'>;
export type KeptResults = {
  report(topic: string, result: WorkerResult, traceparent: string): void;
  /** The scheduler knows what came of the attempt: nobody waits for its result. */
  settle(dispatch_id: string): void;
  list(): UnsettledResult[];
  size(): number;
  /** Nobody believes what this worker reports: whatever it ran would have effects and no result. */
  isDisbelieved(): boolean;
  /** Of all bodies that are kept. */
  bytes(): number;
  /** Asks no more and forgets everything. */
  close(): void;
};

export type KeepOptions = { bus: WorkerBus; pool: string; worker: string; log: Logger; onSettled: () => void };

export function keepResults({ bus, pool, worker, log, onSettled }: KeepOptions): KeptResults {
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
      const answer = await ask(bus, one, Math.min(LONGEST_ANSWER_MS, ANSWER_MS * 2 ** tries), log);
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
      const body = JSON.stringify(result);
      const size = Buffer.byteLength(body);
      const one: Kept = { result, subject, body, bytes: size, traceparent, settled: new AbortController() };
      kept.set(result.dispatch_id, one);
      bytes += size;
      void deliver(one);
    },
    settle(dispatch_id) {
      const one = kept.get(dispatch_id);
      if (one !== undefined) forget(one);
    },
    list: () =>
      [...kept.values()].map(({ result: { dispatch_id, claim_id, tenant, job_id } }) => ({
        dispatch_id,
        claim_id,
        tenant,
        job_id,
      })),
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
async function ask(bus: WorkerBus, one: Kept, timeout_ms: number, log: Logger): Promise<ResultAnswer | null> {
  const { dispatch_id, claim_id } = one.result;
  const headers = { [RESULT_CLAIM_HEADER]: writeResultClaim(one.result), traceparent: one.traceparent };
  try {
    const answer = resultAnswer.safeParse(await bus.askRaw(one.subject, one.body, { timeout_ms, headers })).data;
    if (answer?.dispatch_id === dispatch_id && answer.claim_id === claim_id) return answer;
    log.warn({ dispatch_id }, 'the answer was for another result; it will be sent again');
  } catch (thrown) {
    if (!one.settled.signal.aborted) {
      const code = thrown instanceof CountersignError ? thrown.code : errorFields(thrown);
      log.warn({ dispatch_id, code }, 'the result is not settled; it will be sent again');
    }
  }
  return null;
}

/** With up to a half more, so that what one outage held back does not come back all at once. */
async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms * (1 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}
