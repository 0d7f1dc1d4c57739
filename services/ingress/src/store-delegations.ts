/** SQL of ingress on who lets whom act on its behalf. */
import type { Link } from '@countersign/contracts/delegation';
import type { DelegationView } from '@countersign/contracts/http';
import type { Tx } from '@countersign/platform/database';

const STANDS = `d.expires_at > clock_timestamp() AND NOT EXISTS (
    SELECT FROM control.revocations r WHERE r.subject = 'delegation:' || d.delegation_id)`;

const VIEW = `d.delegation_id, d.principal_id AS principal, d.delegate_id AS "to", d.group_name AS votes_in, ${INSTANT('created_at')}, ${INSTANT('expires_at')}`;

type NewDelegation = {
  delegation_id: string;
  principal: string;
  to: string;
  /** The group in which it only lends its vote; null when it lets the other act. */
  votes_in: string | null;
  tenant: string;
  life_ms: number;
};

/** Those of the chain whom the tenant knows, who are not revoked, and who let the next one (at last `caller`) act for them. */
export function findLinks(tx: Tx, tenant: string, chain: readonly string[], caller: string): Promise<Link[]> {
  return tx.query<Link>(
    `SELECT p.principal_id AS id, p.owner
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS link (principal_id, next_id, place)
       JOIN identity.principals p USING (principal_id)
      WHERE p.tenant = $3
        AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = p.principal_id)
        AND EXISTS (SELECT FROM identity.delegations d
                    WHERE d.principal_id = link.principal_id AND d.delegate_id = link.next_id AND d.group_name IS NULL AND ${STANDS})
      ORDER BY link.place`,
    [chain, [...chain.slice(1), caller], tenant],
  );
}

/** Undefined when the tenant knows nobody of that name who is not revoked. */
export async function insertDelegation(tx: Tx, row: NewDelegation): Promise<DelegationView | undefined> {
  const [made] = await tx.query<DelegationView>(
    `INSERT INTO identity.delegations AS d (delegation_id, principal_id, delegate_id, expires_at, group_name)
     SELECT $1, $2, p.principal_id, clock_timestamp() + $5 * interval '1 millisecond', $6
       FROM identity.principals p
      WHERE p.principal_id = $3 AND p.tenant = $4 AND ($6::text IS NULL OR p.type = 'human')
        AND NOT EXISTS (SELECT FROM control.revocations r WHERE r.subject = p.principal_id)
     RETURNING ${VIEW}`,
    [row.delegation_id, row.principal, row.to, row.tenant, row.life_ms, row.votes_in],
  );
  return made;
}

/** What it gave and what it was given, as far as it stands; the newest first. */
export function listDelegations(tx: Tx, principal: string, limit: number): Promise<DelegationView[]> {
  return tx.query<DelegationView>(
    `SELECT ${VIEW} FROM identity.delegations d
      WHERE (d.principal_id = $1 OR d.delegate_id = $1) AND ${STANDS} ORDER BY d.delegation_id DESC LIMIT $2`,
    [principal, limit],
  );
}

export async function countGiven(tx: Tx, principal: string): Promise<number> {
  const [row] = await tx.query<{ given: string }>(
    `SELECT count(*) AS given FROM identity.delegations d WHERE d.principal_id = $1 AND ${STANDS}`,
    [principal],
  );
  return Number(row!.given);
}

/** Whether that principal gave it. */
export async function isGivenBy(tx: Tx, principal: string, delegation_id: string): Promise<boolean> {
  const rows = await tx.query('SELECT FROM identity.delegations WHERE delegation_id = $1 AND principal_id = $2', [
    delegation_id,
    principal,
  ]);
  return rows.length === 1;
}

function INSTANT(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${column}`;
}
