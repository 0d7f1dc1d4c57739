/** SQL of what webhooks are sent. A try is taken up by one statement that counts it and says until when it is whose. */

import { LIMITS } from '@countersign/contracts/limits';
import type { WebhookDelivery, WebhookFormat } from '@countersign/contracts/webhooks';
import type { Tx } from '@countersign/platform/database';
import { OF_LEAF, type StoredEntry } from '../store.ts';

export type OpenWebhook = { webhook_id: string; tenant: string; events: string[]; since_leaf: number };
export type ToldEntry = Pick<StoredEntry, 'kind' | 'chain' | 'tenant' | 'body' | 'time_us'> & { leaf_index: number };
export type NewDelivery = Pick<WebhookDelivery, 'delivery_id' | 'tenant' | 'webhook_id' | 'event' | 'leaf_index'> & {
  data: string;
  time_us: number;
  state: 'pending' | 'dead';
};
export type TakenDelivery = Omit<NewDelivery, 'state'> & {
  attempts: number;
  sealed_url: Buffer;
  key_id: string;
  format: WebhookFormat;
};
/** `pause_ms`: until the next try; null when there is none. */
export type Settled = Pick<TakenDelivery, 'delivery_id' | 'attempts'> & {
  outcome: string;
  state: WebhookDelivery['state'];
  pause_ms: number | null;
};

const SHOWN = `d.delivery_id, d.tenant, d.webhook_id, d.event, d.leaf_index, d.state, d.attempts, d.outcome, d.due_at,
  d.created_at, d.ended_at`;

export function readOpenWebhooks(tx: Tx): Promise<OpenWebhook[]> {
  return tx.query<OpenWebhook>(
    `SELECT webhook_id, tenant, events, since_leaf FROM identity.webhooks WHERE ended_at IS NULL ORDER BY webhook_id`,
  );
}

/** Null while another instance makes deliveries. */
export async function lockCursor(tx: Tx): Promise<number | null> {
  const [row] = await tx.query<{ next_leaf: number }>('SELECT next_leaf FROM hook.cursor FOR UPDATE SKIP LOCKED');
  return row?.next_leaf ?? null;
}

export async function moveCursor(tx: Tx, next_leaf: number): Promise<void> {
  await tx.query('UPDATE hook.cursor SET next_leaf = $1', [next_leaf]);
}

/** The leaf that comes next. */
export async function readEnd(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ end: number }>('SELECT ledger.leaf_count() AS "end"');
  return row!.end;
}

type Wanted = { from: number; before: number; kinds: readonly string[]; tenants: readonly string[] };

export function readTold(tx: Tx, { from, before, kinds, tenants }: Wanted): Promise<ToldEntry[]> {
  return tx.query<ToldEntry>(
    `SELECT e.kind, e.chain, e.tenant, e.body, e.time_us, l.leaf_index
       FROM ledger.leaves_from($1, $2::bigint - $1::bigint) l JOIN ledger.entries e ON ${OF_LEAF}
      WHERE e.kind = ANY ($3::text[]) AND e.tenant = ANY ($4::text[])
      ORDER BY l.leaf_index`,
    [from, before, kinds, tenants],
  );
}

/** How many wait, of those of which any do. */
export async function countPending(tx: Tx): Promise<Map<string, number>> {
  const rows = await tx.query<{ webhook_id: string; count: number }>(
    `SELECT webhook_id, count(*)::int AS count FROM hook.deliveries WHERE state = 'pending' GROUP BY webhook_id`,
  );
  return new Map(rows.map(({ webhook_id, count }) => [webhook_id, count]));
}

