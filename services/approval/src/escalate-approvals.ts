/** Lets another group vote as well where a rule says so and nobody has decided for a while, by the database's clock. */
import { LIMITS } from '@countersign/contracts/limits';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { escalatedEntry } from './approval-entries.ts';
import { escalateDue } from './store.ts';

/** Of several instances one escalates each: the row's lock decides. A vote under way comes first. */
export async function sweepEscalations({ database }: Pick<ServiceContext<unknown>, 'database'>): Promise<void> {
  await database.transaction(async (tx) => {
    const escalated = await escalateDue(tx, LIMITS.batch_rows);
    await append(tx, escalated.map(escalatedEntry));
  });
}
