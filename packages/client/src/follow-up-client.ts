/** What follows a job, as functions over the HTTP API. Each new job is submitted like any other: a denial is an outcome. */
import type { DeadLetterDetail, DeadLetterPage, TakeOffer } from '@countersign/contracts/follow-ups';
import type { DeadLetterQuery } from '@countersign/contracts/http';
import { type ClientOptions, type Outgoing, sendForJson } from './send-request.ts';
import { type Submitted, submitJob } from './submit-job.ts';

export type FollowUpClient = {
  /**
   * Takes an offer of a denial; `offer_id` may be left out where there is one. Of a job denied at submit nothing was kept: `request`
   * is what was sent then. Throws ApiError `state_conflict` when it was taken.
   */
  remediate(job_id: string, taken?: TakeOffer): Promise<Submitted>;
  /** Runs the way back that the job names. Throws ApiError `state_conflict` when that was done, or cannot be. */
  compensate(job_id: string): Promise<Submitted>;
  /** Jobs that failed or ran out of time; `all`: also those that were retried or discarded. */
  deadLetters(query?: DeadLetterQuery): Promise<DeadLetterPage>;
  deadLetter(job_id: string): Promise<DeadLetterDetail>;
  /** The same again, as a new job through all gates. */
  retryDeadLetter(job_id: string): Promise<Submitted>;
  discardDeadLetter(job_id: string, reason: string): Promise<DeadLetterDetail>;
};

export function followUpClient(options: ClientOptions): FollowUpClient {
  const at = (kind: 'jobs' | 'dead-letters', job_id: string, part = ''): string =>
    `/${kind}/${encodeURIComponent(job_id)}${part}`;
  const submit = (path: string, body: unknown = {}): Promise<Submitted> =>
    submitJob(options, { method: 'POST', path, body });
  return {
    remediate: (job_id, taken = {}) => submit(at('jobs', job_id, '/remediate'), taken),
    compensate: (job_id) => submit(at('jobs', job_id, '/compensate')),
    deadLetters: (query = {}) =>
      sendForJson(options, { method: 'GET', path: '/dead-letters', query: query as NonNullable<Outgoing['query']> }),
    deadLetter: (job_id) => sendForJson(options, { method: 'GET', path: at('dead-letters', job_id) }),
    retryDeadLetter: (job_id) => submit(at('dead-letters', job_id, '/retry')),
    discardDeadLetter: (job_id, reason) =>
      sendForJson(options, { method: 'POST', path: at('dead-letters', job_id, '/discard'), body: { reason } }),
  };
}
