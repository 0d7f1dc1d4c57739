/**
 * Derives again that each review had a cause, and was signed off once, by somebody in whose matter it was not and who had not voted on
 * it. A review that is missing at the end of an export may stand behind it.
 */
import { partiesIn } from '@countersign/contracts/delegation';
import { isTerminal, type JobState } from '@countersign/contracts/states';
import type { Body, DerivedFault } from './derived-fault.ts';

type Seen = {
  /** By whom it may not be signed off. */
  apart: Set<unknown>;
  asked: boolean;
  ran: boolean;
  ended: boolean;
  opened: Set<unknown>;
  signed: Set<unknown>;
};

/** Of all that stands in the chains of jobs. Nothing is kept of one that has ended and needs no review. */
export class Signoffs {
  readonly #jobs = new Map<string, Seen>();

  take(chain: string, kind: string, body: Body): DerivedFault[] {
    const job = this.#jobs.get(chain) ?? newlySeen();
    const faults = kind === 'review_signed' ? signed(job, body) : [];
    if (kind === 'run_review_opened') {
      if (!job.asked || !job.ran || !job.ended) faults.push('review_without_cause');
      if (job.opened.has(body.review_id)) faults.push('review_opened_twice');
      job.opened.add(body.review_id);
    }
    read(job, kind, body);
    if (job.ended && job.opened.size === 0 && !(job.asked && job.ran)) this.#jobs.delete(chain);
    else this.#jobs.set(chain, job);
    return faults;
  }
}

function newlySeen(): Seen {
  return { apart: new Set(), asked: false, ran: false, ended: false, opened: new Set(), signed: new Set() };
}

function read(job: Seen, kind: string, body: Body): void {
  if (kind === 'approval_voted') for (const id of [body.voter, body.delegated_by]) job.apart.add(id);
  if (kind === 'approval_by_grant') for (const id of namesIn(body.approvers)) job.apart.add(id);
  if (kind === 'approval_granted' && body.break_glass === true) job.opened.add(body.approval_id);
  if (kind === 'job_dispatched' && asksForReview(body.decision)) job.asked = true;
  if (kind === 'job_running') job.ran = true;
  if (typeof body.state === 'string' && isTerminal(body.state as JobState)) job.ended = true;
}

function signed(job: Seen, { review_id, reviewer, actor, owner, on_behalf_of }: Body): DerivedFault[] {
  if (!job.opened.has(review_id)) return ['review_without_cause'];
  if (job.signed.has(review_id)) return ['review_signed_twice'];
  job.signed.add(review_id);
  const parties = [actor, owner, ...partiesIn(typeof on_behalf_of === 'string' ? on_behalf_of : null)];
  return job.apart.has(reviewer) || parties.includes(reviewer) ? ['reviewed_by_the_wrong_person'] : [];
}

function asksForReview(decision: unknown): boolean {
  const { obligations } = (decision ?? {}) as { obligations?: { review?: unknown } };
  return obligations?.review === 'required';
}

function namesIn(approvers: unknown): unknown[] {
  const votes = Array.isArray(approvers) ? (approvers as Body[]) : [];
  return votes.flatMap(({ approver, delegated_by }) => [approver, delegated_by]);
}
