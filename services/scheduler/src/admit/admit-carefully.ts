/**
 * Admits what the one statement does not: under another revision than the one that was planned under, under a name or a
 * key that is taken, or with an error for an answer. One transaction that reads `control` before it judges.
 */

import type { AdmitItem, Admitted } from '@countersign/contracts/admission';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { followOrigins } from '../follow/follow-origins.ts';
import { countJobs } from '../limits/count-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { EVERY_TENANT, readPools } from '../store-pools.ts';
import {
  firstOfEachName,
  isCounted,
  keyOf,
  type Planned,
  planAdmission,
  stateAfter,
  subjectsOf,
  toContext,
  toEntry,
  toRow,
} from './plan-admissions.ts';
import type { ExistingJob } from './store-admissions.ts';
import { findExisting, insertContexts, insertJobs } from './store-admissions.ts';

type Outcome = Admitted | CountersignError;

/** A job that was counted is there already: nothing of this transaction may stay. Each alone, it is a replay. */
export class NameTaken extends Error {}

export async function admitCarefully(
  context: SchedulerContext,
  tx: Tx,
  items: readonly AdmitItem[],
): Promise<{ outcomes: Outcome[]; fresh: Planned[] }> {
  const tenants = items.map((item) => item.request.tenant);
  const [state, pools] = await Promise.all([
    gate(tx, tenants, items.flatMap(subjectsOf)),
    readPools(tx, [...tenants, EVERY_TENANT]),
  ]);
  for (const [tenant, active] of Object.entries(state.policies)) context.known.epochs.set(tenant, active.epoch);
  const plans = items.map((item) => planAdmission(item, state, pools));
  const sound = plans.filter((plan): plan is Planned => !(plan instanceof CountersignError));
  const planned = await countPlanned(tx, sound);
  const fresh = await commitPlanned(tx, planned);
  const replays = planned.filter((plan) => !fresh.has(plan.item.salt)).map((plan) => plan.item);
  const existing = await findExisting(tx, replays);
  const outcomes = plans.map((first): Outcome => {
    if (first instanceof CountersignError) return first;
    const plan = planned[sound.indexOf(first)]!;
    if (!fresh.has(plan.item.salt)) return replay(plan.item, existing(plan.item));
    const { tenant, job_id } = plan.item.request;
    return { job_id, tenant, state: plan.state, decisions: plan.decisions, replayed: false };
  });
  return { outcomes, fresh: planned.filter((plan) => fresh.has(plan.item.salt)) };
}

/** Counted before they are stored, in the same transaction; what stands already is not counted again. */
async function countPlanned(tx: Tx, planned: readonly Planned[]): Promise<Planned[]> {
  const countable = firstOfEachName(planned).filter(isCounted);
  if (countable.length === 0) return [...planned];
  const existing = await findExisting(
    tx,
    countable.map(({ item }) => item),
  );
  const fresh = countable.filter(({ item }) => existing(item) === undefined);
  const counted = await countJobs(tx, fresh.map(countableOf));
  return planned.map((plan) => {
    const place = fresh.indexOf(plan);
    if (place === -1) return plan;
    const count = counted[place] ?? null;
    const changed = count === null ? {} : { state: count.state, decisions: [...plan.decisions, count.decision] };
    return { ...plan, ...changed, counted: true };
  });
}

function countableOf({ item: { request }, decisions, scope }: Planned) {
  const { tenant, job_id, deadline_ms = LIMITS.deadline_ms } = request;
  return { tenant, job_id, deadline_ms, scope, decision: decisions[decisions.length - 1]! };
}

async function commitPlanned(tx: Tx, planned: readonly Planned[]): Promise<Set<string>> {
  const firsts = firstOfEachName(planned).map((plan) => ({ plan, row: toRow(plan) }));
  const rows = firsts.map(({ row }) => row);
  const inserted = new Set((await insertJobs(tx, rows)).map(keyOf));
  const fresh = firsts.filter(({ row }) => inserted.has(keyOf(row)));
  if (firsts.some(({ plan, row }) => plan.counted && !inserted.has(keyOf(row)))) throw new NameTaken();
  const contexts = fresh.map(({ plan }) => toContext(plan));
  const entries = fresh.map(({ plan, row }) => toEntry(plan, row));
  await Promise.all([insertContexts(tx, contexts), append(tx, entries)]);
  await followOrigins(
    tx,
    fresh.map(({ plan }) => plan),
  );
  return new Set(fresh.map(({ plan }) => plan.item.salt));
}

/** The first answer again, or a conflict when anything about the request is another. */
function replay(item: AdmitItem, existing: ExistingJob | undefined): Outcome {
  if (!existing) return new CountersignError('database_unavailable', 'the job was there a moment ago');
  if (existing.plain_digest === null)
    return new CountersignError(
      'content_erased',
      'the first request of this name was erased: whether this one is the same cannot be told',
    );
  const same = existing.plain_digest === item.plain_digest && existing.actor === item.actor.id;
  if (!same) return new CountersignError('idempotency_conflict', undefined, { at: '/job_id' });
  return {
    job_id: existing.job_id,
    tenant: existing.tenant,
    state: stateAfter(existing.decisions[existing.decisions.length - 1]!),
    decisions: existing.decisions,
    replayed: true,
  };
}
