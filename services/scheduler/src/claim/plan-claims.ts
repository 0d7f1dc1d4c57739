/**
 * Plans the claims of one batch under a known state of `control`: granted, lost, refused, stopped, under another policy, or
 * one too many. The same claim id gets the same answer, any other one loses. Pure but for the refusals that it counts in the
 * attempts given.
 */
import type { ControlState } from '@countersign/contracts/control';
import { stopFor, workerSubject } from '@countersign/contracts/control';
import type { CountersignError } from '@countersign/contracts/errors';
import { jobEntry } from '@countersign/contracts/job-entry';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { ClaimAnswer, ClaimRequest, ClaimVerdict, RefusalCode } from '@countersign/contracts/worker';
import { maySignTogether } from '../dispatch/sign-warrant.ts';
import type { Move } from '../move-jobs.ts';
import { isRevoked, type LockedAttempt, type Running, type StartedAttempt } from '../store-attempts.ts';

export type Claim = ClaimRequest & { pool: string; worker: string };
export type Outcome = ClaimAnswer | CountersignError;

/** What is to be written. */
type ClaimPlan = {
  moves: Move[];
  entries: NewEntry[];
  started: StartedAttempt[];
  voided: string[];
  refused: LockedAttempt[];
};

/** `running`: attempts that run, by worker; `attempts`: by dispatch id, as locked; `revoked`: approvals whose grant was revoked. */
type Claimed = {
  control: ControlState;
  running: readonly Running[];
  attempts: ReadonlyMap<string, LockedAttempt>;
  revoked: ReadonlySet<string>;
};

export function planClaims(
  claims: readonly Claim[],
  { control, running, attempts, revoked }: Claimed,
): { plan: ClaimPlan; answers: ClaimAnswer[] } {
  const plan: ClaimPlan = { moves: [], entries: [], started: [], voided: [], refused: [] };
  const answers = claims.map((claim) => {
    const attempt = attempts.get(claim.dispatch_id);
    const full = attempt !== undefined && isFull(attempt, claim, [...running, ...plan.started.map(once)]);
    const { dispatch_id, claim_id } = claim;
    const ended = attempt?.approval_id != null && revoked.has(attempt.approval_id);
    return { dispatch_id, claim_id, ...judge(plan, control, claim, attempt, { full, ended }) };
  });
  return { plan, answers };
}

/** No slot is free in the pool, or this worker runs as many as one of its workers may. */
function isFull({ pool_concurrency, worker_concurrency }: LockedAttempt, claim: Claim, running: Running[]): boolean {
  const inPool = running.filter(({ pool }) => pool === claim.pool);
  const own = inPool.filter(({ worker }) => worker === claim.worker);
  return sum(inPool) >= pool_concurrency || (worker_concurrency !== null && sum(own) >= worker_concurrency);
}

function once({ pool, worker }: StartedAttempt): Running {
  return { pool, worker, used: 1 };
}

function sum(running: readonly Running[]): number {
  return running.reduce((all, { used }) => all + used, 0);
}

/** How a worker refuses a warrant of a kind that it does not know. */
const UNREAD: RefusalCode = 'warrant_header';

function judge(
  plan: ClaimPlan,
  state: ControlState,
  claim: Claim,
  attempt: LockedAttempt | undefined,
  /** Its pool or worker is full; the grant that covered it was revoked. */
  { full, ended }: { full: boolean; ended: boolean },
): ClaimVerdict {
  if (!attempt || attempt.pool !== claim.pool) return lost('attempt_stale');
  // Before all else: not even what it was granted once is granted again. The attempt stays for another worker.
  if (state.revoked.includes(workerSubject(claim))) return lost('revoked');
  if (attempt.attempt_state === 'running' && attempt.claim_id === claim.claim_id) return grant(attempt);
  if (attempt.attempt_state !== 'dispatched' || attempt.job_state !== 'dispatched') {
    return lost(attempt.claim_id === null ? 'attempt_stale' : 'claim_lost');
  }
  const taken = plan.started.some((started) => started.dispatch_id === attempt.dispatch_id);
  if (taken || plan.voided.includes(attempt.dispatch_id)) return lost('claim_lost');
  if (claim.refused) return refuse(plan, attempt, claim);
  const changed = ended ? 'the grant was revoked' : changeSince(attempt, state);
  if (changed !== null) {
    voidAttempt(plan, attempt, 'cleared', 'job_cleared', `${changed} before the claim`);
    return lost('epoch_stale');
  }
  const stop = stopFor(state, { ...attempt, agent: attempt.actor });
  if (stop) {
    voidAttempt(plan, attempt, 'cleared', 'job_cleared', `stopped by switch ${stop.switch_id}`);
    return lost('stopped');
  }
  if (full) return { outcome: 'wait', retry_ms: LIMITS.sweep_ms };
  plan.started.push({
    dispatch_id: attempt.dispatch_id,
    pool: claim.pool,
    worker: claim.worker,
    claim_id: claim.claim_id,
  });
  const { tenant, job_id, dispatch_id } = attempt;
  plan.moves.push({ tenant, job_id, from: 'dispatched', to: 'running', runs: 1 });
  plan.entries.push(
    jobEntry('job_running', attempt, {
      state: 'running',
      dispatch_id,
      attempt: attempt.attempt,
      pool: attempt.pool,
      worker: claim.worker,
      claim_id: claim.claim_id,
    }),
  );
  return grant(attempt);
}

