/** SQL of quarantined outputs and their reviews. An output counts as quarantined once its job has ended with it. */
import type { Finding } from '@countersign/contracts/decision';
import type { JobFacts } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { QuarantineState, ReviewAction } from '@countersign/contracts/quarantine';
import type { Tx } from '@countersign/platform/database';
import { anyOf, queriesOver, read, readBy, sql } from '@countersign/platform/queries';
import type { Tables } from '../tables.ts';
import type { Reviewed } from './judge-review.ts';

const tables = queriesOver<Tables>();

export type QuarantinedRow = JobFacts &
  Omit<Reviewed, 'reviews'> & {
    dispatch_id: string;
    attempt: number;
    pool: string;
    /** As its label `run` names it. */
    run: string | null;
    rule_id: string | null;
    reason: string;
    findings: Finding[];
    screened_at: string;
    salt: string | null;
    sealed: Buffer | null;
    seal_key_id: string | null;
  };
export type ReviewRow = Reviewed['reviews'][number] & { dispatch_id: string; turn: number; redacted: boolean };
export type NewReview = {
  dispatch_id: string;
  turn: number;
  action: ReviewAction;
  reviewer: string;
  reason: string;
  released_digest: string | null;
  redacted: boolean;
  content: string | null;
  artifacts: readonly string[];
};
type QuarantineFilter = { tenant: string; state: QuarantineState; before: string | null };

/** As its index has it. */
const STATE = sql<QuarantineState>`coalesce(r.reviewed, 'waiting')`;

/** Of those that the result names, in its order. */
const FILES = sql<string[]>`ARRAY(SELECT a.artifact_digest FROM output.artifacts a
  WHERE a.dispatch_id = r.dispatch_id AND a.named_at IS NOT NULL ORDER BY a.place)`;

const ofJob = readBy(({ tenant, job_id }: { tenant: string; job_id: string }) =>
  quarantinedRows().where('l.tenant', '=', tenant).where('l.job_id', '=', job_id),
);

const reviewsOf = readBy(({ dispatch_ids }: { dispatch_ids: readonly string[] }) =>
  tables
    .selectFrom('output.reviews')
    .select(['dispatch_id', 'turn', 'action', 'reviewer', 'reason', 'released_digest', 'redacted', 'at', 'artifacts'])
    .where('dispatch_id', '=', anyOf(dispatch_ids))
    .orderBy('dispatch_id')
    .orderBy('turn'),
);

const releasedOf = readBy(({ dispatch_id }: { dispatch_id: string }) =>
  tables
    .selectFrom('output.reviews')
    .select(['content', 'redacted', 'at', 'artifacts'])
    .where('dispatch_id', '=', dispatch_id)
    .where('action', '=', sql.lit('released' as const)),
);

/** Null for a job that is none, or did not end quarantined. */
export async function readQuarantined(tx: Tx, tenant: string, job_id: string): Promise<QuarantinedRow | null> {
  const [row] = await ofJob(tx, { tenant, job_id });
  return row ?? null;
}

/** Newest first: a dispatch id is ordered by time. */
export function listQuarantined(
  tx: Tx,
  { tenant, state, before }: QuarantineFilter,
  limit: number,
): Promise<QuarantinedRow[]> {
  let page = quarantinedRows().where(sql`r.tenant COLLATE "C"`, '=', tenant).where(STATE, '=', state);
  if (before !== null) page = page.where('r.dispatch_id', '<', before);
  return read(tx, page.orderBy('r.dispatch_id', 'desc').limit(limit));
}

/** Oldest first. */
export function readReviews(tx: Tx, dispatch_ids: readonly string[]): Promise<ReviewRow[]> {
  return reviewsOf(tx, { dispatch_ids });
}

