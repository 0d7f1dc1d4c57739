/**
 * Outgoing webhooks: what a tenant may hear of, how a webhook is shown, and what became of each delivery. An event is made of a
 * sealed entry and never holds content.
 */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { instant, principalId, tenantName, uuid } from './names.ts';

/** A CloudEvent's `type` is one of these behind `dev.countersign.`. */
export const WEBHOOK_EVENTS = {
  'approval.opened': 'somebody has to countersign',
  'approval.stage_reached': 'the next group has to countersign',
  'approval.escalated': 'another group may countersign as well',
  'approval.granted': 'all have agreed, or one broke the glass',
  'approval.rejected': 'somebody said no',
  'approval.expired': 'nobody answered in time',
  'approval.outdated': 'the policy changed, and another approval asks in its place',
  'approval.withdrawn': 'the question was taken back, or its job ended',
  'review.due': 'somebody else has to sign off a run, or what one person granted alone',
  'job.dead_letter': 'a job failed or ran out of time, and waits for a retry or to be discarded',
  'output.quarantined': 'an output is held back until somebody reviews it',
} as const;
export type WebhookEvent = keyof typeof WEBHOOK_EVENTS;
const EVENT_NAMES = Object.keys(WEBHOOK_EVENTS) as [WebhookEvent, ...WebhookEvent[]];

/** `cloudevents`: structured JSON (CloudEvents 1.0.2). `slack`: one line of text, as Slack's incoming webhooks take it. */
export const WEBHOOK_FORMATS = ['cloudevents', 'slack'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];
export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;

export const webhookId = z.string().regex(/^wh-[0-9a-f]{16}$/, 'must be the id of a webhook');

export const newWebhook = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(LIMITS.webhook_url_chars),
  format: z.enum(WEBHOOK_FORMATS).default('cloudevents'),
  /** Left out: all that there are now. */
  events: z.array(z.enum(EVENT_NAMES)).min(1).max(EVENT_NAMES.length).default(EVENT_NAMES),
});
export type NewWebhook = z.input<typeof newWebhook>;

export const webhookView = z.object({
  webhook_id: webhookId,
  tenant: tenantName,
  /** The origin alone: what stands behind it may be a secret of the receiver's, as Slack's is. */
  target: z.string(),
  format: z.enum(WEBHOOK_FORMATS),
  events: z.array(z.string()),
  created_at: instant,
  created_by: principalId,
  /** Since then nothing is sent there any more. */
  ended_at: instant.nullable(),
});
export type WebhookView = z.infer<typeof webhookView>;
export const webhookList = z.object({ webhooks: z.array(webhookView) });
export type WebhookList = z.infer<typeof webhookList>;

/** What a receiver verifies with. `secret` (`whsec_…`, HMAC-SHA256, for `v1`) is shown here and never again. */
export const madeWebhook = webhookView.extend({
  secret: z.string(),
  /** `whpk_…`: the Ed25519 key of the `v1a` signatures. */
  public_key: z.string(),
});
export type MadeWebhook = z.infer<typeof madeWebhook>;

export const webhookDelivery = z.object({
  /** The header `webhook-id` of each of its tries: by it a receiver knows what it has already. */
  delivery_id: uuid,
  tenant: tenantName,
  webhook_id: webhookId,
  event: z.string(),
  /** The entry that it tells of. */
  leaf_index: z.int(),
  state: z.enum(DELIVERY_STATES),
  /** Tries so far. */
  attempts: z.int(),
  /** Of the last try, or why there was none: `status_204`, `timeout`, `address_refused` and the like. */
  outcome: z.string().nullable(),
  /** Of the next try. */
  due_at: instant.nullable(),
  created_at: instant,
  ended_at: instant.nullable(),
});
export type WebhookDelivery = z.infer<typeof webhookDelivery>;

/** Newest first. */
export const deliveryPage = z.object({ deliveries: z.array(webhookDelivery), next_cursor: z.string().nullable() });
export type DeliveryPage = z.infer<typeof deliveryPage>;
