/**
 * Reads `control`. Under its shared lock (`gate`), every gate transaction does so before it writes or judges (admit,
 * dispatch, claim, beat, release): once a change of `control` has returned, nothing is decided under the old state.
 */
import type { KnownControl } from '@countersign/contracts/control';
import { knownControl } from '@countersign/contracts/control';
import type { Tx } from './database.ts';

type Read = (tx: Tx, tenants: readonly string[], subjects?: readonly string[]) => Promise<KnownControl>;

const reading =
  (call: 'gate' | 'known'): Read =>
  async (tx, tenants, subjects = []) => {
    const [row] = await tx.query<{ state: unknown }>(`SELECT control.${call}($1::text[], $2::text[]) AS state`, [
      [...new Set(tenants)],
      [...new Set(subjects)],
    ]);
    return knownControl.parse(row?.state);
  };

/** `subjects`: the principals whose revocation matters here. Holds back every change until the transaction ends. */
export const gate: Read = reading('gate');

/** Without the lock: what to plan under. The step that carries the plan out compares the revision under the lock. */
export const readControl: Read = reading('known');
