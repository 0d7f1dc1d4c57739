/** SQL of reviews: jobs whose run is to be looked at, what waits, and signing it off. */
import type { ReviewView } from '@countersign/contracts/review';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';

/** As its row stands; who has to stay apart is read beside it. */
export type Review = Omit<ReviewView, 'apart'> & { auth_method: string; job_hash: string; traceparent: string };
type NewReview = Omit<Review, 'state' | 'outcome' | 'signed_by' | 'signed_at' | 'reason' | 'opened_at'>;
type Reviewable = Omit<NewReview, 'review_id' | 'kind' | 'requester'> & {
  actor: string;
  policy_version: number;
  state: string;
};

const COLUMNS = `r.review_id, r.kind, r.tenant, r.job_id, CASE WHEN r.signed_by IS NULL THEN 'open' ELSE 'signed' END AS state, r.topic,
  r.capability, r.requester, r.owner, r.on_behalf_of, r.rule_id, r.opened_at, r.outcome, r.signed_by, r.signed_at, r.reason,
  r.auth_method, r.job_hash, r.traceparent`;
const INSERT = `
INSERT INTO approval.reviews (review_id, kind, tenant, job_id, topic, capability, requester, auth_method, owner, on_behalf_of,
                              job_hash, rule_id, traceparent, opened_at)
SELECT n.*, clock_timestamp()
  FROM jsonb_to_recordset($1::jsonb) AS n (review_id uuid, kind text, tenant text, job_id text, topic text, capability text,
         requester text, auth_method text, owner text, on_behalf_of text, job_hash text, rule_id text, traceparent text)`;
const LIST = `
SELECT ${COLUMNS} FROM approval.reviews r
 WHERE r.tenant COLLATE "C" = $1 AND ($2::uuid IS NULL OR r.review_id < $2)
   AND ($3::text IS NULL OR r.kind = $3) AND ($4::text IS NULL OR r.outcome = $4) AND ($5::text IS NULL OR r.job_id = $5)`;
/** Each as a text of its own, so that open ones are found in their own index. */
const PAGES = {
  any: `${LIST} ORDER BY r.review_id DESC LIMIT $6`,
  open: `${LIST} AND r.signed_by IS NULL ORDER BY r.review_id DESC LIMIT $6`,
  signed: `${LIST} AND r.signed_by IS NOT NULL ORDER BY r.review_id DESC LIMIT $6`,
};
/** Votes of all questions about the job, and of those whose grant covered it. */
const VOTERS = `
SELECT DISTINCT k.tenant, k.job_id, p.person
  FROM unnest($1::text[], $2::text[]) AS k (tenant, job_id)
 CROSS JOIN LATERAL (SELECT approval_id, by_grant FROM approval.approvals WHERE tenant = k.tenant AND job_id = k.job_id OFFSET 0) a
 CROSS JOIN LATERAL (SELECT voter, delegated_by FROM approval.votes WHERE approval_id IN (a.approval_id, a.by_grant) OFFSET 0) v
 CROSS JOIN LATERAL (VALUES (v.voter), (v.delegated_by)) AS p (person)
 WHERE p.person IS NOT NULL`;

/** Of jobs that have ended, taken off their list: whoever takes them opens their reviews in the same transaction. */
export function takeReviewable(tx: Tx, limit: number): Promise<Reviewable[]> {
  return tx.query<Reviewable>('SELECT * FROM scheduler.take_reviewable($1)', [limit]);
}

export async function insertReviews(tx: Tx, reviews: readonly NewReview[]): Promise<void> {
  if (reviews.length > 0) await tx.query(INSERT, [JSON.stringify(reviews.map(inOrder))]);
}

/** `due`: marked jobs are under way, or have ended. */
type Waiting = { open: number; oldest_s: number; due: boolean };

export async function countWaiting(tx: Tx): Promise<Waiting> {
  const [row] = await tx.query<Waiting>(
    `SELECT count(*) AS open, coalesce(extract(epoch FROM clock_timestamp() - min(opened_at)), 0)::float8 AS oldest_s,
            EXISTS (SELECT FROM scheduler.run_reviews) AS due
       FROM approval.reviews WHERE signed_by IS NULL`,
  );
  return row!;
}

type Asked = RpcParsed<'approval.reviews'> & { before: string | null; rows: number };

/** The newest first. */
export function listReviews(tx: Tx, asked: Asked): Promise<Review[]> {
  const { tenant, before, kind = null, outcome = null, job_id = null, rows } = asked;
  return tx.query<Review>(PAGES[asked.state ?? 'any'], [tenant, before, kind, outcome, job_id, rows]);
}

export async function findReview(tx: Tx, tenant: string, review_id: string): Promise<Review | null> {
  return (
    (
      await tx.query<Review>(`SELECT ${COLUMNS} FROM approval.reviews r WHERE r.review_id = $2 AND r.tenant = $1`, [
        tenant,
        review_id,
      ])
    )[0] ?? null
  );
}

/** Waits for whoever signs it now. */
export async function lockReview(tx: Tx, tenant: string, review_id: string): Promise<void> {
  await tx.query('SELECT FROM approval.reviews WHERE review_id = $2 AND tenant = $1 FOR UPDATE', [tenant, review_id]);
}

type Signed = { review_id: string; outcome: string; by: string; reason: string | null };

export async function markSigned(tx: Tx, { review_id, outcome, by, reason }: Signed): Promise<void> {
  await tx.query(
    `UPDATE approval.reviews SET outcome = $2, signed_by = $3, signed_at = clock_timestamp(), reason = $4
      WHERE review_id = $1 AND signed_by IS NULL`,
    [review_id, outcome, by, reason],
  );
}

export function votersOfJobs(
  tx: Tx,
  jobs: readonly { tenant: string; job_id: string }[],
): Promise<{ tenant: string; job_id: string; person: string }[]> {
  return tx.query(VOTERS, [jobs.map(({ tenant }) => tenant), jobs.map(({ job_id }) => job_id)]);
}

function inOrder(review: NewReview): NewReview {
  const { review_id, kind, tenant, job_id, topic, capability, requester, auth_method, owner, on_behalf_of } = review;
  const { job_hash, rule_id, traceparent } = review;
  const who = { requester, auth_method, owner, on_behalf_of };
  return { review_id, kind, tenant, job_id, topic, capability, ...who, job_hash, rule_id, traceparent };
}
