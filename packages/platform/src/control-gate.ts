/**
 * Reads `control` under its shared lock. It is the first statement of every gate transaction (admit, dispatch, claim,
 * release): once a change of `control` has returned, nothing is decided under the old state.
 */

import type { ControlState } from '@countersign/contracts/control';
import { controlState } from '@countersign/contracts/control';
import type { Tx } from './database.ts';

/** `subjects`: the principals whose revocation matters here. */
export const gate = async (
  tx: Tx,
  tenants: readonly string[],
  subjects: readonly string[] = [],
): Promise<ControlState> => {
  const [row] = await tx.query<{ state: unknown }>('SELECT control.gate($1::text[], $2::text[]) AS state', [
    [...new Set(tenants)],
    [...new Set(subjects)],
  ]);
  return controlState.parse(row?.state);
};
