/** SQL of the review: what stands in the registry, and the uses of it. Each is looked up by key. */
import type { AgentView } from '@countersign/contracts/identity';
import type { Tx } from '@countersign/platform/database';

type Span = { since: string; complete: boolean; judged_before: string };

type UnusedKey = { key_id: string; principal: string; last_used_at: string | null };

/**
 * `since`: so many days ago. Only what is older than the window is judged; and nothing at all while uses have not been kept
 * for as long, because of what was used before nobody knows.
 */
export async function keptSince(tx: Tx, days: number): Promise<Span> {
  const [row] = await tx.query<Span>(
    `SELECT s.since, s.since >= u.last_used_at AS complete, 
       CASE WHEN s.since >= u.last_used_at THEN s.since ELSE '-infinity' END AS judged_before
     FROM (SELECT clock_timestamp() - make_interval(days => $1) AS since) s
     CROSS JOIN (SELECT last_used_at FROM identity.uses WHERE subject = '') u`,
    [days],
  );
  return row!;
}

/** Agents that are older than `before`, by id. */
export function agentsBefore(
  tx: Tx,
  { tenant, before, after, rows }: { tenant: string; before: string; after: string; rows: number },
): Promise<Pick<AgentView, 'id' | 'owner' | 'ceiling'>[]> {
  return tx.query(
    `SELECT p.principal_id AS id, p.owner, p.ceiling FROM identity.principals p
     WHERE p.tenant = $1 AND p.type = 'agent' AND p.principal_id > $3 AND p.created_at < $2
       AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = p.principal_id)
     ORDER BY p.principal_id LIMIT $4`,
    [tenant, before, after, rows],
  );
}

/** Which rights of these agents were used since. '0' is the sign behind '/'. */
export async function usedRights(tx: Tx, agents: readonly string[], since: string): Promise<string[]> {
  return (
    await tx.query<{ subject: string }>(
      `SELECT u.subject FROM unnest($1::text[]) AS a (id)
       CROSS JOIN LATERAL (
         SELECT subject FROM identity.uses
         WHERE subject >= 'right:' || a.id || '/' AND subject < 'right:' || a.id || '0' AND last_used_at >= $2
       ) u`,
      [agents, since],
    )
  ).map(({ subject }) => subject);
}

export function unusedKeys(
  tx: Tx,
  { tenant, since, before }: { tenant: string; since: string; before: string },
): Promise<UnusedKey[]> {
  return tx.query(
    `SELECT k.key_id, k.principal_id AS principal, u.last_used_at
     FROM identity.api_keys k LEFT JOIN identity.uses u ON u.subject = 'key:' || k.key_id
     WHERE k.tenant = $1 AND k.created_at < $3 AND coalesce(u.last_used_at < $2, true)
       AND coalesce(k.expires_at > clock_timestamp(), true)
       AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject IN (k.principal_id, 'key:' || k.key_id))
     ORDER BY k.key_id LIMIT 1000`,
    [tenant, since, before],
  );
}

/** Registered workers that were not revoked, by pool and name; of each whether it is older than `before`. */
export function goodWorkers(tx: Tx, before: string): Promise<{ pool: string; worker: string; is_judged: boolean }[]> {
  return tx.query(
    `SELECT w.pool, w.worker, w.created_at < $1::timestamptz AS is_judged FROM identity.workers w
     WHERE NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = 'worker:' || w.pool || '/' || w.worker)
     ORDER BY w.pool, w.worker`,
    [before],
  );
}
