/**
 * Signatures of the baseline (section 10): HMAC-SHA256 under a key of the session, over the canonical text of the whole envelope without
 * the signature. Whoever has the shared secret can sign as host and as guardian; it proves nothing to a third party.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { canonicalize } from '@countersign/ledger/canonical-json';

export const ALGORITHM = 'HMAC-SHA256';

type Envelope = { [part: string]: unknown };
type Part = 'params' | 'result' | 'error';

/** HKDF-SHA256 without salt, `info` the session's id: 32 bytes. */
export function sessionKey(secret: string, session_id: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret), '', session_id, 32));
}

/** With the signature in the part that the standard puts it into. */
export function signEnvelope<E extends Envelope>(envelope: E, part: Part, key: Buffer, key_id: string): E {
  const value = macOf(envelope, part, key).toString('base64');
  const inside = { ...(envelope[part] as object), signature: { algorithm: ALGORITHM, value, key_id } };
  return { ...envelope, [part]: inside };
}

export function isSigned(envelope: Envelope, part: Part, key: Buffer): boolean {
  const { signature } = envelope[part] as { signature?: { algorithm: string; value: string } };
  if (signature?.algorithm !== ALGORITHM) return false;
  const given = Buffer.from(signature.value, 'base64');
  const own = macOf(envelope, part, key);
  return given.length === own.length && given.toString('base64') === signature.value && timingSafeEqual(given, own);
}

function macOf(envelope: Envelope, part: Part, key: Buffer): Buffer {
  const { signature: _, ...unsigned } = envelope[part] as { signature?: unknown };
  return createHmac('sha256', key)
    .update(canonicalize({ ...envelope, [part]: unsigned }))
    .digest();
}
