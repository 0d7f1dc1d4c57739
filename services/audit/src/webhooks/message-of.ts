/** One delivery as it goes out: CloudEvents 1.0.2 in structured JSON or a line for Slack, signed as Standard Webhooks has it. */
import { sign } from 'node:crypto';
import { WEBHOOK_EVENTS, type WebhookEvent, type WebhookFormat } from '@countersign/contracts/webhooks';
import type { WebhookSecrets } from '@countersign/platform/webhook-keys';
import { Webhook } from 'standardwebhooks';

type Sent = {
  delivery_id: string;
  tenant: string;
  event: string;
  leaf_index: number;
  /** JSON, with `path` where it is looked at. */
  data: string;
  time_us: number;
  format: WebhookFormat;
};
/** `links`: where people reach the console, without a slash at the end; '' for paths alone. */
export type Origin = { log_origin: string; links: string };
type Message = { headers: Record<string, string>; body: string };
type Data = Readonly<Record<string, unknown>> & { path: string };

export function messageOf(
  sent: Sent,
  origin: Origin,
  secrets: Pick<WebhookSecrets, 'hmac' | 'ed25519'>,
  at_ms: number,
): Message {
  const { path, ...rest } = JSON.parse(sent.data) as Data;
  const data = { ...rest, url: `${origin.links}${path}` };
  const isSlack = sent.format === 'slack';
  const body = JSON.stringify(isSlack ? { text: lineOf(sent, data) } : cloudEventOf(sent, origin, data));
  return {
    body,
    headers: {
      'Content-Type': isSlack ? 'application/json' : 'application/cloudevents+json',
      'User-Agent': 'countersign',
      ...signedHeaders(sent.delivery_id, body, secrets, at_ms),
    },
  };
}

/** An event is the same for whoever is told of it: `id` is the place of its entry in the log. */
function cloudEventOf(
  { tenant, event, leaf_index, time_us }: Sent,
  { log_origin }: Origin,
  data: Readonly<Record<string, unknown>>,
) {
  return {
    specversion: '1.0',
    id: `${leaf_index}/${event}`,
    source: `urn:countersign:${encodeURIComponent(log_origin)}:${tenant}`,
    type: `dev.countersign.${event}`,
    subject: String(data.approval_id ?? data.job_id),
    time: new Date(Math.floor(time_us / 1000)).toISOString(),
    datacontenttype: 'application/json',
    data: { tenant, ...data },
  };
}

/** Slack: `&`, `<` and `>` are control characters of its text. */
function lineOf(
  { event }: Sent,
  { agent, topic, rule_id, groups, approvers, expires_at, url }: Readonly<Record<string, unknown>>,
): string {
  const parts = [
    `${event}: ${WEBHOOK_EVENTS[event as WebhookEvent]}`,
    `${String(topic)} of ${String(agent)}`,
    ...(rule_id ? [`rule ${String(rule_id)}`] : []),
    ...(Array.isArray(groups) ? [`asks ${groups.join(', ')}`] : []),
    ...(Array.isArray(approvers) ? [`voted ${approvers.join(', ')}`] : []),
    ...(expires_at ? [`until ${String(expires_at)}`] : []),
    String(url),
  ];
  return parts.join(' · ').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Standard Webhooks: `v1` is HMAC-SHA256, `v1a` Ed25519, both over `<id>.<seconds>.<body>`. */
function signedHeaders(
  id: string,
  body: string,
  { hmac, ed25519 }: Pick<WebhookSecrets, 'hmac' | 'ed25519'>,
  at_ms: number,
) {
  const at = new Date(at_ms);
  const seconds = Math.floor(at_ms / 1000);
  const v1a = sign(null, Buffer.from(`${id}.${seconds}.${body}`, 'utf8'), ed25519).toString('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `${new Webhook(hmac, { format: 'raw' }).sign(id, at, body)} v1a,${v1a}`,
  };
}
