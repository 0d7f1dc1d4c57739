/**
 * Asks the scheduler before any work is taken whether this worker's work would count, and tells the owner why not. It runs
 * nothing on a doubt: without an answer the worker does not start.
 */
import { randomUUID, sign, verify } from 'node:crypto';
import { CountersignError, type ErrorCode, isOutage } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import { type HelloAnswer, helloText, type StartCode, type WorkerRecord } from '@countersign/contracts/worker';
import type { Bus } from '@countersign/platform/bus';
import { monotonicMs } from '@countersign/platform/clock';
import type { Logger } from '@countersign/platform/logger';
import type { WorkerSettings } from './worker-options.ts';

const SAYS: Readonly<Record<StartCode, string>> = {
  worker_unknown: 'no worker of this pool and name is registered',
  signing_key_unregistered: 'the signing key is not the one that is registered for this worker',
  revoked: 'this worker was revoked',
  not_let_in: 'NATS turned the bus key away: it is not registered, or was revoked',
  bus_rights_missing: 'NATS knows the bus key as somebody else: it may not act as this worker of this pool',
  record_not_newer: 'the scheduler has heard of a newer record that it works by',
  scheduler_key_unpinned: "none of scheduler_public_keys is the scheduler's: every warrant would be refused",
  scheduler_unavailable: 'the scheduler did not answer',
};

/** Over HTTP who is not registered so is turned away before the scheduler hears of it. */
const AT_THE_DOOR: Readonly<Partial<Record<ErrorCode, StartCode>>> = {
  unauthenticated: 'worker_unknown',
  signature_invalid: 'signing_key_unregistered',
  revoked: 'revoked',
};

const OLDER: readonly ErrorCode[] = ['field_invalid', 'field_unknown'];

/** `start()` rejects with it. Nothing was taken and nothing ran. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
  readonly code: StartCode;
  constructor(code: StartCode, { pool, worker }: { pool: string; worker: string }, cause?: unknown) {
    super(`${code}: ${pool}/${worker}: ${SAYS[code]}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export type HelloParts = {
  bus: Pick<Bus, 'callAt'>;
  settings: WorkerSettings;
  /** Whether the server has refused something that this worker has to be able to do. */
  mayNot: () => boolean;
  /** What it works by; a scheduler that keeps no records refuses the field, which is an error then. */
  record?: WorkerRecord;
  log: Pick<Logger, 'warn'>;
};

/** Asks until there is an answer, `start_wait_ms` at most. Throws WorkerStartError. */
export async function sayHello({ bus, settings, mayNot, record, log }: HelloParts): Promise<void> {
  const { pool, worker, signingKey, keys } = settings;
  const nonce = randomUUID();
  const signature = sign(null, Buffer.from(helloText('worker', pool, worker, nonce)), signingKey).toString('base64url');
  const ask = (more: { together?: true; record?: WorkerRecord }) =>
    bus.callAt(
      subjects.hello(pool, worker),
      'scheduler.hello',
      { nonce, signature, ...more },
      { timeout_ms: LIMITS.rpc_ms },
    );
  const greet = (): Promise<HelloAnswer> =>
    record === undefined ? ask({ together: true }).catch(unlessOlder(() => ask({}))) : ask({ together: true, record });
  const answer = await untilAnswered(greet, settings, mayNot);
  const told = Buffer.from(helloText('scheduler', pool, worker, nonce));
  const proof = Buffer.from(answer.signature, 'base64url');
  if (!keys.some((key) => verify(null, told, key, proof)))
    throw new WorkerStartError('scheduler_key_unpinned', settings);
  if (answer.code !== null) throw new WorkerStartError(answer.code, settings);
  if (!answer.pool_active) log.warn({ pool }, 'no active policy has this pool: work comes when one has');
}

/** Who knows no warrants that were signed together refuses the field, and sends each by itself. */
function unlessOlder<T>(again: () => Promise<T>) {
  return (thrown: unknown): Promise<T> => {
    const isOlder = thrown instanceof CountersignError && OLDER.includes(thrown.code);
    if (!isOlder) throw thrown;
    return again();
  };
}

async function untilAnswered(
  ask: () => Promise<HelloAnswer>,
  settings: WorkerSettings,
  mayNot: () => boolean,
): Promise<HelloAnswer> {
  for (const end = monotonicMs() + settings.start_wait_ms; ; ) {
    try {
      return await ask();
    } catch (thrown) {
      const told = thrown instanceof CountersignError ? AT_THE_DOOR[thrown.code] : undefined;
      if (told !== undefined) throw new WorkerStartError(told, settings, thrown);
      if (mayNot()) throw new WorkerStartError('bus_rights_missing', settings, thrown);
      if (!(thrown instanceof CountersignError) || !isOutage(thrown.code)) throw thrown;
      if (monotonicMs() >= end) throw new WorkerStartError('scheduler_unavailable', settings, thrown);
      await new Promise((resolve) => setTimeout(resolve, LIMITS.repeat_every_ms));
    }
  }
}
