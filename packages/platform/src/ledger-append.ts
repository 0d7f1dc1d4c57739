/**
 * Hands entries to `ledger.append`, in the transaction of the step they prove. It must be that transaction's last write:
 * its answer is awaited together with the commit's.
 */
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Tx } from './database.ts';

const APPEND = 'SELECT ledger.append($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])';

export async function append(tx: Tx, entries: readonly NewEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const appended = tx.query(APPEND, [
    entries.map((entry) => entry.chain),
    entries.map((entry) => entry.kind),
    entries.map((entry) => entry.tenant),
    entries.map((entry) => entry.topic),
    entries.map((entry) => canonicalize(entry.body)),
  ]);
  if (tx.defer) tx.defer(appended);
  else await appended;
}
