/**
 * Outgoing webhooks: what a tenant may subscribe to, how a subscription is shown, and what was delivered. An event is made of a sealed
 * entry and never holds content.
 */
import { z } from 'zod';
import { pageQuery } from './http.ts';
import { LIMITS } from './limits.ts';
import { digitsOf, instant, principalId, tenantName } from './names.ts';

/** Of a CloudEvent, `type` is one of these behind `dev.countersign.`. */
export const WEBHOOK_EVENTS = {
  'approval.opened': 'somebody has to countersign',
  'approval.stage_reached': 'the next group has to countersign',
  'approval.escalated': 'another group may countersign as well',
  'approval.granted': 'all have agreed, or one broke the glass',
  'approval.rejected': 'somebody said no',
  'approval.expired': 'nobody answered in time',
  'approval.outdated': 'the policy changed, and another approval asks in its place',
  'approval.withdrawn': 'the question was taken back, or its job ended',
  'review.due': 'somebody has to look at what was done',
  'job.dead_letter': 'a job failed or ran out of time, and waits for a retry or to be discarded',
  'output.quarantined': 'an output is held back until somebody reviews it',
} as const;
export type WebhookEvent = keyof typeof WEBHOOK_EVENTS;
const EVENT_NAMES = Object.keys(WEBHOOK_EVENTS) as [WebhookEvent, ...WebhookEvent[]];

/** `cloudevents`: structured JSON (CloudEvents 1.0.2); `slack`: one line of text, as incoming webhooks of Slack take it. */
export const WEBHOOK_FORMATS = ['cloudevents', 'slack'] as const;
const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;

export const webhookId = z.string().regex(/^wh-[0-9a-f]{16}$/, 'must be the id of a webhook');
export const deliveryId = z.uuid();

export const newWebhook = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(LIMITS.webhook_url_chars),
  format: z.enum(WEBHOOK_FORMATS).default('cloudevents'),
  /** Left out: all of them, those of later versions not included. */
  events: z.array(z.enum(EVENT_NAMES)).min(1).default(EVENT_NAMES),
});
export type NewWebhook = z.input<typeof newWebhook>;

export const webhookRotation = z.strictObject({
  /** For which the secret before signs too. */
  overlap_minutes: z
    .int()
    .min(0)
    .max(LIMITS.key_overlap_minutes)
    .default(24 * 60),
});

export const webhookView = z.object({
  webhook_id: webhookId,
  tenant: tenantName,
  /** Origin alone: what stands behind it may be a secret of the receiver's, as Slack's is. */
  target: z.string(),
  format: z.enum(WEBHOOK_FORMATS),
  events: z.array(z.string()),
  /** `whpk_…`: verifies the `v1a` signatures (Ed25519). */
  public_key: z.string(),
  /** While the secret before still signs. */
  former_until: instant.nullable(),
  created_at: instant,
  created_by: principalId,
});
export type WebhookView = z.infer<typeof webhookView>;
/** `secret` (`whsec_…`, HMAC-SHA256) is shown here and never again. */
export const madeWebhook = webhookView.extend({ secret: z.string() });
export type MadeWebhook = z.infer<typeof madeWebhook>;
export const webhookList = z.object({ webhooks: z.array(webhookView) });
export type WebhookList = z.infer<typeof webhookList>;

export const webhookDelivery = z.object({
  delivery_id: deliveryId,
  tenant: tenantName,
  webhook_id: webhookId,
  event: z.string(),
  job_id: z.string().nullable(),
  leaf_index: z.int(),
  state: z.enum(DELIVERY_STATES),
  attempts: z.int(),
  /** Of the last try: an HTTP status, or why there was none. */
  outcome: z.string().nullable(),
  /** Of the next try. */
  due_at: instant.nullable(),
  created_at: instant,
  ended_at: instant.nullable(),
});
export type WebhookDelivery = z.infer<typeof webhookDelivery>;
export const deliveryQuery = z.strictObject({
  state: z.enum(DELIVERY_STATES).optional(),
  limit: pageQuery.limit,
  before: digitsOf(z.int().min(0)).optional(),
});
/** Newest first; `next_before` goes on. */
export const deliveryPage = z.object({ deliveries: z.array(webhookDelivery), next_before: z.int().nullable() });
export type DeliveryPage = z.infer<typeof deliveryPage>;
