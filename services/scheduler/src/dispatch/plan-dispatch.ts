/** Turns verdicts into moves, attempts and evidence. Pure; one entry for every step it plans. */
import type { Decision } from '@countersign/contracts/decision';
import { jobEntry } from '@countersign/contracts/job-entry';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import type { ChosenPool } from '../choose-pool.ts';
import { type NewOffer, offerIn } from '../follow/store-follow-ups.ts';
import { approvalTerms } from '../hold/approval-terms.ts';
import type { Move } from '../move-jobs.ts';
import type { Verdict } from './classify-dispatch.ts';
import type { ClearedJob, DispatchItem } from './dispatch-item.ts';
import type { NewAttempt, SentAttempt } from './new-attempt.ts';
import { newAttempt } from './new-attempt.ts';
import type { Redeemed } from './store-dispatch.ts';

export type DispatchPlan = {
  moves: Move[];
  entries: NewEntry[];
  attempts: SentAttempt[];
  held: ClearedJob[];
  /** Jobs whose effective form is no longer the one stored. */
  renewed: DispatchItem[];
  /** What denials carry. */
  offers: NewOffer[];
};

/** `redeemed`: of an approval that came by a grant, which use of which grant this is. */
export function dispatchedEntry(
  { job, decision, decided_by }: DispatchItem,
  sent: NewAttempt,
  redeemed?: Redeemed,
): NewEntry {
  const { by_grant = null, grant_use } = redeemed ?? {};
  return jobEntry('job_dispatched', job, {
    state: 'dispatched',
    decision,
    decided_by,
    dispatch_id: sent.dispatch_id,
    attempt: sent.attempt,
    pool: sent.pool,
    approval_id: sent.approval_id,
    ...(by_grant !== null && { grant: { grant_id: by_grant, use: grant_use } }),
    payload_digest: sent.payload_digest,
    effective_digest: sent.effective_digest,
  });
}

/** `redeemed`: by `<tenant>/<job_id>`, what `approval.redeem_all` said in this transaction. */
export function planDispatch(
  judged: readonly { item: DispatchItem; verdict: Verdict }[],
  redeemed: ReadonlyMap<string, Redeemed>,
): DispatchPlan {
  const plan: DispatchPlan = { moves: [], entries: [], attempts: [], held: [], renewed: [], offers: [] };
  for (const { item, verdict } of judged) {
    if (verdict.kind === 'deny') end(plan, item, 'denied', verdict.reason);
    if (verdict.kind === 'fail') end(plan, item, 'failed', verdict.reason);
    if (verdict.kind === 'send') send(plan, item, verdict.pool);
    if (verdict.kind === 'needs_approval') sendApproved(plan, item, verdict.pool, redeemed.get(keyOf(item.job)));
  }
  return plan;
}

function end(plan: DispatchPlan, { job, decision }: DispatchItem, to: 'denied' | 'failed', reason: string): void {
  const { tenant, job_id } = job;
  plan.moves.push({ tenant, job_id, from: 'cleared', to, reason, ...ruleOf(decision) });
  plan.entries.push(jobEntry(`job_${to}`, job, { state: to, decision, reason, attempt: job.attempt }));
  const offer = to === 'denied' ? offerIn(job, decision) : null;
  if (offer !== null) plan.offers.push(offer);
}

function ruleOf(decision: Decision): Partial<Move> {
  return {
    decision: decision.decision,
    rule_id: decision.rule_id,
    policy_version: decision.policy_version,
    policy_snapshot: decision.policy_snapshot,
    policy_epoch: decision.policy_epoch,
  };
}

function send(plan: DispatchPlan, item: DispatchItem, pool: ChosenPool, redeemed?: Redeemed): void {
  const { job, decision } = item;
  const approval_id = redeemed === undefined ? null : job.approval_id;
  const sent = newAttempt(item, pool, approval_id);
  const { attempt, effective_digest } = sent.attempt;
  if (effective_digest !== job.effective_digest) plan.renewed.push(item);
  plan.attempts.push(sent);
  const { tenant, job_id } = job;
  plan.moves.push({
    tenant,
    job_id,
    from: 'cleared',
    to: 'dispatched',
    ...ruleOf(decision),
    effective_digest,
    attempt,
    pool: pool.id,
  });
  plan.entries.push(dispatchedEntry(item, sent.attempt, redeemed));
}

/** An approval counts only when this very job has one for these very digests, snapshot and epoch. */
function sendApproved(plan: DispatchPlan, item: DispatchItem, pool: ChosenPool, redeemed: Redeemed | undefined): void {
  if (redeemed?.outcome === 'ok') send(plan, item, pool, redeemed);
  else hold(plan, item, redeemed === undefined ? 'approval required' : `approval not redeemable: ${redeemed.outcome}`);
}

function hold(plan: DispatchPlan, item: DispatchItem, reason: string): void {
  const { job, decision } = item;
  const { tenant, job_id } = job;
  const effective_digest = decision.effective_digest!;
  plan.held.push(job);
  if (effective_digest !== job.effective_digest) plan.renewed.push(item);
  plan.moves.push({
    tenant,
    job_id,
    from: 'cleared',
    to: 'held',
    reason,
    ...ruleOf(decision),
    effective_digest,
    approval_terms: approvalTerms(decision, job.exceeded),
  });
  const details = { state: 'held', decision, reason, held_seq: job.held_seq + 1, former_approval_id: job.approval_id };
  plan.entries.push(jobEntry('job_held', job, details));
}

function keyOf(job: ClearedJob): string {
  return `${job.tenant}/${job.job_id}`;
}
