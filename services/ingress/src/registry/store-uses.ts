/** SQL of when credentials were used last. */
import type { Tx } from '@countersign/platform/database';

/** As of now, by the database's clock. In one order, so that two instances never wait for each other. */
export async function writeUses(tx: Tx, subjects: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO identity.uses AS u (subject, last_used_at)
     SELECT s.subject, clock_timestamp() FROM unnest($1::text[]) AS s (subject) ORDER BY s.subject
     ON CONFLICT (subject) DO UPDATE SET last_used_at = greatest(u.last_used_at, excluded.last_used_at)`,
    [subjects],
  );
}
