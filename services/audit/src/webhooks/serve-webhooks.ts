/** Webhooks in the audit service: follows what was sealed, sends, and answers who asks what became of it. */
import { CountersignError } from '@countersign/contracts/errors';
import { readIdCursor } from '@countersign/contracts/id-cursor';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { DeliveryPage, WebhookDelivery } from '@countersign/contracts/webhooks';
import type { Database } from '@countersign/platform/database';
import type { ServiceContext } from '@countersign/platform/service';
import type { WebhookKeys, WebhookTarget } from '@countersign/platform/webhook-keys';
import type { StoredEntry } from '../store.ts';
import { collectDeliveries } from './collect-deliveries.ts';
import { TOLD_KINDS } from './events-of.ts';
import { createSender } from './send-deliveries.ts';
import { listDeliveries, readDelivery, revive } from './store-webhooks.ts';

type Settings = {
  LOG_ORIGIN: string;
  WEBHOOK_TARGETS: readonly WebhookTarget[];
  WEBHOOK_KEYS?: WebhookKeys | undefined;
  WEBHOOK_LINKS: string;
};
type Webhooks = { heard(entries: readonly Pick<StoredEntry, 'kind'>[]): void };

const DEFAULT_ROWS = 50;

export function serveWebhooks(context: ServiceContext<Settings>): Webhooks {
  const { bus, config, database, log, metrics, onStop, sweep } = context;
  let hears = false;
  const sender = createSender({
    ...{ database, log, metrics, log_origin: config.LOG_ORIGIN, links: config.WEBHOOK_LINKS },
    ...{ targets: config.WEBHOOK_TARGETS, keys: config.WEBHOOK_KEYS, onDone: () => looks.nudge() },
  });
  onStop(() => sender.stop());
  const looks = sweep('webhooks', LIMITS.webhook_look_ms, async () => {
    const { webhooks, more, waiting } = await collectDeliveries(database);
    hears = webhooks === 'some';
    metrics.set('webhook_deliveries_waiting', {}, waiting);
    if (hears) await sender.begin();
    if (more) looks.nudge();
  });
  bus.serve('audit.deliveries', (asked) => showDeliveries(database, asked));
  bus.serve('audit.retry_delivery', async (asked) => {
    const delivery = await retryDelivery(database, asked);
    looks.nudge();
    return delivery;
  });
  return {
    heard(entries) {
      if (hears && entries.some(({ kind }) => TOLD_KINDS.includes(kind))) looks.nudge();
    },
  };
}

async function showDeliveries(
  database: Database,
  { tenant, webhook_id, state, cursor, limit = DEFAULT_ROWS }: RpcParsed<'audit.deliveries'>,
): Promise<DeliveryPage> {
  const rows = Math.min(limit, LIMITS.page_rows);
  const found = await listDeliveries(database, {
    ...{ tenant, webhook_id: webhook_id ?? null, state: state ?? null },
    ...{ before: readIdCursor(cursor), rows: rows + 1 },
  });
  const deliveries = found.slice(0, rows);
  return { deliveries, next_cursor: found.length > rows ? deliveries.at(-1)!.delivery_id : null };
}

/** Of what waits already it is the same. Throws `not_found`, or `state_conflict` for what was delivered or has no webhook. */
async function retryDelivery(
  database: Database,
  { tenant, delivery_id }: RpcParsed<'audit.retry_delivery'>,
): Promise<WebhookDelivery> {
  await revive(database, tenant, delivery_id);
  const delivery = await readDelivery(database, tenant, delivery_id);
  if (delivery === undefined) throw new CountersignError('not_found');
  if (delivery.state === 'delivered') throw new CountersignError('state_conflict', 'it was delivered');
  if (delivery.state === 'dead') throw new CountersignError('state_conflict', 'its webhook has ended');
  return delivery;
}
