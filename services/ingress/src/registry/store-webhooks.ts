/** SQL of webhooks: what is shown of them, and what changes. */
import type { WebhookView } from '@countersign/contracts/webhooks';
import type { Tx } from '@countersign/platform/database';

type WebhookRow = Omit<WebhookView, 'created_at' | 'ended_at'> & { sealed_url: Buffer; key_id: string };

const SHOWN = 'w.webhook_id, w.tenant, w.target, w.format, w.events, w.created_at, w.created_by, w.ended_at';

/** Those that ended, too. */
export function listWebhooks(tx: Tx, tenant: string): Promise<WebhookView[]> {
  return tx.query<WebhookView>(`SELECT ${SHOWN} FROM identity.webhooks w WHERE w.tenant = $1 ORDER BY w.webhook_id`, [
    tenant,
  ]);
}

export async function readWebhook(tx: Tx, tenant: string, webhook_id: string): Promise<WebhookView | undefined> {
  const [row] = await tx.query<WebhookView>(
    `SELECT ${SHOWN} FROM identity.webhooks w WHERE w.tenant = $1 AND w.webhook_id = $2`,
    [tenant, webhook_id],
  );
  return row;
}

export async function insertWebhook(tx: Tx, row: WebhookRow): Promise<void> {
  const { webhook_id, tenant, target, sealed_url, key_id, format, events, created_by } = row;
  await tx.query(
    `INSERT INTO identity.webhooks (webhook_id, tenant, target, sealed_url, key_id, format, events, created_by, since_leaf)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, control.log_end())`,
    [webhook_id, tenant, target, sealed_url, key_id, format, events, created_by],
  );
}

export async function endWebhook(tx: Tx, webhook_id: string): Promise<void> {
  await tx.query(`UPDATE identity.webhooks SET ended_at = clock_timestamp(), sealed_url = '' WHERE webhook_id = $1`, [
    webhook_id,
  ]);
}
