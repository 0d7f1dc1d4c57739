/**
 * Decides whether a signed and screened result still counts, from what the fence and `control` say inside the
 * transaction. Pure; first the claim, then the attempt, then whether the screening was made under what is active now.
 */
import { type ControlState, workerSubject } from '@countersign/contracts/control';
import type { UnsignedResult } from '@countersign/contracts/worker';
import { OUTPUT_DOMAIN, saltedDigestOfBytes } from '@countersign/ledger/digest';
import { type ActivePolicy, isStillActive } from './active-policies.ts';
import type { NamedArtifacts } from './artifacts/judge-named.ts';
import type { Sender } from './read-result.ts';
import { looksAtCapability, type Screening } from './screen-output.ts';
import type { FencedAttempt } from './store.ts';

export type ScreenedResult = {
  kind: 'screened';
  from: Sender;
  result: UnsignedResult;
  /** Canonical text of the output as it was signed. */
  output_text: string;
  screening: Screening;
  /** The policy that the screening was made under. */
  policy: ActivePolicy;
  capability: string | null;
  /** Null where the result names none. */
  artifacts: NamedArtifacts | null;
};

/** From whoever holds the claim, and not JSON that two readers would read alike. */
export type UnreadResult = {
  kind: 'unread';
  from: Sender;
  dispatch_id: string;
  claim_id: string;
  /** The outcome of reading it. */
  code: string;
  data: Uint8Array;
};

type Standing =
  | { kind: 'counts' }
  /** Screened before, and it is the same: the worker asks until it is told that this is settled. */
  | { kind: 'duplicate' }
  | { kind: 'refused'; code: string }
  /** Policy or capability are others than the screening assumed: screen again. */
  | { kind: 'moved'; capability: string | null };

export function judgeResult(item: ScreenedResult, fenced: FencedAttempt, control: ControlState): Standing {
  const { result, from } = item;
  if (fenced.screened_digest !== null) {
    return isSame(Buffer.from(item.output_text, 'utf8'), fenced)
      ? { kind: 'duplicate' }
      : { kind: 'refused', code: 'attempt_stale' };
  }
  if (result.tenant !== fenced.tenant || result.job_id !== fenced.job_id || from.topic !== fenced.topic) {
    return { kind: 'refused', code: 'field_invalid' };
  }
  if (from.pool !== fenced.pool || from.worker !== fenced.worker || result.claim_id !== fenced.claim_id) {
    return { kind: 'refused', code: 'claim_lost' };
  }
  if (result.attempt !== fenced.attempt) return { kind: 'refused', code: 'attempt_stale' };
  if (!fenced.acceptable) return { kind: 'refused', code: fenced.code ?? 'attempt_stale' };
  if (control.revoked.includes(workerSubject(from))) return { kind: 'refused', code: 'revoked' };
  const sameCapability = item.capability === fenced.capability || !looksAtCapability(item.policy.compiled);
  if (sameCapability && isStillActive(item.policy, control.policies[fenced.tenant])) return { kind: 'counts' };
  return { kind: 'moved', capability: fenced.capability };
}

/** Only the claim, which nobody but its worker knows, lets an unread result stand for its attempt. */
export function judgeUnread(item: UnreadResult, fenced: FencedAttempt, control: ControlState): Standing {
  const { from, claim_id, code, data } = item;
  if (fenced.screened_digest !== null) {
    return isSame(data, fenced) ? { kind: 'duplicate' } : { kind: 'refused', code: 'attempt_stale' };
  }
  const isOwn =
    from.pool === fenced.pool &&
    from.worker === fenced.worker &&
    claim_id === fenced.claim_id &&
    from.tenant === fenced.tenant &&
    from.topic === fenced.topic;
  if (!isOwn) return { kind: 'refused', code };
  if (!fenced.acceptable) return { kind: 'refused', code: fenced.code ?? 'attempt_stale' };
  return control.revoked.includes(workerSubject(from)) ? { kind: 'refused', code: 'revoked' } : { kind: 'counts' };
}

/** `salt` base64url; `bytes` the canonical output, or a whole message that could not be read. */
export function outputDigest(salt: string, bytes: Uint8Array): string {
  return saltedDigestOfBytes(OUTPUT_DOMAIN, Buffer.from(salt, 'base64url'), bytes);
}

/** Once the salt is erased nobody can tell, and nothing can be won by a difference. */
function isSame(bytes: Uint8Array, { screened_salt, screened_digest }: FencedAttempt): boolean {
  return screened_salt === null || outputDigest(screened_salt, bytes) === screened_digest;
}
