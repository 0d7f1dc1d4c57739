/** The verbs of what webhooks were sent. Webhooks themselves stand in the registry, which ingress writes. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { tenantName, uuid } from './names.ts';
import { isPage } from './rpc-matches.ts';
import { verb } from './rpc-verb.ts';
import { DELIVERY_STATES, deliveryPage, webhookDelivery, webhookId } from './webhooks.ts';

export const WEBHOOK_VERBS = {
  'audit.deliveries': verb({
    service: 'audit',
    callers: ['ingress'],
    request: z.strictObject({
      tenant: tenantName,
      webhook_id: webhookId.optional(),
      state: z.enum(DELIVERY_STATES).optional(),
      cursor: z.string().max(LIMITS.cursor_chars).optional(),
      limit: z.int().min(1).max(LIMITS.page_rows).optional(),
    }),
    answer: deliveryPage,
    repeatable: true,
    matches: (asked, { deliveries }) => isPage(asked, deliveries, ['webhook_id', 'state']),
  }),
  'audit.retry_delivery': verb({
    service: 'audit',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName, delivery_id: uuid }),
    answer: webhookDelivery,
    repeatable: true,
    matches: (asked, answered) => asked.tenant === answered.tenant && asked.delivery_id === answered.delivery_id,
  }),
};
