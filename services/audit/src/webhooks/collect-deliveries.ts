/**
 * Makes deliveries of what was sealed, behind a cursor: no step of any job waits for it, and an entry makes each of its deliveries
 * once, whoever of several instances is killed meanwhile.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Database } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { eventsOf, TOLD_KINDS } from './events-of.ts';
import {
  clearDeliveries,
  countPending,
  insertDeliveries,
  lockCursor,
  moveCursor,
  type NewDelivery,
  type OpenWebhook,
  readEnd,
  readOpenWebhooks,
  readTold,
  type ToldEntry,
} from './store-webhooks.ts';

/** `none`: there is no webhook. `more`: entries wait. */
type Collected = { webhooks: 'none' | 'some'; more: boolean; waiting: number };

export async function collectDeliveries(database: Database): Promise<Collected> {
  return database.transaction(async (tx) => {
    const webhooks = await readOpenWebhooks(tx);
    await clearDeliveries(tx);
    const pending = await countPending(tx);
    const waiting = [...pending.values()].reduce((sum, each) => sum + each, 0);
    const cursor = webhooks.length === 0 ? null : await lockCursor(tx);
    if (cursor === null) return { webhooks: webhooks.length === 0 ? 'none' : 'some', more: false, waiting };
    // While there was no webhook the cursor stood still.
    const from = Math.max(cursor, Math.min(...webhooks.map(({ since_leaf }) => since_leaf)));
    const end = await readEnd(tx);
    const before = Math.min(end, from + LIMITS.webhook_leaves);
    if (before <= cursor) return { webhooks: 'some', more: false, waiting };
    const tenants = [...new Set(webhooks.map(({ tenant }) => tenant))];
    const entries = await readTold(tx, { from, before, kinds: TOLD_KINDS, tenants });
    const made = bound(
      entries.flatMap((entry) => deliveriesOf(entry, webhooks)),
      pending,
    );
    if (made.length > 0) await insertDeliveries(tx, made);
    await moveCursor(tx, before);
    return { webhooks: 'some', more: before < end, waiting };
  });
}

function deliveriesOf(entry: ToldEntry, webhooks: readonly OpenWebhook[]): NewDelivery[] {
  const { leaf_index, time_us } = entry;
  const hears = webhooks.filter(({ tenant, since_leaf }) => tenant === entry.tenant && since_leaf <= leaf_index);
  if (hears.length === 0) return [];
  return eventsOf(entry).flatMap(({ event, data }) =>
    hears
      .filter(({ events }) => events.includes(event))
      .map(({ tenant, webhook_id }) => ({
        ...{ delivery_id: uuidv7(), tenant, webhook_id, event, leaf_index, time_us },
        ...{ data: JSON.stringify(data), state: 'pending' as const },
      })),
  );
}

/** What a receiver that is down cannot take is kept as dead, and does not grow what waits. */
function bound(made: readonly NewDelivery[], pending: Map<string, number>): NewDelivery[] {
  return made.map((each) => {
    const waiting = pending.get(each.webhook_id) ?? 0;
    if (waiting >= LIMITS.webhook_backlog) return { ...each, state: 'dead' };
    pending.set(each.webhook_id, waiting + 1);
    return each;
  });
}
