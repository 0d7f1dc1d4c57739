/**
 * Admits decided jobs, many to a commit: job, content and ledger entry in one transaction, or nothing. Only after that
 * commit does a caller hear anything. A denial is recorded just as durably; the same request gets the same answer.
 */

import type { AdmitItem, Admitted } from '@countersign/contracts/admission';
import type { ControlState } from '@countersign/contracts/control';
import { keySubject, stopFor } from '@countersign/contracts/control';
import type { Decision } from '@countersign/contracts/decision';
import { finalDecision } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { jobEntry } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { JobState } from '@countersign/contracts/states';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { append } from '@countersign/platform/ledger-append';
import { choosePool } from '../choose-pool.ts';
import { approvalTerms } from '../hold/approval-terms.ts';
import { wakeHeld } from '../hold/wake-approval.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { PoolList } from '../store-pools.ts';
import { EVERY_TENANT, readPools } from '../store-pools.ts';
import type { ExistingJob, NewJob } from './store-admissions.ts';
import { findExisting, insertContexts, insertJobs } from './store-admissions.ts';

type Outcome = Admitted | CountersignError;
type Planned = { item: AdmitItem; state: JobState; decisions: Decision[]; pool: string | null };

const keyOf = (job: { tenant: string; job_id: string }): string => `${job.tenant}/${job.job_id}`;

const STATE_OF: Readonly<Record<Decision['decision'], JobState>> = {
  allow: 'cleared',
  allow_with_constraints: 'cleared',
  require_approval: 'held',
  deny: 'denied',
  /** A rewrite is always decided again; an answer that ends with one lets nothing through. */
  remediate: 'denied',
};

/** A stop at the door is a denial of its own, beside what the policy said. */
const stopped = (decision: Decision, switch_id: string): Decision => ({
  ...decision,
  decision_id: uuidv7(),
  decision: 'deny',
  rule_id: null,
  reason: `stopped by switch ${switch_id}`,
  effective_digest: null,
});

/** Who asks, and the key that it came with: a key that was revoked on the way admits nothing. */
const subjectsOf = ({ actor, key_id }: AdmitItem): string[] =>
  key_id === null ? [actor.id] : [actor.id, keySubject(key_id)];

const planOne = (
  item: AdmitItem,
  state: ControlState,
  pools: ReadonlyMap<string, PoolList>,
): Planned | CountersignError => {
  const { tenant } = item.request;
  const active = state.policies[tenant];
  if (!active) return new CountersignError('policy_missing');
  const final = finalDecision(item.answer);
  if (final.policy_epoch !== active.epoch) return new CountersignError('epoch_stale');
  if (subjectsOf(item).some((subject) => state.revoked.includes(subject))) return new CountersignError('revoked');
  const seen = item.answer.effective ?? item.answer.rewritten ?? item.request;
  const capability = item.answer.effective?.capability ?? item.request.meta.capability ?? null;
  const need = {
    tenant,
    capability,
    requires: item.answer.effective?.requires ?? item.request.meta.requires,
    environment: seen.labels.env ?? null,
    worker_constraints: final.constraints.worker ?? [],
  };
  const pool = choosePool(pools.get(active.scope), need, null)?.id ?? null;
  const stop = stopFor(state, { tenant, topic: seen.topic, capability, pool, agent: item.actor.id });
  if (stop)
    return { item, state: 'denied', decisions: [...item.answer.decisions, stopped(final, stop.switch_id)], pool };
  return { item, state: STATE_OF[final.decision], decisions: item.answer.decisions, pool };
};

const toRow = ({ item, state, decisions, pool }: Planned): NewJob => {
  const { request, actor, answer } = item;
  const final = decisions[decisions.length - 1]!;
  const effective = state === 'denied' ? null : answer.effective;
  return {
    tenant: request.tenant,
    job_id: request.job_id,
    topic: effective?.topic ?? request.topic,
    capability: effective?.capability ?? request.meta.capability ?? null,
    labels: canonicalize(effective?.labels ?? request.labels),
    actor: actor.id,
    auth_method: actor.auth_method,
    owner: actor.owner,
    on_behalf_of: request.on_behalf_of ?? null,
    state,
    reason: state === 'cleared' ? null : final.reason,
    decision: final.decision,
    rule_id: final.rule_id,
    policy_version: final.policy_version,
    policy_snapshot: final.policy_snapshot,
    policy_epoch: final.policy_epoch,
    job_hash: item.job_hash,
    effective_digest: effective ? final.effective_digest : null,
    approval_terms: state === 'held' ? approvalTerms(final) : null,
    held_seq: state === 'held' ? 1 : 0,
    pool,
    priority: request.priority ?? 5,
    deadline_ms: request.deadline_ms ?? LIMITS.deadline_ms,
    idempotency_key: item.idempotency_key,
    traceparent: item.traceparent,
  };
};

