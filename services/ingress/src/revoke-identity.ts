/**
 * Revokes a principal with all its keys, one key, or a worker: for good, known subjects only, with evidence in the same
 * transaction. Who asks is the key that a door has verified, or this service's own role; nothing that anybody says of
 * themselves.
 */
import type { REVOCABLE_KINDS } from '@countersign/contracts/control';
import { CountersignError, type ErrorCode } from '@countersign/contracts/errors';
import type { Tx } from '@countersign/platform/database';
import { type By, revokeInControl } from './store.ts';

export type Revocation = {
  what: (typeof REVOCABLE_KINDS)[number];
  /** A principal's id, a key's id, or `<pool>/<worker>`. */
  id: string;
  reason: string;
  /** Id of the key that asks for it; null for the service's own role, or where `by` says who. */
  by_key: string | null;
  /** Who came without a key, or with one. */
  by?: By;
};

/** As `control.revoke` refuses. */
const REFUSALS: Readonly<Record<string, ErrorCode>> = {
  CS004: 'identity_unknown',
  CS005: 'field_invalid',
  CS006: 'unauthenticated',
};

/**
 * Returns the revision of `control`; the same again changes nothing. Throws `identity_unknown`, `field_invalid` (no
 * reason), `unauthenticated`.
 */
export async function revokeIdentity(tx: Tx, { what, id, reason, by_key, by }: Revocation): Promise<number> {
  return refusing(revokeInControl(tx, [what, id, reason], by ?? { key_id: by_key, id: null, auth_method: null }));
}

/** What a function of `control` refuses, as an error of the contracts. */
export async function refusing<R>(asked: Promise<R>): Promise<R> {
  try {
    return await asked;
  } catch (thrown) {
    const code = REFUSALS[String((thrown as { code?: unknown }).code)];
    if (code === undefined) throw thrown;
    throw new CountersignError(code, undefined, code === 'field_invalid' ? { at: '/reason' } : {});
  }
}
