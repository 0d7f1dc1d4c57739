/**
 * Sends what is due, at least once: a try is counted and leased before it is made, so whoever is killed meanwhile leaves it to
 * the next look after the lease. One of each webhook at a time, so that a receiver that hangs holds back itself alone.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Database } from '@countersign/platform/database';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import { type PinnedPost, postPinned } from '@countersign/platform/post-pinned';
import { targetOf, type WebhookKeys, type WebhookTarget } from '@countersign/platform/webhook-keys';
import { messageOf, type Origin } from './message-of.ts';
import { type Settled, settle, type TakenDelivery, takeDue } from './store-webhooks.ts';

type SenderParts = Origin & {
  database: Database;
  targets: readonly WebhookTarget[];
  keys: WebhookKeys | undefined;
  log: Pick<Logger, 'warn'>;
  metrics: Pick<Metrics, 'count'>;
  /** One is done, and its webhook is free again. */
  onDone(): void;
};
type Sender = {
  /** Begins what is due and waits for none of it. */
  begin(): Promise<void>;
  stop(): Promise<void>;
};

/** 410 Gone: by Standard Webhooks the receiver wants no more of it. */
const GONE = 410;
/** What another try would not change before somebody changed a setting. */
const FINAL = ['target_refused', 'key_missing', `status_${GONE}`];

export function createSender(parts: SenderParts): Sender {
  const { database, log, metrics, onDone } = parts;
  const underWay = new Map<string, Promise<void>>();

  async function deliver(taken: TakenDelivery): Promise<void> {
    try {
      const settled = judge(taken, await attempt(taken, parts));
      await settle(database, settled);
      metrics.count('webhook_deliveries_total', { outcome: settled.state });
    } catch (thrown) {
      // It is tried again when its lease is over.
      log.warn({ ...errorFields(thrown), delivery: taken.delivery_id }, 'a delivery could not be settled');
    } finally {
      underWay.delete(taken.webhook_id);
      onDone();
    }
  }

  return {
    async begin() {
      const room = LIMITS.webhook_sends - underWay.size;
      if (room === 0) return;
      for (const taken of await takeDue(database, [...underWay.keys()], room))
        underWay.set(taken.webhook_id, deliver(taken));
    },
    async stop() {
      await Promise.all(underWay.values());
    },
  };
}

async function attempt(taken: TakenDelivery, { keys, targets, ...origin }: SenderParts): Promise<string> {
  const { webhook_id, key_id } = taken;
  const url = openUrl(keys, taken);
  if (keys === undefined || url === null) return 'key_missing';
  const target = targetOf(url, targets);
  if (target === undefined) return 'target_refused';
  const { headers, body } = messageOf(taken, origin, keys.secretsOf(webhook_id, key_id), Date.now());
  const post: PinnedPost = { url, headers, body, private: target.private, within_ms: LIMITS.webhook_ms };
  const posted = await postPinned(post);
  return typeof posted === 'number' ? `status_${posted}` : posted;
}

/** Null under a key that is not among the settings any more, and when somebody changed the row. */
function openUrl(keys: WebhookKeys | undefined, { webhook_id, sealed_url, key_id }: TakenDelivery): string | null {
  try {
    return keys?.open(webhook_id, sealed_url, key_id).toString('utf8') ?? null;
  } catch {
    return null;
  }
}

function judge({ delivery_id, attempts }: TakenDelivery, outcome: string): Settled {
  const settled = { delivery_id, attempts, outcome };
  if (/^status_2\d\d$/.test(outcome)) return { ...settled, state: 'delivered', pause_ms: null };
  if (FINAL.includes(outcome) || attempts >= LIMITS.webhook_tries) return { ...settled, state: 'dead', pause_ms: null };
  const pause_ms = Math.min(LIMITS.webhook_pause_ms * 4 ** (attempts - 1), LIMITS.webhook_longest_pause_ms);
  return { ...settled, state: 'pending', pause_ms };
}
