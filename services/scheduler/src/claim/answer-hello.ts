/**
 * Tells a worker before it takes work whether its work would count: registered, with this signing key, and not revoked. It
 * signs its answer with the warrants' key, so that a worker which pins another one hears it now and not at its first job.
 */
import { verify } from 'node:crypto';
import { workerSubject } from '@countersign/contracts/control';
import type { RpcParsed } from '@countersign/contracts/rpc';
import { type HelloAnswer, helloText } from '@countersign/contracts/worker';
import { readControl } from '@countersign/platform/control-gate';
import { publicKeyOf } from '@countersign/platform/ed25519-keys';
import type { SchedulerContext } from '../scheduler-context.ts';
import { readPoolNames, readWorkerKeys } from '../store-pools.ts';
import { takeRecord } from './store-worker-records.ts';

type Asked = RpcParsed<'scheduler.hello'>;
type Worker = { pool: string; worker: string };

export async function answerHello(
  { database, warrants, readers }: Pick<SchedulerContext, 'database' | 'warrants' | 'readers'>,
  who: Worker,
  asked: Asked,
): Promise<HelloAnswer> {
  const [registered, { revoked }, pools] = await Promise.all([
    readWorkerKeys(database, who.pool, who.worker),
    readControl(database, [], [workerSubject(who)]),
    readPoolNames(database),
  ]);
  const judged = judge(registered, revoked.length > 0, who, asked);
  const isTaken = judged !== null || asked.record === undefined || (await takeRecord(database, who, asked.record));
  const code = isTaken ? judged : 'record_not_newer';
  if (code === null) await readers.note(database, who, asked.together === true);
  return {
    nonce: asked.nonce,
    code,
    pool_active: pools.includes(who.pool),
    signature: warrants.signText(helloText('scheduler', who.pool, who.worker, asked.nonce)),
  };
}

function judge(
  registered: readonly string[],
  isRevoked: boolean,
  { pool, worker }: Worker,
  { nonce, signature }: Asked,
): HelloAnswer['code'] {
  if (registered.length === 0) return 'worker_unknown';
  if (isRevoked) return 'revoked';
  const text = Buffer.from(helloText('worker', pool, worker, nonce));
  const signed = Buffer.from(signature, 'base64url');
  const isSigned = registered.some((raw) => verify(null, text, publicKeyOf(raw), signed));
  return isSigned ? null : 'signing_key_unregistered';
}
