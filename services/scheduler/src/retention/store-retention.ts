/** SQL of how long content is kept, of legal holds and of erasures that somebody asked for. */

import { LIMITS } from '@countersign/contracts/limits';
import {
  CONTENTS,
  type Content,
  type ErasureView,
  type HoldView,
  type KeepView,
} from '@countersign/contracts/retention';
import type { Tx } from '@countersign/platform/database';

const DAY_MS = 24 * 60 * 60 * 1000;
export const KEEP_MS = LIMITS.keep_days * DAY_MS;

/** Of `scheduler.kept_by`. */
const HOLD_LOCK = 1279607886;

type Keep = { tenant: string; content: Content; days: number; set_by: string };
type Asked = {
  erasure_id: string;
  tenant: string;
  job_id: string | null;
  subject: string | null;
  reason: string;
  asked_by: string;
};
type JobKey = { tenant: string; job_id: string };

const KEPT = `
SELECT c.content, (coalesce(r.keep_ms, $3) / $4::bigint)::int AS days, r.set_by, r.set_at
  FROM unnest($2::text[]) WITH ORDINALITY AS c (content, place)
  LEFT JOIN scheduler.retention r ON r.tenant = $1 AND r.content = c.content ORDER BY c.place`;
const KEEP = `
INSERT INTO scheduler.retention (tenant, content, keep_ms, set_by) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant, content) DO UPDATE SET keep_ms = excluded.keep_ms, set_by = excluded.set_by, set_at = clock_timestamp()`;

const HOLD = `hold_id, tenant, kind, target, from_at AS "from", until_at AS until, reason, set_by, set_at`;
const INSERT_HOLD = `
INSERT INTO scheduler.legal_holds (hold_id, tenant, kind, target, from_at, until_at, reason, set_by)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
 WHERE (SELECT count(*) FROM scheduler.legal_holds WHERE tenant = $2) < $9
RETURNING ${HOLD}`;

/** Rows still on the list are few beside those that were erased. */
const ERASURE = `
SELECT x.erasure_id, x.tenant, x.job_id, x.subject, x.reason, x.asked_by, x.asked_at, x.found, x.refused, x.held_by,
       w.waiting, x.listed AND w.waiting = 0 AS done
  FROM scheduler.erasures x
 CROSS JOIN LATERAL (SELECT count(*)::int AS waiting FROM scheduler.erasable e WHERE e.erasure_id = x.erasure_id) w`;
const INSERT_ERASURE = `
INSERT INTO scheduler.erasures (erasure_id, tenant, job_id, subject, reason, asked_by, listed)
VALUES ($1, $2, $3, $4, $5, $6, $3::text IS NOT NULL)`;

const JOB = `
SELECT j.state IN ('parked', 'held', 'cleared', 'dispatched', 'running') AS open
  FROM scheduler.jobs j WHERE j.tenant = $1 AND j.job_id = $2`;
const HOLD_OF_SUBJECT = `
SELECT hold_id FROM scheduler.legal_holds WHERE tenant = $1 AND kind = 'agent' AND target = $2 ORDER BY set_at LIMIT 1`;

export async function readKept(tx: Tx, tenant: string): Promise<KeepView[]> {
  const rows = await tx.query<Omit<KeepView, 'tenant'>>(KEPT, [tenant, CONTENTS, KEEP_MS, DAY_MS]);
  return rows.map((row) => ({ tenant, ...row }));
}

/** Waits for whoever erases now. */
export async function keep(tx: Tx, { tenant, content, days, set_by }: Keep): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1, 0)', [HOLD_LOCK]);
  await tx.query(KEEP, [tenant, content, days * DAY_MS, set_by]);
}

export function readHolds(tx: Tx, tenant: string): Promise<HoldView[]> {
  return tx.query<HoldView>(`SELECT ${HOLD} FROM scheduler.legal_holds WHERE tenant = $1 ORDER BY set_at, hold_id`, [
    tenant,
  ]);
}

/** Waits for whoever erases now. Null where the tenant has as many as it may. */
export async function insertHold(tx: Tx, hold: Omit<HoldView, 'set_at'>): Promise<HoldView | null> {
  const { hold_id, tenant, kind, target, from, until, reason, set_by } = hold;
  await tx.query('SELECT pg_advisory_xact_lock($1, 0)', [HOLD_LOCK]);
  const given = [hold_id, tenant, kind, target, from, until, reason, set_by, LIMITS.legal_holds];
  return (await tx.query<HoldView>(INSERT_HOLD, given))[0] ?? null;
}

/** The hold that was lifted, or null. */
export async function deleteHold(tx: Tx, tenant: string, hold_id: string): Promise<HoldView | null> {
  const lifted = `DELETE FROM scheduler.legal_holds WHERE tenant = $1 AND hold_id = $2 RETURNING ${HOLD}`;
  return (await tx.query<HoldView>(lifted, [tenant, hold_id]))[0] ?? null;
}

/** The newest `page_rows`. */
export function readErasures(tx: Tx, tenant: string): Promise<ErasureView[]> {
  return tx.query<ErasureView>(`${ERASURE} WHERE x.tenant = $1 ORDER BY x.asked_at DESC LIMIT $2`, [
    tenant,
    LIMITS.page_rows,
  ]);
}

export async function readErasure(tx: Tx, erasure_id: string): Promise<ErasureView> {
  return (await tx.query<ErasureView>(`${ERASURE} WHERE x.erasure_id = $1`, [erasure_id]))[0]!;
}

export async function insertErasure(
  tx: Tx,
  { erasure_id, tenant, job_id, subject, reason, asked_by }: Asked,
): Promise<void> {
  await tx.query(INSERT_ERASURE, [erasure_id, tenant, job_id, subject, reason, asked_by]);
}

/** Of a job whether it has ended and which hold keeps it; null for none of this name. Waits for holds that are being set. */
export async function readErasableJob(
  tx: Tx,
  { tenant, job_id }: JobKey,
): Promise<{ open: boolean; held_by: string | null } | null> {
  const [kept] = await tx.query<{ held_by: string | null }>('SELECT scheduler.kept_by($1, $2) AS held_by', [
    tenant,
    job_id,
  ]);
  const [job] = await tx.query<{ open: boolean }>(JOB, [tenant, job_id]);
  return job === undefined ? null : { ...job, ...kept! };
}

/** A hold on everything of this agent or person, or null. */
export async function readHoldOf(tx: Tx, tenant: string, subject: string): Promise<string | null> {
  const [hold] = await tx.query<{ hold_id: string }>(HOLD_OF_SUBJECT, [tenant, subject]);
  return hold?.hold_id ?? null;
}
