/** SQL of when credentials were used last, and of those in use that are about to end. */
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

/**
 * How many API keys that somebody lives on end within `days`. A key that was replaced and is not used any more, and one that was
 * made for so short a time that its end can surprise nobody, are not meant.
 */
export async function countEnding(tx: Tx, days: number): Promise<number> {
  const [row] = await tx.query<{ ending: number }>(
    `SELECT count(*)::int AS ending FROM identity.api_keys k JOIN identity.uses u ON u.subject = 'key:' || k.key_id
      WHERE k.expires_at > now() AND k.expires_at <= now() + make_interval(days => $1)
        AND k.expires_at - k.created_at > make_interval(days => 2 * $1)
        AND u.last_used_at > now() - make_interval(days => $1)
        AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = 'key:' || k.key_id)`,
    [days],
  );
  return row!.ending;
}
