/** Signs one request at the workers' door (RFC 9421 with RFC 9530) with the key that signs results. */
import { hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { workerSubject } from '@countersign/contracts/control';
import {
  ALWAYS_SIGNED,
  signatureBase,
  signatureParams,
  WORKER_SIGNATURE_TAG,
} from '@countersign/contracts/http-signature';

export type DoorIdentity = { pool: string; worker: string; signingKey: KeyObject };

/** Seconds for which a request may be under way, its wait for work included. */
const LIFE_S = 60;
const COVERED = [...ALWAYS_SIGNED, 'content-digest', 'content-type'] as const;

/** The headers of a POST of this JSON text, or of these bytes; each is good once. `now_s`, `nonce`: for whoever makes vectors. */
export function signDoorRequest(
  { signingKey, ...who }: DoorIdentity,
  url: URL,
  body: string | Uint8Array,
  { now_s, nonce }: { now_s?: number; nonce?: string } = {},
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': typeof body === 'string' ? 'application/json' : 'application/octet-stream',
    'content-digest': `sha-256=:${hash('sha256', body, 'base64')}:`,
  };
  const values: Readonly<Record<string, string>> = {
    '@method': 'POST',
    '@authority': url.host,
    '@path': url.pathname,
    '@query': url.search === '' ? '?' : url.search,
    ...headers,
  };
  const created = now_s ?? Math.floor(Date.now() / 1000);
  const terms = {
    created,
    expires: created + LIFE_S,
    nonce: nonce ?? randomBytes(18).toString('base64url'),
    keyid: workerSubject(who),
  };
  const params = signatureParams(COVERED, terms, WORKER_SIGNATURE_TAG);
  const base = signatureBase(
    COVERED.map((name) => [name, values[name]!]),
    params,
  );
  const signature = sign(null, Buffer.from(base), signingKey).toString('base64');
  return { ...headers, 'signature-input': `worker=${params}`, signature: `worker=:${signature}:` };
}
