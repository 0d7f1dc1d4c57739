/**
 * The kernel's seal under an answer, by which the dispatch gate knows it again without asking. HMAC-SHA-256 under keys
 * that only kernel and scheduler hold: whoever carries the answer between them can neither make one nor change it.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Judged } from '@countersign/contracts/decision';
import { canonicalize } from './canonical-json.ts';
import { domainPrefix, encodeUtf8, lengthPrefixed } from './digest.ts';

const SEAL_DOMAIN = 'countersign/decision-seal/v1';

/** 32 bytes. As a KeyObject a seal takes 5 µs; of bytes Node makes one each time, and takes 16. */
export type SealKey = KeyObject | Uint8Array;

/** What a seal covers. The answer's three parts are canonical JSON (RFC 8785), exactly as the scheduler stores them. */
export type SealedAnswer = {
  tenant: string;
  job_id: string;
  job_hash: string;
  effective_digest: string;
  policy_epoch: number;
  /** RFC 3339 in UTC: until then it stands, under this epoch. */
  until: string;
  /** All decisions of the answer, in the order made. */
  decisions: string;
  /** The request as the rules last saw it. */
  rewritten: string;
  /** The job as it will run. */
  effective: string;
};

/** What a seal covers of this answer until then; null for an answer that lets nothing run. */
export function sealedAnswerOf({ decisions, rewritten, effective }: Judged, until: string): SealedAnswer | null {
  const { job_hash, effective_digest, policy_epoch } = decisions[decisions.length - 1]!;
  if (rewritten === null || effective === null || effective_digest === null) return null;
  const { tenant, job_id } = effective;
  const named = { tenant, job_id, job_hash, effective_digest, policy_epoch, until };
  const texts = { decisions: canonicalize(decisions), rewritten: canonicalize(rewritten) };
  return { ...named, ...texts, effective: canonicalize(effective) };
}

/** 43 characters, base64url. Always by the first key, so that a new one is put in front once every verifier knows it. */
export function sealDecision(keys: readonly SealKey[], sealed: SealedAnswer): string {
  return Buffer.from(macOf(keys[0]!, sealed)).toString('base64url');
}

/** Whether one of the keys sealed exactly this. Says nothing about time or epoch: compare `until` and `policy_epoch`. */
export function isSealed(keys: readonly SealKey[], sealed: SealedAnswer, seal: string): boolean {
  const claimed = Buffer.from(seal, 'base64url');
  return keys.some((key) => {
    const mac = macOf(key, sealed);
    return claimed.length === mac.length && timingSafeEqual(claimed, mac);
  });
}

function macOf(key: SealKey, sealed: SealedAnswer): Uint8Array {
  const { tenant, job_id, job_hash, effective_digest, policy_epoch, until, decisions, rewritten, effective } = sealed;
  const fields = [
    tenant,
    job_id,
    job_hash,
    effective_digest,
    String(policy_epoch),
    until,
    decisions,
    rewritten,
    effective,
  ];
  const mac = createHmac('sha256', key).update(domainPrefix(SEAL_DOMAIN));
  for (const field of fields) mac.update(lengthPrefixed(encodeUtf8(field)));
  return Buffer.from(mac.digest('hex'), 'hex');
}
