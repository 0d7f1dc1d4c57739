/**
 * Sets how long content is kept, sets and lifts legal holds, and takes up erasures: each in a transaction with its entry, for
 * whoever a door has authenticated. It erases nothing itself.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { chainOfContent, type ErasureView } from '@countersign/contracts/retention';
import type { Principal, RpcParsed } from '@countersign/contracts/rpc';
import type { Bus } from '@countersign/platform/bus';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { append } from '@countersign/platform/ledger-append';
import { listJob } from './store-listed.ts';
import {
  deleteHold,
  insertErasure,
  insertHold,
  keep,
  readErasableJob,
  readErasure,
  readErasures,
  readHoldOf,
  readHolds,
  readKept,
} from './store-retention.ts';

type Parts = { database: Database; bus: Bus };
type Asked = { tenant: string; reason: string; principal: Principal };

/** `onAsked`: something is to be erased. */
export function serveRetention({ database, bus }: Parts, onAsked: () => void): void {
  bus.serve('scheduler.retention', async ({ tenant }) => ({ retention: await readKept(database, tenant) }));
  bus.serve('scheduler.holds', async ({ tenant }) => ({ holds: await readHolds(database, tenant) }));
  bus.serve('scheduler.erasures', async ({ tenant }) => ({ erasures: await readErasures(database, tenant) }));
  bus.serve('scheduler.keep', (asked) => setKeep(database, asked));
  bus.serve('scheduler.hold', (asked) => hold(database, asked));
  bus.serve('scheduler.lift_hold', (asked) => lift(database, asked));
  bus.serve('scheduler.erase', async (asked) => {
    const erasure = await askErasure(database, asked);
    onAsked();
    return erasure;
  });
}

function setKeep(database: Database, asked: RpcParsed<'scheduler.keep'>) {
  return change(database, asked, 'retention_set', async (tx) => {
    const { tenant, content, days, principal } = asked;
    const was = (await readKept(tx, tenant)).find((each) => each.content === content)!;
    await keep(tx, { tenant, content, days, set_by: principal.id });
    const kept = (await readKept(tx, tenant)).find((each) => each.content === content)!;
    return { answer: kept, said: { content, days, former_days: was.days } };
  });
}

/** Throws `state_conflict` where the tenant has as many as it may. */
function hold(database: Database, asked: RpcParsed<'scheduler.hold'>) {
  return change(database, asked, 'hold_set', async (tx) => {
    const { hold_id, tenant, kind, target = null, from = null, until = null, reason, principal } = asked;
    const said = { hold_id, kind, target, from, until };
    const set = await insertHold(tx, { ...said, tenant, reason, set_by: principal.id });
    if (set === null) throw new CountersignError('state_conflict', 'there are too many legal holds');
    return { answer: set, said };
  });
}

function lift(database: Database, asked: RpcParsed<'scheduler.lift_hold'>) {
  return change(database, asked, 'hold_lifted', async (tx) => {
    const lifted = await deleteHold(tx, asked.tenant, asked.hold_id);
    if (lifted === null) throw new CountersignError('not_found', 'there is no such hold');
    const { hold_id, kind, target, from, until } = lifted;
    return { answer: { hold_id }, said: { hold_id, kind, target, from, until } };
  });
}

/** Throws `content_held` naming the hold, `state_conflict` for a job that has not ended, `not_found`. */
function askErasure(database: Database, asked: RpcParsed<'scheduler.erase'>): Promise<ErasureView> {
  return change(database, asked, 'erasure_asked', async (tx) => {
    const { tenant, job_id = null, subject = null, reason, principal } = asked;
    const erasure_id = uuidv7();
    if (job_id !== null) await requireErasable(tx, { tenant, job_id });
    if (subject !== null) refuseHeld(await readHoldOf(tx, tenant, subject));
    await insertErasure(tx, { erasure_id, tenant, job_id, subject, reason, asked_by: principal.id });
    if (job_id !== null) await listJob(tx, { erasure_id, tenant, job_id });
    return { answer: await readErasure(tx, erasure_id), said: { erasure_id, job_id, subject } };
  });
}

async function requireErasable(tx: Tx, key: { tenant: string; job_id: string }): Promise<void> {
  const job = await readErasableJob(tx, key);
  if (job === null) throw new CountersignError('not_found', 'there is no such job');
  if (job.open) throw new CountersignError('state_conflict', 'the job has not ended');
  refuseHeld(job.held_by);
}

function refuseHeld(hold_id: string | null): void {
  if (hold_id !== null) throw new CountersignError('content_held', `the legal hold ${hold_id} keeps it`);
}

function change<Answer>(
  database: Database,
  asked: Asked,
  kind: string,
  act: (tx: Tx) => Promise<{ answer: Answer; said: object }>,
): Promise<Answer> {
  return database.transaction(async (tx) => {
    await refuseRevoked(tx, asked.principal, [asked.tenant]);
    const { answer, said } = await act(tx);
    await append(tx, [entry(kind, asked, said)]);
    return answer;
  });
}

function entry(kind: string, { tenant, reason, principal }: Asked, said: object): NewEntry {
  const { id, auth_method, key_id } = principal;
  const body = { tenant, actor: id, auth_method, by_key: key_id, reason, ...said };
  return { chain: chainOfContent(tenant), kind, tenant, topic: null, body };
}
