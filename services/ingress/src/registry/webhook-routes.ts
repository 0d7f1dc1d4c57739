/** `/webhooks`: where people are told outside of this system; and `/webhook-deliveries`: what was sent, and what could not be. */
import { CountersignError } from '@countersign/contracts/errors';
import { deliveryQuery } from '@countersign/contracts/http';
import { revocationRequest } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { uuid } from '@countersign/contracts/names';
import {
  deliveryPage,
  type MadeWebhook,
  madeWebhook,
  newWebhook,
  type WebhookView,
  webhookDelivery,
  webhookId,
  webhookList,
  webhookView,
} from '@countersign/contracts/webhooks';
import type { Bus } from '@countersign/platform/bus';
import type { Database } from '@countersign/platform/database';
import { randomHex } from '@countersign/platform/ids';
import { targetOf, type WebhookKeys, type WebhookTarget } from '@countersign/platform/webhook-keys';
import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { type Route, route } from '../route.ts';
import { changeRegistry, entryOf, mustExist } from './change-registry.ts';
import { endWebhook, insertWebhook, listWebhooks, readWebhook } from './store-webhooks.ts';

export type WebhookParts = {
  database: Database;
  bus: Pick<Bus, 'call'>;
  webhooks: { targets: readonly WebhookTarget[]; keys: WebhookKeys | undefined };
};

export function webhookRoutes(parts: WebhookParts): Route[] {
  const { database } = parts;
  return [
    route({
      method: 'get',
      path: '/webhooks',
      summary: 'Where the tenant is told of approvals and reviews; those that ended, too',
      permissions: ['webhooks:read'],
      answers: { 200: { says: 'All of them, without addresses and secrets', schema: webhookList } },
      gives: async ({ caller: { tenant } }) => ({ webhooks: await listWebhooks(database, tenant) }),
    }),
    route({
      method: 'post',
      path: '/webhooks',
      summary: 'Send events to an address that the settings allow',
      permissions: ['webhooks:write'],
      body: { schema: newWebhook, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'With its secret, which is shown here alone', schema: madeWebhook } },
      gives: ({ caller, body }) => createWebhook(parts, caller, body),
    }),
    route({
      method: 'post',
      path: '/webhooks/:webhook_id/end',
      summary: 'Send nothing there any more; its address is erased, and what waits is dead',
      permissions: ['webhooks:write'],
      params: z.strictObject({ webhook_id: webhookId }),
      body: { schema: revocationRequest, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'It has ended', schema: webhookView } },
      gives: ({ caller, params, body }) => end(database, caller, { ...params, ...body }),
    }),
    ...deliveryRoutes(parts),
  ];
}

function deliveryRoutes({ bus }: WebhookParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/webhook-deliveries',
      summary: 'What was sent to webhooks and what waits or is dead, newest first',
      permissions: ['webhooks:read'],
      query: deliveryQuery,
      answers: { 200: { says: 'One page', schema: deliveryPage } },
      gives: ({ caller: { tenant }, query, traceparent }) =>
        bus.call('audit.deliveries', { tenant, ...query }, { traceparent }),
    }),
    route({
      method: 'post',
      path: '/webhook-deliveries/:delivery_id/retry',
      summary: 'Try a dead delivery again, from its first try on',
      permissions: ['webhooks:write'],
      params: z.strictObject({ delivery_id: uuid }),
      answers: { 200: { says: 'It waits for its try', schema: webhookDelivery } },
      gives: ({ caller: { tenant }, params, traceparent }) =>
        bus.call('audit.retry_delivery', { tenant, ...params }, { traceparent }),
    }),
  ];
}

/** Throws `webhook_target_refused`, or `state_conflict` when the tenant has as many as it may. */
function createWebhook({ database, webhooks }: WebhookParts, caller: Caller, given: z.output<typeof newWebhook>) {
  const { url, format, events } = given;
  const { keys, targets } = webhooks;
  const target = targetOf(url, targets);
  if (target === undefined || keys === undefined)
    throw new CountersignError('webhook_target_refused', undefined, { at: '/url' });
  const { tenant } = caller;
  const webhook_id = `wh-${randomHex(8)}`;
  const row = {
    webhook_id,
    tenant,
    target: target.origin,
    format,
    events: [...new Set(events)],
    created_by: caller.id,
  };
  const sealed_url = keys.seal(webhook_id, Buffer.from(url, 'utf8'));
  const { hmac, public_key } = keys.secretsOf(webhook_id, keys.key_id);
  return changeRegistry(
    database,
    caller,
    async (tx): Promise<{ answer: MadeWebhook; entries: [ReturnType<typeof entryOf>] }> => {
      const open = (await listWebhooks(tx, tenant)).filter(({ ended_at }) => ended_at === null);
      if (open.length >= LIMITS.tenant_webhooks)
        throw new CountersignError('state_conflict', `a tenant has at most ${LIMITS.tenant_webhooks} webhooks`);
      await insertWebhook(tx, { ...row, sealed_url, key_id: keys.key_id });
      const shown = mustExist(await readWebhook(tx, tenant, webhook_id));
      const secrets = {
        secret: `whsec_${hmac.toString('base64')}`,
        public_key: `whpk_${public_key.toString('base64')}`,
      };
      const entry = entryOf(caller, 'identity_created', tenant, { what: 'webhook', ...row });
      return { answer: { ...shown, ...secrets }, entries: [entry] };
    },
  );
}

type Ending = { webhook_id: string; reason: string };

/** Again is the same answer. Throws `not_found`. */
function end(database: Database, caller: Caller, { webhook_id, reason }: Ending): Promise<WebhookView> {
  return changeRegistry(database, caller, async (tx) => {
    const { tenant } = caller;
    const { ended_at, target } = mustExist(await readWebhook(tx, tenant, webhook_id));
    if (ended_at === null) await endWebhook(tx, webhook_id);
    const what = { what: 'webhook', tenant, webhook_id, target, ended: true, reason };
    return {
      answer: mustExist(await readWebhook(tx, tenant, webhook_id)),
      entries: ended_at === null ? [entryOf(caller, 'identity_changed', tenant, what)] : [],
    };
  });
}
