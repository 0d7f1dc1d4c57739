/** SQL of what follows a job: its offers, the jobs made of it, and the letter that is dead until somebody settles it. */
import type { Decision } from '@countersign/contracts/decision';
import type { FollowUpView, OfferView } from '@countersign/contracts/follow-ups';
import type { Origin } from '@countersign/contracts/job';
import type { JobFacts } from '@countersign/contracts/job-entry';
import type { JobReview } from '@countersign/contracts/review';
import type { JobState } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';
import { sql } from '@countersign/platform/queries';

type JobKey = { tenant: string; job_id: string };
export type NewOffer = JobKey & Pick<OfferView, 'source' | 'offered_by' | 'remediation' | 'reason'>;
/** A job and its content, as what follows it is made of. Null content: none is kept. */
export type EndedJob = JobFacts & {
  state: JobState;
  runs: number;
  on_behalf_of: string | null;
  request: string | null;
  rewritten: string | null;
  actor_json: string;
  salt: string | null;
};

const INSERT_OFFERS = `
INSERT INTO scheduler.offers (tenant, job_id, offer_id, source, remediation, reason, offered_by)
SELECT n.tenant, n.job_id, n.remediation ->> 'id', n.source, n.remediation, n.reason, n.offered_by
  FROM jsonb_to_recordset($1::jsonb)
    AS n(tenant text, job_id text, source text, remediation jsonb, reason text, offered_by text)
    ON CONFLICT DO NOTHING`;

const OFFERS = `
SELECT offer_id, source, remediation, reason, offered_by, offered_at, taken_as
  FROM scheduler.offers WHERE tenant = $1 AND job_id = $2 ORDER BY offered_at, offer_id LIMIT 100`;

/**
 * What follows the row of scheduler.jobs beside which these stand, each as JSON, null where there is none. With the job they are one
 * statement: whoever waits for a result asks for the job each time.
 */
export const FOLLOWING = [
  // An instant is written as outside JSON.
  sql<OfferView[] | null>`(SELECT json_agg(o) FROM (
    SELECT offer_id, source, remediation, reason, offered_by,
           replace(replace(offered_at::text, ' ', 'T'), '+00', 'Z') AS offered_at, taken_as
      FROM scheduler.offers WHERE tenant = jobs.tenant AND job_id = jobs.job_id
     ORDER BY offers.offered_at, offer_id LIMIT 100) o)`.as('offers'),
  sql<FollowUpView | null>`(SELECT row_to_json(f) FROM (
    SELECT kind, of_job_id AS job_id, asked_by FROM scheduler.follow_ups
     WHERE tenant = jobs.tenant AND job_id = jobs.job_id) f)`.as('follows'),
  sql<FollowUpView[] | null>`(SELECT json_agg(f) FROM (
    SELECT kind, job_id, asked_by FROM scheduler.follow_ups WHERE tenant = jobs.tenant AND of_job_id = jobs.job_id
     ORDER BY created_at LIMIT 100) f)`.as('followed_by'),
  // Of its run: what waits for its end, or has been opened since.
  sql<JobReview | null>`(SELECT row_to_json(r) FROM (
    SELECT CASE WHEN signed_by IS NULL THEN 'open' ELSE 'signed' END AS state, review_id, outcome, signed_by
      FROM approval.reviews WHERE tenant = jobs.tenant AND job_id = jobs.job_id AND kind = 'run'
     UNION ALL
    SELECT 'due', NULL, NULL, NULL FROM scheduler.run_reviews WHERE tenant = jobs.tenant AND job_id = jobs.job_id
     LIMIT 1) r)`.as('review'),
] as const;

const ENDED = `
SELECT j.tenant, j.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner, j.job_hash, j.traceparent, j.state, j.runs,
       j.on_behalf_of, c.request, c.rewritten, c.actor AS actor_json, c.salt
  FROM scheduler.jobs j JOIN scheduler.contexts c ON c.tenant = j.tenant AND c.job_id = j.job_id
 WHERE j.tenant = $1 AND j.job_id = $2`;

const INSERT_LINK = `
INSERT INTO scheduler.follow_ups (tenant, job_id, kind, of_job_id, asked_by) VALUES ($1, $2, $3, $4, $5)`;
/** Each settles at most one row, and none that is settled. */
const TAKE = `
UPDATE scheduler.offers SET taken_as = $4 WHERE tenant = $1 AND job_id = $2 AND offer_id = $3 AND taken_as IS NULL RETURNING 1`;
const RETRY = `
UPDATE scheduler.dead_letters SET settled = 'retried', settled_by = $3, settled_at = clock_timestamp(), retried_as = $4
 WHERE tenant = $1 AND job_id = $2 AND settled IS NULL RETURNING 1`;
const LOCK_JOB = `SELECT 1 FROM scheduler.jobs WHERE tenant = $1 AND job_id = $2 FOR UPDATE`;
/** One that is under way or has succeeded; after one that did not, the job may be compensated again. */
const COMPENSATED = `
SELECT f.job_id FROM scheduler.follow_ups f
 CROSS JOIN LATERAL (SELECT state FROM scheduler.jobs WHERE tenant = f.tenant AND job_id = f.job_id OFFSET 0) j
 WHERE f.tenant = $1 AND f.of_job_id = $2 AND f.kind = 'compensates'
   AND j.state NOT IN ('failed', 'timed_out', 'denied', 'refused', 'expired', 'cancelled') LIMIT 1`;

/** What a denial carries; a stop's is none of the policy's. */
export function offerIn({ tenant, job_id }: JobKey, { remediation, reason }: Decision): NewOffer | null {
  if (remediation === null || remediation.applied) return null;
  return { tenant, job_id, source: 'policy', offered_by: null, remediation, reason };
}

export async function insertOffers(tx: Tx, offers: readonly NewOffer[]): Promise<void> {
  if (offers.length > 0) await tx.query(INSERT_OFFERS, [JSON.stringify(offers)]);
}

export function readOffers(tx: Tx, { tenant, job_id }: JobKey): Promise<OfferView[]> {
  return tx.query<OfferView>(OFFERS, [tenant, job_id]);
}

export async function readEnded(tx: Tx, { tenant, job_id }: JobKey): Promise<EndedJob | null> {
  return (await tx.query<EndedJob>(ENDED, [tenant, job_id]))[0] ?? null;
}

/** False when it was settled before: another job was made of it, or nobody may. */
export async function settleOrigin(tx: Tx, job: JobKey, origin: Origin): Promise<boolean> {
  const { tenant, job_id } = job;
  if (!(await settle(tx, job, origin))) return false;
  await tx.query(INSERT_LINK, [tenant, job_id, origin.kind, origin.job_id, origin.asked_by]);
  return true;
}

async function settle(tx: Tx, { tenant, job_id }: JobKey, { kind, job_id: of, offer_id, asked_by }: Origin) {
  switch (kind) {
    case 'remediates':
      return (await tx.query(TAKE, [tenant, of, offer_id, job_id])).length === 1;
    case 'retries':
      return (await tx.query(RETRY, [tenant, of, asked_by, job_id])).length === 1;
    case 'compensates':
      await tx.query(LOCK_JOB, [tenant, of]);
      // A statement of its own: it sees what committed before the lock was given.
      return (await tx.query(COMPENSATED, [tenant, of])).length === 0;
  }
}
