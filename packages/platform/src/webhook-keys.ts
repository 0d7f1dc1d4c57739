/**
 * The settings of outgoing webhooks, which ingress and audit share: where they may go, and the key that their secrets are made
 * of. A webhook's secret is derived from its id, so that none is stored; its address is sealed.
 */
import { hkdfSync, type KeyObject } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import { z } from 'zod';
import { privateKeyOf, rawPublicKey } from './ed25519-keys.ts';
import { createSealer, SEAL_KEY_BYTES, type Sealer } from './seal-content.ts';

/** `private`: also an address of loopback, of a private or of a link-local network, and without TLS. */
export type WebhookTarget = { origin: string; private: boolean };
export type WebhookSecrets = { hmac: Buffer; ed25519: KeyObject; public_key: Buffer };
export type WebhookKeys = Sealer & {
  /** `key_id`: of the key that was the first one when the webhook was made. */
  secretsOf(webhook_id: string, key_id: string): WebhookSecrets;
};

const RAW_KEY = '[A-Za-z0-9_-]{43}';
const MOST_KEYS = 4;

/** Origins, split by commas, each with ` private` behind it to allow what is no public address. */
export const webhookTargets = z
  .string()
  .refine((text) => readTargets(text) !== null, {
    message: `must be 1 to ${LIMITS.webhook_targets} origins such as https://hooks.example.com, split by commas; without TLS only as "http://… private"`,
  })
  .transform((text) => readTargets(text)!)
  .default([]);

/** 32 bytes each, base64url, by commas. The first makes new secrets, the others still serve. */
export const webhookKeys = z
  .string()
  .regex(
    new RegExp(`^${RAW_KEY}(,${RAW_KEY}){0,${MOST_KEYS - 1}}$`),
    `must be 1 to ${MOST_KEYS} times ${SEAL_KEY_BYTES} bytes, base64url`,
  )
  .transform((text) => openWebhookKeys(text.split(',').map((key) => Buffer.from(key, 'base64url'))))
  .optional();

/** The entry of the allow-list under which an address may be sent to, or undefined. */
export function targetOf(url: string, targets: readonly WebhookTarget[]): WebhookTarget | undefined {
  const { origin, username, password } = new URL(url);
  return username + password === '' ? targets.find((target) => target.origin === origin) : undefined;
}

export function openWebhookKeys(masters: readonly Buffer[]): WebhookKeys {
  const [first, ...former] = masters.map((master) => derive(master, 'seal'));
  const sealer = createSealer(first!, former);
  const byId = new Map(masters.map((master) => [createSealer(derive(master, 'seal')).key_id, master]));
  return {
    ...sealer,
    secretsOf(webhook_id, key_id) {
      const master = byId.get(key_id);
      if (master === undefined) throw new TypeError(`there is no key ${key_id} among WEBHOOK_KEYS`);
      const seed = derive(master, `v1a:${webhook_id}`);
      const ed25519 = privateKeyOf(seed);
      const public_key = Buffer.from(rawPublicKey(ed25519), 'base64url');
      return { hmac: derive(master, `v1:${webhook_id}`), ed25519, public_key };
    },
  };
}

/** RFC 5869. */
function derive(master: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', `countersign/webhook/v1\0${use}`, SEAL_KEY_BYTES));
}

function readTargets(text: string): WebhookTarget[] | null {
  const read = text.split(',').map((each) => {
    const [origin = '', mark, ...rest] = each.trim().split(/\s+/);
    const url = URL.parse(origin);
    const isPrivate = mark === 'private';
    const isKnown = url?.protocol === 'https:' || (url?.protocol === 'http:' && isPrivate);
    const isWhole = url?.origin === origin && rest.length === 0 && (mark === undefined || isPrivate);
    return isKnown && isWhole ? { origin, private: isPrivate } : null;
  });
  const targets = read.filter((each) => each !== null);
  return targets.length === read.length && read.length <= LIMITS.webhook_targets ? targets : null;
}