/** What has changed since it was dispatched, of what it was dispatched under. */
function changeSince(attempt: LockedAttempt, state: ControlState): string | null {
  if (state.policies[attempt.tenant]?.epoch !== attempt.policy_epoch) return 'policy changed';
  if (isRevoked(attempt, state)) return 'identity revoked';
  return attempt.ceiling_changed ? "the agent's ceiling changed" : null;
}

function lost(code: string): ClaimVerdict {
  return { outcome: 'lost', code };
}

function grant(attempt: LockedAttempt): ClaimVerdict {
  return {
    outcome: 'granted',
    tenant: attempt.tenant,
    job_id: attempt.job_id,
    attempt: attempt.attempt,
    lease_ms: LIMITS.lease_ms,
    timeout_ms: attempt.timeout_ms,
    max_output_bytes: attempt.max_output_bytes,
  };
}

/**
 * One worker that trusts the wrong key or has a wrong clock must not fail what the worker beside it would run. So the
 * same warrant is offered again: nothing ran, and no attempt and no approval is spent. Refused too often, the job fails.
 * One that may have been signed together is taken back where its worker does not know such: no other may be there, and the next
 * attempt's warrant is signed by itself, which every worker reads.
 */
function refuse(plan: ClaimPlan, attempt: LockedAttempt, { refused, worker, claim_id }: Claim): ClaimVerdict {
  if (attempt.refused_claim_id === claim_id) return offerAgain(attempt);
  attempt.refusals += 1;
  attempt.refused_claim_id = claim_id;
  const { refusals } = attempt;
  const { code } = refused!;
  const reason = `warrant refused: ${code}`;
  const details = { worker, code, refusals };
  if (code === UNREAD && refusals < LIMITS.warrant_offers && maySignTogether(attempt)) {
    voidAttempt(plan, attempt, 'cleared', 'attempt_refused', reason, details);
    plan.entries.push(jobEntry('job_cleared', attempt, { state: 'cleared', ...attemptOf(attempt), reason }));
    return lost('warrant_invalid');
  }
  if (refusals < LIMITS.warrant_offers) {
    plan.refused.push(attempt);
    plan.entries.push(
      jobEntry('attempt_refused', attempt, { ...attemptOf(attempt), reason, state: 'dispatched', ...details }),
    );
    return offerAgain(attempt);
  }
  voidAttempt(plan, attempt, 'failed', 'attempt_refused', reason, details);
  plan.entries.push(jobEntry('job_failed', attempt, { state: 'failed', attempt: attempt.attempt, reason, refusals }));
  return lost('warrant_invalid');
}

function offerAgain({ refusals }: LockedAttempt): ClaimVerdict {
  return {
    outcome: 'wait',
    retry_ms: LIMITS.redeliver_ms * 2 ** (refusals - 1),
  };
}

function attemptOf({ dispatch_id, attempt, pool }: LockedAttempt) {
  return { dispatch_id, attempt, pool };
}

function voidAttempt(
  plan: ClaimPlan,
  attempt: LockedAttempt,
  to: 'cleared' | 'cancelled' | 'failed',
  kind: string,
  reason: string,
  details = {},
): void {
  const { tenant, job_id, dispatch_id } = attempt;
  plan.voided.push(dispatch_id);
  plan.moves.push({ tenant, job_id, from: 'dispatched', to, reason });
  plan.entries.push(jobEntry(kind, attempt, { ...attemptOf(attempt), reason, state: to, ...details }));
}
