/**
 * Derives again, from evidence alone, that what happened followed from what was decided: two allows under the policy in
 * force then, no stop and nobody revoked, approvals of exactly what ran, one claim for a dispatch, its worker's result, screening
 * before release, and nothing erased that was to be kept.
 */
import { isTerminal, JOB_STATES, type JobState } from '@countersign/contracts/states';
import type { Body, DerivedFault } from './derived-fault.ts';
import { type Approval, approvalFault, readApproval, readGiven } from './rederive-approval.ts';
import { type AskedFor, askedFor, ControlInForce, textOf } from './rederive-control.ts';
import { type EndedJob, Erasure } from './rederive-erasure.ts';
import { type Grants, revokeGrant } from './rederive-grant.ts';
import { keepOffer, type Offers, offerFaults } from './rederive-offer.ts';
import { Persons } from './rederive-persons.ts';
import { type HeldOutput, newHeldOutput, reviewFaults } from './rederive-review.ts';
import { Signoffs } from './rederive-signoff.ts';

/** Of an entry what the derivation needs beside its body. */
export type DerivedFrom = {
  readonly chain: string;
  readonly kind: string;
  readonly tenant: string | null;
  readonly time_us: number;
};

type ActivatedScopes = { version: number; snapshot: unknown; epoch: unknown };
type Attempt = {
  dispatch_id: unknown;
  pool: unknown;
  claim: { worker: unknown } | null;
  screened: { decision: unknown; digest: unknown; artifacts: unknown } | null;
};
type Job = {
  job_hash: unknown;
  asked: AskedFor;
  from_us: number;
  allowed: boolean;
  effective_digest: unknown;
  attempts: number;
  attempt: Attempt | null;
  approvals: Map<unknown, Approval>;
};

const ALLOWS: readonly unknown[] = ['allow', 'allow_with_constraints', 'require_approval'];
const EVERYBODY = '*';

export class Rederivation {
  readonly #policies = new Map<string, ActivatedScopes>();
  readonly #jobs = new Map<string, Job>();
  readonly #ended = new Map<string, EndedJob>();
  readonly #held = new Map<string, HeldOutput>();
  readonly #grants: Grants = new Map();
  readonly #offers: Offers = new Map();
  readonly #control = new ControlInForce();
  readonly #erasure = new Erasure(this.#ended);
  readonly #signoffs = new Signoffs();
  readonly #persons = new Persons();

  /** Entries come in the order of leaves: each saw what came before it. */
  take(entry: DerivedFrom, body: Body): DerivedFault[] {
    if (entry.kind === 'policy_activated') return this.#activate(body);
    this.#control.take(entry.kind, body);
    this.#persons.take(entry.kind, body);
    if (entry.chain.startsWith('job:'))
      return [...this.#signoffs.take(entry.chain, entry.kind, body), ...this.#step(entry, body)];
    return entry.chain.startsWith('content:') ? this.#erasure.take(entry.kind, body, entry.time_us) : [];
  }

  #activate(body: Body): DerivedFault[] {
    const scope = String(body.scope);
    const before = this.#policies.get(scope);
    const version = Number(body.policy_version);
    this.#policies.set(scope, { version, snapshot: body.policy_snapshot, epoch: body.policy_epoch });
    return before !== undefined && before.version >= version ? ['policy_not_newer'] : [];
  }

