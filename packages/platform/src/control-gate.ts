/**
 * Reads `control`. Under its shared lock (`gate`), every gate transaction does so before it writes or judges (admit,
 * dispatch, claim, beat, release): once a change of `control` has returned, nothing is decided under the old state.
 */
import { callerSubjects, type KnownControl, knownControl } from '@countersign/contracts/control';
import { CountersignError } from '@countersign/contracts/errors';
import type { Principal } from '@countersign/contracts/rpc';
import type { Tx } from './database.ts';

type Read = (tx: Tx, tenants: readonly string[], subjects?: readonly string[]) => Promise<KnownControl>;

/**
 * `subjects`: whose revocation matters here; principals by id, others as `keySubject` and `workerSubject` name them.
 * Holds back every change until the transaction ends.
 */
export const gate: Read = reading('gate');

/** Without the lock: what to plan under. The step that carries the plan out compares the revision under the lock. */
export const readControl: Read = reading('known');

/**
 * A revocation that has returned counts here too, whatever the door saw a moment ago. Throws `revoked`, else resolves to what
 * holds for these tenants.
 */
export async function refuseRevoked(
  tx: Tx,
  caller: Pick<Principal, 'id' | 'key_id' | 'token_id'>,
  tenants: readonly string[] = [],
): Promise<KnownControl> {
  const state = await gate(tx, tenants, callerSubjects(caller));
  if (state.revoked.length > 0) throw new CountersignError('revoked');
  return state;
}

function reading(call: 'gate' | 'known'): Read {
  return async (tx, tenants, subjects = []) => {
    const [row] = await tx.query<{ state: unknown }>(`SELECT control.${call}($1::text[], $2::text[]) AS state`, [
      [...new Set(tenants)],
      [...new Set(subjects)],
    ]);
    return knownControl.parse(row?.state);
  };
}