/** What people let out; null while they have not. `by`: those who agreed to exactly this. */
export async function readReleasedReview(tx: Tx, dispatch_id: string) {
  const [[released], reviews] = await Promise.all([releasedOf(tx, { dispatch_id }), readReviews(tx, [dispatch_id])]);
  if (released === undefined) return null;
  const last = reviews.find(({ action }) => action === 'released');
  const by = reviews
    .filter(({ action, released_digest }) => action !== 'opened' && released_digest === last?.released_digest)
    .map(({ reviewer }) => reviewer);
  return { ...released, by: [...new Set(by)] };
}

/** Whether this person opened it a short while ago and was told of this file. */
export async function openedLately(
  tx: Tx,
  { dispatch_id, reviewer, artifact_digest }: { dispatch_id: string; reviewer: string; artifact_digest: string },
): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM output.reviews WHERE dispatch_id = $1 AND action = 'opened' AND reviewer = $2 AND $3 = ANY (artifacts)
        AND at > clock_timestamp() - make_interval(secs => $4) LIMIT 1`,
    [dispatch_id, reviewer, artifact_digest, LIMITS.opened_files_ms / 1000],
  );
  return rows.length > 0;
}

/** The legal hold that keeps it, or null; none is set before this transaction ends. Asked before anything is locked. */
export async function readHold(tx: Tx, tenant: string, job_id: string): Promise<string | null> {
  const [row] = await tx.query<{ hold_id: string | null }>('SELECT scheduler.kept_by($1, $2) AS hold_id', [
    tenant,
    job_id,
  ]);
  return row!.hold_id;
}

/** Two reviewers of one output come one after the other. */
export async function lockOutput(tx: Tx, dispatch_id: string): Promise<void> {
  await tx.query('SELECT FROM output.results WHERE dispatch_id = $1 FOR UPDATE', [dispatch_id]);
}

export async function insertReview(tx: Tx, review: NewReview): Promise<void> {
  const { dispatch_id, turn, action, reviewer, reason, released_digest, redacted, content, artifacts } = review;
  await tx.query(
    `INSERT INTO output.reviews (dispatch_id, turn, action, reviewer, reason, released_digest, redacted, content, artifacts)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [dispatch_id, turn, action, reviewer, reason, released_digest, redacted, content, artifacts],
  );
}

export async function setReviewed(tx: Tx, dispatch_id: string, state: QuarantineState): Promise<void> {
  await tx.query('UPDATE output.results SET reviewed = $2 WHERE dispatch_id = $1', [dispatch_id, state]);
}

/** What was sealed is gone, and the salt with it, so that a short secret can't be guessed back from its digest. */
export async function eraseSealed(tx: Tx, dispatch_id: string): Promise<void> {
  await tx.query(
    `UPDATE output.results SET reviewed = 'discarded', sealed = NULL, seal_key_id = NULL, salt = NULL
      WHERE dispatch_id = $1`,
    [dispatch_id],
  );
}

function quarantinedRows() {
  return tables
    .selectFrom('output.results as r')
    .innerJoin('scheduler.releases as l', (join) =>
      join
        .onRef('l.tenant', '=', 'r.tenant')
        .onRef('l.job_id', '=', 'r.job_id')
        .onRef('l.dispatch_id', '=', 'r.dispatch_id'),
    )
    .select([
      'l.tenant',
      'l.job_id',
      'l.topic',
      'l.capability',
      'l.actor',
      'l.auth_method',
      'l.owner',
      'l.on_behalf_of',
      'l.run',
    ])
    .select(['l.job_hash', 'l.traceparent', 'r.dispatch_id', 'r.attempt', 'r.pool', 'r.rule_id', 'r.reason'])
    .select(['r.output_digest', 'r.screened_at', 'r.salt', 'r.sealed', 'r.seal_key_id'])
    .select((of) => of.ref('r.findings').$castTo<Finding[]>().as('findings'))
    .select(STATE.as('state'))
    .select(FILES.as('artifacts'))
    .where('r.output_decision', '=', sql.lit('quarantine' as const))
    .where('l.state', '=', sql.lit('quarantined' as const));
}