  #step(entry: DerivedFrom, body: Body): DerivedFault[] {
    const { chain, kind } = entry;
    const state = stateOf(body);
    // After the end of the job that people voted on, its grant may still be used.
    if (kind === 'approval_grant_revoked') return revokeGrant(this.#grants, body);
    if (kind.startsWith('quarantine_')) return this.#reviewed(entry, body);
    if (kind === 'review_signed') return this.#control.faults(kind, body, askedFor(body));
    if (this.#ended.has(chain)) return state === null ? [] : ['state_after_the_end'];
    const job = this.#jobs.get(chain) ?? newJob(entry, body);
    this.#jobs.set(chain, job);
    const faults = this.#control.faults(kind, body, job.asked);
    if (kind.startsWith('approval_')) readApproval(job.approvals, kind, body, this.#persons);
    faults.push(...this.#decided(entry, job, body), ...stepFaults(entry, job, body));
    if (kind === 'approval_refused') keepOffer(this.#offers, body);
    if (body.follows !== undefined) faults.push(...offerFaults(this.#offers, body));
    if (kind === 'approval_granted')
      faults.push(...readGiven(this.#grants, job.approvals.get(body.approval_id), body, entry.time_us));
    if (kind === 'job_dispatched') faults.push(...this.#dispatched(entry, job, body));
    if (state !== null && isTerminal(state)) {
      this.#jobs.delete(chain);
      if (state === 'quarantined') {
        const asked = { ...job.asked, pool: textOf(body.pool) ?? job.asked.pool };
        this.#held.set(chain, newHeldOutput(body.output_digest, job.attempt?.screened?.artifacts, asked));
      }
      this.#ended.set(chain, { asked: job.asked, from_us: job.from_us, to_us: entry.time_us });
    }
    return faults;
  }

  #reviewed({ chain, kind, tenant }: DerivedFrom, body: Body): DerivedFault[] {
    const held = this.#held.get(chain);
    const faults = reviewFaults(held, kind, body);
    if (kind === 'quarantine_discarded' && this.#erasure.isHeld(tenant, chain)) faults.push('erased_under_hold');
    return held === undefined ? faults : [...faults, ...this.#control.faults(kind, body, held.asked)];
  }

  /** Whatever decisions an entry carries are about this job; of those at the submit gate the last one stands. */
  #decided(entry: DerivedFrom, job: Job, body: Body): DerivedFault[] {
    const faults: DerivedFault[] = [];
    // A dispatch carries the decision of its own gate, which is judged there.
    const own = entry.kind === 'job_dispatched' ? [] : [body.decision];
    const recorded = [...(Array.isArray(body.decisions) ? body.decisions : []), ...own];
    const decisions = recorded.map((each) => decisionIn(each, body)).filter((each) => each !== null);
    for (const decision of decisions) {
      if (decision.job_hash !== job.job_hash) faults.push('decision_about_another_job');
    }
    const stands = decisions.at(-1);
    if (stands === undefined) return faults;
    if (!this.#isInForce(entry, stands)) faults.push('policy_not_in_force');
    job.allowed = ALLOWS.includes(stands.decision);
    job.effective_digest = stands.effective_digest;
    if (!job.allowed && entry.kind === 'job_admitted') faults.push('submit_not_allowed');
    return faults;
  }

  #dispatched(entry: DerivedFrom, job: Job, body: Body): DerivedFault[] {
    const decision = decisionIn(body.decision, body);
    const faults: DerivedFault[] = [];
    if (!job.allowed) faults.push('submit_not_allowed');
    if (decision?.gate !== 'dispatch' || !ALLOWS.includes(decision.decision))
      return [...faults, 'dispatch_not_allowed'];
    if (decision.job_hash !== job.job_hash || body.job_hash !== job.job_hash) faults.push('decision_about_another_job');
    if (!this.#isInForce(entry, decision)) faults.push('policy_not_in_force');
    if (decision.effective_digest !== body.effective_digest || job.effective_digest !== body.effective_digest)
      faults.push('effective_digest_changed');
    job.attempts += 1;
    if (body.attempt !== job.attempts || job.attempt?.dispatch_id === body.dispatch_id)
      faults.push('attempt_out_of_order');
    if (decision.decision === 'require_approval') faults.push(...approved(entry, job, body, decision, this.#grants));
    job.attempt = { dispatch_id: body.dispatch_id, pool: body.pool, claim: null, screened: null };
    return faults;
  }

  /** The tenant's own policy, else the one for everybody; none before any was activated. */
  #isInForce({ tenant }: DerivedFrom, decision: Body): boolean {
    const policy = this.#policies.get(tenant ?? EVERYBODY) ?? this.#policies.get(EVERYBODY);
    return (
      policy !== undefined && decision.policy_snapshot === policy.snapshot && decision.policy_epoch === policy.epoch
    );
  }
}

function approved(entry: DerivedFrom, job: Job, body: Body, decision: Body, grants: Grants): DerivedFault[] {
  const approval = job.approvals.get(body.approval_id);
  if (approval === undefined) return ['approval_missing'];
  const fault = approvalFault(approval, { body, decision, time_us: entry.time_us }, grants);
  return fault === null ? [] : [fault];
}

/** What the other stages recorded of the job. */
function stepFaults({ kind }: DerivedFrom, job: Job, body: Body): DerivedFault[] {
  switch (kind) {
    case 'job_running':
      return claimed(job, body);
    case 'output_screened':
      return screened(job, body);
    case 'job_succeeded':
    case 'job_quarantined':
      return released(kind, job, body);
    default:
      return body.released === true ? released(kind, job, body) : [];
  }
}

function claimed({ attempt }: Job, { dispatch_id, pool, worker }: Body): DerivedFault[] {
  if (attempt === null || attempt.dispatch_id !== dispatch_id || attempt.pool !== pool)
    return ['claim_without_dispatch'];
  if (attempt.claim !== null) return ['claimed_twice'];
  attempt.claim = { worker };
  return [];
}

function screened({ attempt }: Job, body: Body): DerivedFault[] {
  const { dispatch_id, worker, output_decision, output_digest, artifacts } = body;
  if (
    attempt === null ||
    attempt.dispatch_id !== dispatch_id ||
    attempt.claim?.worker !== worker ||
    worker === undefined
  )
    return ['result_without_claim'];
  attempt.screened = { decision: output_decision, digest: output_digest, artifacts };
  return [];
}

function released(kind: string, { attempt }: Job, { dispatch_id, output_digest }: Body): DerivedFault[] {
  const seen = attempt?.dispatch_id === dispatch_id ? attempt?.screened : null;
  const isHeld = seen?.decision === 'quarantine';
  const fits = seen !== null && seen !== undefined && seen.digest === output_digest;
  return fits && isHeld === (kind === 'job_quarantined') ? [] : ['released_without_screening'];
}

function newJob({ time_us }: DerivedFrom, body: Body): Job {
  return {
    from_us: time_us,
    job_hash: body.job_hash,
    asked: askedFor(body),
    allowed: false,
    effective_digest: undefined,
    attempts: 0,
    attempt: null,
    approvals: new Map(),
  };
}

function stateOf({ state }: Body): JobState | null {
  return (JOB_STATES as readonly unknown[]).includes(state) ? (state as JobState) : null;
}

/** An entry does not repeat in a decision what it says itself (contracts/recorded-decision.ts). */
function decisionIn(recorded: unknown, { job_hash, effective_digest }: Body): Body | null {
  if (typeof recorded !== 'object' || recorded === null || Array.isArray(recorded)) return null;
  return { job_hash, effective_digest, ...recorded };
}
