/** Plans the admission of a decided job, under a known state of `control`. Pure. */

import type { AdmitItem } from '@countersign/contracts/admission';
import type { ControlState } from '@countersign/contracts/control';
import { callerSubjects, stopFor } from '@countersign/contracts/control';
import type { Decision } from '@countersign/contracts/decision';
import { admissionLimits, finalDecision } from '@countersign/contracts/decision';
import { namesIn } from '@countersign/contracts/delegation';
import { CountersignError } from '@countersign/contracts/errors';
import { jobEntry } from '@countersign/contracts/job-entry';
import { runOf } from '@countersign/contracts/job-search';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { JobState } from '@countersign/contracts/states';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { uuidv7 } from '@countersign/platform/ids';
import { choosePool } from '../choose-pool.ts';
import { type NewOffer, offerIn } from '../follow/store-follow-ups.ts';
import { approvalTerms } from '../hold/approval-terms.ts';
import type { PoolList } from '../store-pools.ts';
import type { NewContext, NewJob } from './store-admissions.ts';

/** `scope`: of the policy that is active for its tenant. */
export type Planned = {
  item: AdmitItem;
  state: JobState;
  decisions: Decision[];
  pool: string | null;
  scope: string;
  counted?: true;
};

const STATE_OF: Readonly<Record<Decision['decision'], JobState>> = {
  allow: 'cleared',
  allow_with_constraints: 'cleared',
  require_approval: 'held',
  deny: 'denied',
  /** A rewrite is always decided again; an answer that ends with one lets nothing through. */
  remediate: 'denied',
};

/** What the first answer said; a limit without room may have let it wait. */
export function stateAfter({ decision, limited }: Decision): JobState {
  return limited?.at(0)?.exceeded === 'park' && decision !== 'deny' ? 'parked' : STATE_OF[decision];
}

export function keyOf(job: { tenant: string; job_id: string }): string {
  return `${job.tenant}/${job.job_id}`;
}

/** Whether something has to be counted before it may be admitted: the careful path's. */
export function isCounted({ state, decisions }: Planned): boolean {
  return state !== 'denied' && admissionLimits(decisions[decisions.length - 1]!).length > 0;
}

/** Who asks and on whose behalf, and the key and token that it came with: what was revoked on the way admits nothing. */
export function subjectsOf({ actor: { id }, key_id, token_id, behind = null }: AdmitItem): string[] {
  return [...callerSubjects({ id, key_id, token_id }), ...namesIn(behind)];
}

export function planAdmission(
  item: AdmitItem,
  state: ControlState,
  pools: ReadonlyMap<string, PoolList>,
): Planned | CountersignError {
  const { tenant } = item.request;
  const active = state.policies[tenant];
  if (!active) return new CountersignError('policy_missing');
  const final = finalDecision(item.answer);
  if (final.policy_epoch !== active.epoch) return new CountersignError('epoch_stale');
  if (subjectsOf(item).some((subject) => state.revoked.includes(subject))) return new CountersignError('revoked');
  const seen = seenOf(item);
  const capability = item.answer.effective?.capability ?? item.request.meta.capability ?? null;
  const need = {
    tenant,
    capability,
    requires: item.answer.effective?.requires ?? item.request.meta.requires,
    environment: seen.labels.env ?? null,
    worker_constraints: final.constraints.worker ?? [],
  };
  const { scope } = active;
  const pool = choosePool(pools.get(scope), need, null)?.id ?? null;
  const stop = stopFor(state, {
    tenant,
    topic: seen.topic,
    capability,
    pool,
    agent: item.actor.id,
    run: runOf(seen.labels),
  });
  if (stop)
    return {
      item,
      state: 'denied',
      decisions: [...item.answer.decisions, stopped(final, stop.switch_id)],
      pool,
      scope,
    };
  return { item, state: stateAfter(final), decisions: item.answer.decisions, pool, scope };
}

/** Nothing of it goes through in the one statement, and it shares its transaction with no other. */
export function followsAnother({ request }: Pick<AdmitItem, 'request'>): boolean {
  return request.origin !== undefined;
}

/** What the denial carries for later. */
export function offerOf({ item, state, decisions }: Planned): NewOffer | null {
  if (state !== 'denied') return null;
  const { tenant, job_id } = item.request;
  return offerIn({ tenant, job_id }, finalDecision({ decisions }));
}

export function toRow({ item, state, decisions, pool }: Planned): NewJob {
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
    on_behalf_of: item.behind ?? null,
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
}

export function toContext({ item, state, decisions }: Planned): NewContext {
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
    sealed_until: kept?.reusable?.until ?? null,
    seal: kept?.reusable?.seal ?? null,
  };
}

export function toEntry({ item, state, decisions, pool }: Planned, row: NewJob): NewEntry {
  return jobEntry(state === 'denied' ? 'job_denied' : 'job_admitted', row, {
    state,
    decisions,
    key_id: item.key_id,
    token_id: item.token_id ?? null,
    reason: row.reason,
    effective_digest: row.effective_digest,
    on_behalf_of: row.on_behalf_of,
    // Labels are no content; by this one the KPIs are counted, and a run is stopped by the other.
    ...(seenOf(item).labels.env !== undefined && { environment: seenOf(item).labels.env }),
    ...(runOf(seenOf(item).labels) !== null && { run: runOf(seenOf(item).labels) }),
    held_seq: row.held_seq,
    pool,
    priority: row.priority,
    deadline_ms: row.deadline_ms,
    compensation_topic: item.request.compensation?.topic ?? null,
    ...(item.request.origin && { follows: item.request.origin }),
  });
}

/**
 * Two of the same name in one batch: the first may be admitted, the other is its replay. Told apart before anything is
 * written: an insert that met both might keep the row of one, beside the content and the evidence of the other.
 */
export function firstOfEachName(planned: readonly Planned[]): Planned[] {
  return [...Map.groupBy(planned, (plan) => keyOf(plan.item.request)).values()].map(([first]) => first!);
}

/** A stop at the door is a denial of its own, beside what the policy said. */
function stopped(decision: Decision, switch_id: string): Decision {
  return {
    ...decision,
    decision_id: uuidv7(),
    decision: 'deny',
    rule_id: null,
    reason: `stopped by switch ${switch_id}`,
    effective_digest: null,
  };
}

/** What was decided last: as it will run, as it was rewritten, or as it came. */
function seenOf({ answer, request }: AdmitItem) {
  return answer.effective ?? answer.rewritten ?? request;
}