const toContext = ({ item, state, decisions }: Planned) => {
  const kept = state === 'denied' ? null : item.answer;
  return {
    tenant: item.request.tenant,
    job_id: item.request.job_id,
    request: kept ? canonicalize(item.request) : null,
    rewritten: kept?.rewritten ? canonicalize(kept.rewritten) : null,
    effective: kept?.effective ? canonicalize(kept.effective) : null,
    actor: canonicalize(item.actor),
    salt: item.salt,
    plain_digest: item.plain_digest,
    decisions: canonicalize(decisions),
  };
};

const toEntry = ({ item, state, decisions, pool }: Planned, row: NewJob) =>
  jobEntry(state === 'denied' ? 'job_denied' : 'job_admitted', row, {
    state,
    decisions,
    key_id: item.key_id,
    reason: row.reason,
    effective_digest: row.effective_digest,
    on_behalf_of: row.on_behalf_of,
    held_seq: row.held_seq,
    pool,
    priority: row.priority,
    deadline_ms: row.deadline_ms,
    compensation_topic: item.request.compensation?.topic ?? null,
  });

/** The first answer again, or a conflict when anything about the request is another. */
const replay = (item: AdmitItem, existing: ExistingJob | undefined): Outcome => {
  if (!existing) return new CountersignError('database_unavailable', 'the job was there a moment ago');
  const same = existing.plain_digest === item.plain_digest && existing.actor === item.actor.id;
  if (!same) return new CountersignError('idempotency_conflict', undefined, { at: '/job_id' });
  return {
    job_id: existing.job_id,
    tenant: existing.tenant,
    state: STATE_OF[existing.decisions[existing.decisions.length - 1]!.decision],
    decisions: existing.decisions,
    replayed: true,
  };
};

/**
 * Two of the same name in one batch: the first may be admitted, the other is its replay. Told apart before anything is
 * written: an insert that met both might keep the row of one, beside the content and the evidence of the other.
 */
const firstOfEachName = (planned: readonly Planned[]): Planned[] =>
  [...Map.groupBy(planned, (plan) => keyOf(plan.item.request)).values()].map(([first]) => first!);

const commitPlanned = async (tx: Tx, planned: readonly Planned[]): Promise<Set<string>> => {
  const firsts = firstOfEachName(planned).map((plan) => ({ plan, row: toRow(plan) }));
  const rows = firsts.map(({ row }) => row);
  const inserted = new Set((await insertJobs(tx, rows)).map(keyOf));
  const fresh = firsts.filter(({ row }) => inserted.has(keyOf(row)));
  const contexts = fresh.map(({ plan }) => toContext(plan));
  const entries = fresh.map(({ plan, row }) => toEntry(plan, row));
  await Promise.all([insertContexts(tx, contexts), append(tx, entries)]);
  return new Set(fresh.map(({ plan }) => plan.item.salt));
};

const admitBatch = async (
  context: SchedulerContext,
  tx: Tx,
  items: readonly AdmitItem[],
): Promise<{ outcomes: Outcome[]; fresh: Planned[] }> => {
  const tenants = items.map((item) => item.request.tenant);
  const [state, pools] = await Promise.all([
    gate(tx, tenants, items.flatMap(subjectsOf)),
    readPools(tx, [...tenants, EVERY_TENANT]),
  ]);
  for (const [tenant, active] of Object.entries(state.policies)) context.known.epochs.set(tenant, active.epoch);
  const plans = items.map((item) => planOne(item, state, pools));
  const planned = plans.filter((plan): plan is Planned => !(plan instanceof CountersignError));
  const fresh = await commitPlanned(tx, planned);
  const replays = planned.filter((plan) => !fresh.has(plan.item.salt)).map((plan) => plan.item);
  const existing = await findExisting(tx, replays);
  const outcomes = plans.map((plan): Outcome => {
    if (plan instanceof CountersignError) return plan;
    if (!fresh.has(plan.item.salt)) return replay(plan.item, existing(plan.item));
    const { tenant, job_id } = plan.item.request;
    return { job_id, tenant, state: plan.state, decisions: plan.decisions, replayed: false };
  });
  return { outcomes, fresh: planned.filter((plan) => fresh.has(plan.item.salt)) };
};

const heldKey = ({ item }: Planned) => ({
  tenant: item.request.tenant,
  job_id: item.request.job_id,
  topic: item.answer.effective?.topic ?? item.request.topic,
  traceparent: item.traceparent,
});

export const admitJobs = async (context: SchedulerContext, items: AdmitItem[]): Promise<Outcome[]> => {
  const { outcomes, fresh } = await context.database.transaction((tx) => admitBatch(context, tx, items));
  for (const { state } of fresh) {
    context.metrics.count('jobs_admitted_total', { state });
    if (state === 'denied') context.metrics.count('jobs_ended_total', { state });
  }
  wakeHeld(context, fresh.filter((plan) => plan.state === 'held').map(heldKey));
  if (fresh.some((plan) => plan.state === 'cleared')) context.nudgeDispatch();
  return outcomes;
};
