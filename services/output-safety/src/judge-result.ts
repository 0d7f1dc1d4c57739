/**
 * Decides whether a signed and screened result still counts, from what the fence and `control` say inside the
 * transaction. Pure; first the claim, then the attempt, then whether the screening was made under what is active now.
 */
import { type ControlState, workerSubject } from '@countersign/contracts/control';
import type { WorkerResult } from '@countersign/contracts/worker';
import { OUTPUT_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { type ActivePolicy, isStillActive } from './active-policies.ts';
import type { Sender } from './read-result.ts';
import { looksAtCapability, type Screening } from './screen-output.ts';
import type { FencedAttempt } from './store.ts';

export type ScreenedResult = {
  kind: 'screened';
  from: Sender;
  result: WorkerResult;
  /** Canonical text of the output as it was signed. */
  output_text: string;
  screening: Screening;
  /** What the screening was made under. */
  policy: ActivePolicy;
  capability: string | null;
};

export type Standing =
  | { kind: 'counts' }
  /** Screened before, and it is the same: the worker asks until it is told that this is settled. */
  | { kind: 'duplicate' }
  | { kind: 'refused'; code: string }
  /** Policy or capability are others than the screening assumed: screen again. */
  | { kind: 'moved'; capability: string | null };

export const judgeResult = (item: ScreenedResult, fenced: FencedAttempt, control: ControlState): Standing => {
  const { result, from } = item;
  if (fenced.screened_digest !== null) {
    return isSame(item, fenced) ? { kind: 'duplicate' } : { kind: 'refused', code: 'attempt_stale' };
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
};

/** Once the salt is erased nobody can tell, and nothing can be won by a difference. */
const isSame = (item: ScreenedResult, { screened_salt, screened_digest }: FencedAttempt): boolean =>
  screened_salt === null || outputDigest(screened_salt, item.output_text) === screened_digest;

/** `salt` base64url. */
export const outputDigest = (salt: string, text: string): string =>
  saltedDigest(OUTPUT_DOMAIN, Buffer.from(salt, 'base64url'), text);
