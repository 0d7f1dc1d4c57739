/** SQL of admission: new jobs with their content, and what stands already under the same name. */

import type { AdmitItem } from '@countersign/contracts/admission';
import type { Decision } from '@countersign/contracts/decision';
import { decisionList } from '@countersign/contracts/decision';
import type { JobFacts } from '@countersign/contracts/job-entry';
import type { JobState } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';

export type NewJob = JobFacts & {
  labels: string;
  on_behalf_of: string | null;
  state: JobState;
  reason: string | null;
  decision: string;
  rule_id: string | null;
  policy_version: number;
  policy_snapshot: string;
  policy_epoch: number;
  effective_digest: string | null;
  approval_terms: object | null;
  held_seq: number;
  pool: string | null;
  priority: number;
  deadline_ms: number;
  idempotency_key: string | null;
};

const INSERT_JOBS = `
INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, owner, on_behalf_of, state, reason,
       decision, rule_id, policy_version, policy_snapshot, policy_epoch, job_hash, effective_digest, approval_terms, held_seq,
       pool, priority, deadline_at, idempotency_key, traceparent)
SELECT n.tenant, n.job_id, n.topic, n.capability, n.labels, n.actor, n.auth_method, n.owner, n.on_behalf_of, n.state, n.reason,
       n.decision, n.rule_id, n.policy_version, n.policy_snapshot, n.policy_epoch, n.job_hash, n.effective_digest,
       n.approval_terms, n.held_seq, n.pool, n.priority, clock_timestamp() + n.deadline_ms * interval '1 millisecond',
       n.idempotency_key, n.traceparent
  FROM jsonb_to_recordset($1::jsonb) AS n(tenant text, job_id text, topic text, capability text, labels text, actor text,
       auth_method text, owner text, on_behalf_of text, state text, reason text, decision text, rule_id text,
       policy_version bigint, policy_snapshot text, policy_epoch bigint, job_hash text, effective_digest text,
       approval_terms jsonb, held_seq integer, pool text, priority smallint, deadline_ms bigint, idempotency_key text,
       traceparent text)
 ORDER BY n.tenant, n.job_id
    ON CONFLICT DO NOTHING
RETURNING tenant, job_id`;

export type NewContext = {
  tenant: string;
  job_id: string;
  request: string | null;
  rewritten: string | null;
  effective: string | null;
  actor: string;
  salt: string;
  plain_digest: string;
  decisions: string;
  /** The kernel's word for later, and its seal. */
  sealed_until: string | null;
  seal: string | null;
};

const CONTEXT_COLUMNS = [
  'tenant',
  'job_id',
  'request',
  'rewritten',
  'effective',
  'actor',
  'salt',
  'plain_digest',
  'decisions',
  'sealed_until',
  'seal',
] as const;
const INSERT_CONTEXTS = `
INSERT INTO scheduler.contexts (${CONTEXT_COLUMNS.join(', ')})
SELECT * FROM unnest(${CONTEXT_COLUMNS.map((_, i) => `$${i + 1}::text[]`).join(', ')})`;

export type ExistingJob = {
  tenant: string;
  job_id: string;
  actor: string;
  idempotency_key: string | null;
  plain_digest: string | null;
  decisions: Decision[];
};

const EXISTING = `
SELECT j.tenant, j.job_id, j.actor, j.idempotency_key, c.plain_digest, c.decisions
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS k(tenant, job_id, actor, idempotency_key)
 CROSS JOIN LATERAL (
       (SELECT job_id FROM scheduler.jobs WHERE tenant = k.tenant AND job_id = k.job_id OFFSET 0)
       UNION
       (SELECT job_id FROM scheduler.jobs
         WHERE tenant = k.tenant AND actor = k.actor AND idempotency_key = k.idempotency_key
           AND idempotency_key IS NOT NULL OFFSET 0)) named
 CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = k.tenant AND job_id = named.job_id OFFSET 0) j
 CROSS JOIN LATERAL (
       SELECT plain_digest, decisions FROM scheduler.contexts WHERE tenant = k.tenant AND job_id = named.job_id OFFSET 0) c`;

export async function insertJobs(tx: Tx, rows: readonly NewJob[]): Promise<{ tenant: string; job_id: string }[]> {
  return rows.length === 0 ? [] : tx.query(INSERT_JOBS, [JSON.stringify(rows)]);
}

export async function insertContexts(tx: Tx, rows: readonly NewContext[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    INSERT_CONTEXTS,
    CONTEXT_COLUMNS.map((column) => rows.map((row) => row[column])),
  );
}

/** Looks up what stands under each item's job id, or else under its idempotency key. */
export async function findExisting(
  tx: Tx,
  items: readonly AdmitItem[],
): Promise<(item: AdmitItem) => ExistingJob | undefined> {
  if (items.length === 0) return () => undefined;
  const rows = await tx.query<Omit<ExistingJob, 'decisions'> & { decisions: string }>(EXISTING, [
    items.map((item) => item.request.tenant),
    items.map((item) => item.request.job_id),
    items.map((item) => item.actor.id),
    items.map((item) => item.idempotency_key),
  ]);
  const found = rows.map((row) => ({ ...row, decisions: decisionList.parse(JSON.parse(row.decisions)) }));
  return ({ request, actor, idempotency_key }) =>
    found.find((row) => row.tenant === request.tenant && row.job_id === request.job_id) ??
    found.find(
      (row) =>
        row.tenant === request.tenant &&
        row.actor === actor.id &&
        idempotency_key !== null &&
        row.idempotency_key === idempotency_key,
    );
}
