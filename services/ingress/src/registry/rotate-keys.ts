/**
 * Replaces the signing key of an agent or a worker. Both keys count until the overlap ends, then the new one alone; who holds the
 * old one can be cut off sooner.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { AgentView, signingKeyRotation, WorkerView } from '@countersign/contracts/identity';
import type { Database, Tx } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { readAgent, readWorker } from './store-registry.ts';
import { endFormerKey, isKeyTaken, type Signer, takeOver } from './store-signing-keys.ts';

type Rotation = z.output<typeof signingKeyRotation>;
type Former = Pick<AgentView, 'former_key' | 'former_key_until'>;

/** Throws `not_found`, `state_conflict`, `identity_conflict` for a key that is, or was, anybody's. */
export function rotateAgentKey(database: Database, caller: Caller, id: string, asked: Rotation): Promise<AgentView> {
  return changeRegistry(database, caller, async (tx) => {
    const { tenant } = caller;
    const before = mustExist(await readAgent(tx, tenant, id));
    if (before.revoked_at !== null) throw new CountersignError('state_conflict', 'the agent was revoked');
    if (before.signing_key === null) throw new CountersignError('state_conflict', 'the agent has no signing key');
    await replace(tx, { table: 'principals', id }, before, asked);
    const answer = mustExist(await readAgent(tx, tenant, id));
    const { signing_key } = answer;
    const former = { former_signing_key: before.signing_key, ...formerOf(answer) };
    const details = { what: 'agent', id, tenant, signing_key, ...former };
    return { answer, entries: [entryOf(caller, 'identity_changed', id, details)] };
  });
}

/** Throws likewise. */
export function rotateWorkerKey(
  database: Database,
  caller: Caller,
  { pool, worker }: Pick<WorkerView, 'pool' | 'worker'>,
  asked: Rotation,
): Promise<WorkerView> {
  return changeRegistry(database, caller, async (tx) => {
    const before = mustExist(await readWorker(tx, pool, worker));
    if (before.revoked_at !== null) throw new CountersignError('state_conflict', 'the worker was revoked');
    await replace(tx, { table: 'workers', pool, worker }, before, asked);
    const answer = mustExist(await readWorker(tx, pool, worker));
    const { public_key } = answer;
    const former = { former_public_key: before.public_key, ...formerOf(answer) };
    const details = { what: 'worker', tenant: null, pool, worker, public_key, ...former };
    return { answer, entries: [entryOf(caller, 'identity_changed', worker, details)] };
  });
}

async function replace(tx: Tx, signer: Signer, before: Former, asked: Rotation): Promise<void> {
  const { signing_key, overlap_minutes } = asked;
  if (signing_key === undefined) {
    if (before.former_key === null) throw new CountersignError('state_conflict', 'no key before is good any more');
    await endFormerKey(tx, signer, overlap_minutes);
    return;
  }
  // A third would end the first without anybody having said so.
  if (before.former_key !== null)
    throw new CountersignError(
      'state_conflict',
      `the key before is good until ${before.former_key_until}; end it first`,
    );
  if (await isKeyTaken(tx, signer.table, signing_key))
    throw new CountersignError('identity_conflict', 'the key is, or was, in use', { at: '/signing_key' });
  await takeOver(tx, signer, signing_key, overlap_minutes);
}

function formerOf({ former_key, former_key_until }: Former): Former {
  return { former_key, former_key_until };
}
