/**
 * Whether enough of the keys that a trust root names have signed something. By WebCrypto, so that a browser can check it too;
 * hostile input gets a code, never an exception.
 */
import type { TrustRoot } from '@countersign/contracts/policy';
import { verifyAsync } from '@noble/ed25519';

/** Ed25519, base64url. */
export type Signature = { key_id: string; signature: string };
/** `ends_at`: RFC 3339, when too few of the signers' keys are still valid. */
export type Counted =
  | { ok: true; key_ids: string[]; ends_at: string }
  | { ok: false; code: 'unsigned' | 'signature_invalid' | 'threshold_unmet'; detail: string };

type Key = TrustRoot['keys'][number];

/**
 * `tenants`: whom it is for, `['*']` for all; a key for some tenants signs nothing for others. `now`: RFC 3339. Keys that the root does
 * not name say nothing, for or against: they belong to a rotation this root has not seen.
 */
export async function countSignatures(
  message: Uint8Array,
  signatures: readonly Signature[],
  root: TrustRoot,
  { tenants, now }: { tenants: readonly string[]; now: string },
): Promise<Counted> {
  if (signatures.length === 0) return { ok: false, code: 'unsigned', detail: 'there is no signature' };
  const counted = new Map<string, Key>();
  for (const { key_id, signature } of signatures) {
    const key = root.keys.find((known) => known.key_id === key_id);
    if (key === undefined) continue;
    const holds = await signatureHolds(signature, message, key.public_key);
    if (!holds) return { ok: false, code: 'signature_invalid', detail: `the signature of ${key_id} does not fit` };
    // By decoded bytes: two spellings of one key must not count twice.
    const inForce = isFrom(key.not_before, now) && isBefore(key.not_after, now);
    if (inForce && maySignFor(key, tenants)) counted.set(String(fromBase64Url(key.public_key)), key);
  }
  const keys = [...counted.values()].sort((a, b) => Date.parse(b.not_after) - Date.parse(a.not_after));
  const key_ids = keys.map((key) => key.key_id).sort();
  // The longest lived keys carry it on until fewer of them are left than must sign.
  if (keys.length >= root.threshold) return { ok: true, key_ids, ends_at: keys[root.threshold - 1]!.not_after };
  const detail = `${key_ids.length} of ${root.threshold} signatures by keys that may sign it now`;
  return { ok: false, code: 'threshold_unmet', detail };
}

/** An instant that is no date (month 13) is not a number, and fails both. */
export function isFrom(start: string, now: string): boolean {
  return Date.parse(now) >= Date.parse(start);
}

export function isBefore(end: string, now: string): boolean {
  return Date.parse(now) < Date.parse(end);
}

export function earlier(a: string, b: string): string {
  return Date.parse(a) <= Date.parse(b) ? a : b;
}

async function signatureHolds(signature: string, message: Uint8Array, publicKey: string): Promise<boolean> {
  try {
    // RFC 8032 and not ZIP 215: one signature has one spelling.
    return await verifyAsync(fromBase64Url(signature), message, fromBase64Url(publicKey), { zip215: false });
  } catch {
    return false;
  }
}

function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (unit) => unit.charCodeAt(0));
}

/** A key for some tenants signs nothing that decides for others too, least of all for everybody. */
function maySignFor(key: Key, tenants: readonly string[]): boolean {
  return key.tenants === undefined || tenants.every((tenant) => key.tenants!.includes(tenant));
}
