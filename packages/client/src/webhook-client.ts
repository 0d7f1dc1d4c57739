/** Webhooks and their deliveries as functions over the HTTP API. */
import type { DeliveryQuery } from '@countersign/contracts/http';
import type {
  DeliveryPage,
  MadeWebhook,
  NewWebhook,
  WebhookDelivery,
  WebhookList,
  WebhookView,
} from '@countersign/contracts/webhooks';
import { type ClientOptions, sendForJson } from './send-request.ts';

export type WebhookClient = {
  webhooks(): Promise<WebhookList>;
  /** `secret` is not shown again. */
  createWebhook(given: NewWebhook): Promise<MadeWebhook>;
  endWebhook(webhook_id: string, reason: string): Promise<WebhookView>;
  webhookDeliveries(query?: DeliveryQuery): Promise<DeliveryPage>;
  retryDelivery(delivery_id: string): Promise<WebhookDelivery>;
};

export function webhookClient(options: ClientOptions): WebhookClient {
  const at = (kind: string, id: string, act: string): string => `/${kind}/${encodeURIComponent(id)}/${act}`;
  const post = <T>(path: string, body: object = {}): Promise<T> =>
    sendForJson<T>(options, { method: 'POST', path, body });
  return {
    webhooks: () => sendForJson(options, { method: 'GET', path: '/webhooks' }),
    createWebhook: (given) => post('/webhooks', given),
    endWebhook: (webhook_id, reason) => post(at('webhooks', webhook_id, 'end'), { reason }),
    webhookDeliveries: (query = {}) =>
      sendForJson(options, { method: 'GET', path: '/webhook-deliveries', query: query as Record<string, string> }),
    retryDelivery: (delivery_id) => post(at('webhook-deliveries', delivery_id, 'retry')),
  };
}
