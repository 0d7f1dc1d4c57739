/** SQL of the counts: the window after the cursor, what is added with it, and what is read for a time. */
import type { Tx } from '@countersign/platform/database';
import { ENTRY_COLUMNS, OF_LEAF, type StoredEntry } from '../store.ts';
import type { ClosedApproval, Counted, OpenedApproval } from './count-entries.ts';

export type CountRow = { measure: string; parts: string; count: number };
export type LatencyRow = {
  group: string;
  outcome: string;
  closed: number;
  median_ms: number | null;
  p95_ms: number | null;
};

/** One instance counts at a time; null while another one does. */
export async function lockCursor(tx: Tx): Promise<number | null> {
  const [row] = await tx.query<{ next_leaf: number }>('SELECT next_leaf FROM kpi.cursor FOR UPDATE SKIP LOCKED');
  return row?.next_leaf ?? null;
}

export async function readCursor(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ next_leaf: number }>('SELECT next_leaf FROM kpi.cursor');
  return row!.next_leaf;
}

export function readWindow(tx: Tx, from: number, limit: number): Promise<StoredEntry[]> {
  return tx.query<StoredEntry>(
    `SELECT ${ENTRY_COLUMNS}
       FROM ledger.leaves_from($1, $2) l JOIN ledger.entries e ON ${OF_LEAF} ORDER BY l.leaf_index`,
    [from, limit],
  );
}

export async function moveCursor(tx: Tx, next_leaf: number): Promise<void> {
  await tx.query('UPDATE kpi.cursor SET next_leaf = $1', [next_leaf]);
}

export async function addCounts(tx: Tx, counted: readonly Counted[]): Promise<void> {
  if (counted.length === 0) return;
  const rows = counted.map(({ parts, ...row }) => ({ ...row, parts: JSON.stringify(parts) }));
  await tx.query(
    `INSERT INTO kpi.counts AS c (tenant, day, measure, parts, count)
     SELECT tenant, day, measure, parts, count
       FROM json_to_recordset($1::json) AS r (tenant text, day text, measure text, parts text, count bigint)
      ORDER BY tenant, day, measure, parts
     ON CONFLICT (tenant, day, measure, parts) DO UPDATE SET count = c.count + excluded.count`,
    [JSON.stringify(rows)],
  );
}

export async function addOpened(tx: Tx, opened: readonly OpenedApproval[]): Promise<void> {
  if (opened.length === 0) return;
  await tx.query(
    `INSERT INTO kpi.approvals (approval_id, tenant, groups, opened_us)
     SELECT approval_id, tenant, ARRAY(SELECT json_array_elements_text(groups)), opened_us
       FROM json_to_recordset($1::json) AS r (approval_id uuid, tenant text, groups json, opened_us bigint)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(opened)],
  );
}

/** The first end counts. */
export async function addClosed(tx: Tx, closed: readonly ClosedApproval[]): Promise<void> {
  if (closed.length === 0) return;
  await tx.query(
    `UPDATE kpi.approvals a SET closed_us = r.closed_us, outcome = r.outcome
       FROM json_to_recordset($1::json) AS r (approval_id uuid, closed_us bigint, outcome text)
      WHERE a.approval_id = r.approval_id AND a.closed_us IS NULL`,
    [JSON.stringify(closed)],
  );
}

export async function addRemediated(tx: Tx, remediated: ReadonlyMap<string, string>): Promise<void> {
  if (remediated.size === 0) return;
  await tx.query(
    `INSERT INTO kpi.remediated (chain, remediation) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
    [[...remediated.keys()], [...remediated.values()]],
  );
}

/** Those among these chains, which are then forgotten. */
export async function takeRemediated(tx: Tx, chains: readonly string[]): Promise<Map<string, string>> {
  if (chains.length === 0) return new Map();
  const rows = await tx.query<{ chain: string; remediation: string }>(
    'DELETE FROM kpi.remediated WHERE chain = ANY ($1::text[]) RETURNING chain, remediation',
    [chains],
  );
  return new Map(rows.map(({ chain, remediation }) => [chain, remediation]));
}

/** Days are inclusive. */
export function readCounts(tx: Tx, tenant: string, from: string, to: string): Promise<CountRow[]> {
  return tx.query<CountRow>(
    `SELECT measure, parts, sum(count)::bigint AS count FROM kpi.counts
      WHERE tenant = $1 AND day BETWEEN $2 AND $3 GROUP BY measure, parts ORDER BY measure, parts`,
    [tenant, from, to],
  );
}

/** Of approvals that closed between two instants, by each group that they asked. */
export function readLatencies(tx: Tx, tenant: string, from_us: number, before_us: number): Promise<LatencyRow[]> {
  return tx.query<LatencyRow>(
    `SELECT g AS "group", a.outcome, count(*)::int AS closed,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY (a.closed_us - a.opened_us) / 1000.0) AS median_ms,
            percentile_cont(0.95) WITHIN GROUP (ORDER BY (a.closed_us - a.opened_us) / 1000.0) AS p95_ms
       FROM kpi.approvals a CROSS JOIN LATERAL unnest(a.groups) AS g
      WHERE a.tenant = $1 AND a.closed_us >= $2 AND a.closed_us < $3
      GROUP BY g, a.outcome ORDER BY g, a.outcome`,
    [tenant, from_us, before_us],
  );
}