export async function insertDeliveries(tx: Tx, rows: readonly NewDelivery[]): Promise<void> {
  await tx.query(
    `INSERT INTO hook.deliveries (delivery_id, tenant, webhook_id, event, leaf_index, data, time_us, state, due_at, outcome, ended_at)
     SELECT r.delivery_id, r.tenant, r.webhook_id, r.event, r.leaf_index, r.data, r.time_us, r.state,
            CASE r.state WHEN 'pending' THEN clock_timestamp() END, CASE r.state WHEN 'dead' THEN 'backlog' END,
            CASE r.state WHEN 'dead' THEN clock_timestamp() END
       FROM json_to_recordset($1::json) AS r (delivery_id uuid, tenant text, webhook_id text, event text, leaf_index bigint,
            data text, time_us bigint, state text)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows)],
  );
}

/** Of what waits for a webhook that has ended; and what is listed no longer. */
export async function clearDeliveries(tx: Tx): Promise<void> {
  await tx.query(
    `UPDATE hook.deliveries d SET state = 'dead', due_at = NULL, outcome = 'webhook_ended', ended_at = clock_timestamp()
      WHERE d.state = 'pending'
        AND NOT EXISTS (SELECT FROM identity.webhooks w WHERE w.webhook_id = d.webhook_id AND w.ended_at IS NULL)`,
  );
  await tx.query(
    `DELETE FROM hook.deliveries WHERE state <> 'pending' AND ended_at < clock_timestamp() - $1 * interval '1 ms'`,
    [LIMITS.webhook_kept_ms],
  );
}

/** What is due, one of each webhook that is not among `busy`; each is whoever takes it for `webhook_lease_ms`. */
export function takeDue(tx: Tx, busy: readonly string[], most: number): Promise<TakenDelivery[]> {
  return tx.query<TakenDelivery>(
    `WITH due AS (
       SELECT d.delivery_id, w.sealed_url, w.key_id, w.format
         FROM identity.webhooks w
        CROSS JOIN LATERAL (
          SELECT delivery_id FROM hook.deliveries
           WHERE webhook_id = w.webhook_id AND state = 'pending' AND due_at <= clock_timestamp()
           ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) d
        WHERE w.ended_at IS NULL AND w.webhook_id <> ALL ($1::text[]) LIMIT $2)
     UPDATE hook.deliveries t SET attempts = t.attempts + 1, due_at = clock_timestamp() + $3 * interval '1 ms'
       FROM due WHERE t.delivery_id = due.delivery_id
     RETURNING t.delivery_id, t.tenant, t.webhook_id, t.event, t.leaf_index, t.data, t.time_us, t.attempts,
               due.sealed_url, due.key_id, due.format`,
    [busy, most, LIMITS.webhook_lease_ms],
  );
}

/** Changes nothing once somebody else has begun another try. */
export async function settle(tx: Tx, { delivery_id, attempts, outcome, state, pause_ms }: Settled): Promise<void> {
  await tx.query(
    `UPDATE hook.deliveries SET state = $3, outcome = $4, due_at = clock_timestamp() + $5 * interval '1 ms',
            ended_at = CASE $3 WHEN 'pending' THEN NULL ELSE clock_timestamp() END
      WHERE delivery_id = $1 AND attempts = $2 AND state = 'pending'`,
    [delivery_id, attempts, state, outcome, pause_ms],
  );
}

type Listed = {
  tenant: string;
  webhook_id: string | null;
  state: string | null;
  before: string | null;
  rows: number;
};

export function listDeliveries(
  tx: Tx,
  { tenant, webhook_id, state, before, rows }: Listed,
): Promise<WebhookDelivery[]> {
  return tx.query<WebhookDelivery>(
    `SELECT ${SHOWN} FROM hook.deliveries d
      WHERE d.tenant = $1 AND ($2::text IS NULL OR d.webhook_id = $2) AND ($3::text IS NULL OR d.state = $3)
        AND d.delivery_id < coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      ORDER BY d.delivery_id DESC LIMIT $5`,
    [tenant, webhook_id, state, before, rows],
  );
}

export async function readDelivery(tx: Tx, tenant: string, delivery_id: string): Promise<WebhookDelivery | undefined> {
  const [row] = await tx.query<WebhookDelivery>(
    `SELECT ${SHOWN} FROM hook.deliveries d WHERE d.tenant = $1 AND d.delivery_id = $2`,
    [tenant, delivery_id],
  );
  return row;
}

/** Of a dead one whose webhook has not ended. */
export async function revive(tx: Tx, tenant: string, delivery_id: string): Promise<void> {
  await tx.query(
    `UPDATE hook.deliveries d SET state = 'pending', attempts = 0, due_at = clock_timestamp(), ended_at = NULL
      WHERE d.tenant = $1 AND d.delivery_id = $2 AND d.state = 'dead'
        AND EXISTS (SELECT FROM identity.webhooks w WHERE w.webhook_id = d.webhook_id AND w.ended_at IS NULL)`,
    [tenant, delivery_id],
  );
}
