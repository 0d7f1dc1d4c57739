/** SQL of ingress for what lives shortly: tokens and nonces, and the end of whatever has expired. */
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import { IS_REVOKED, PRINCIPAL, type PrincipalRow } from './store.ts';
import type { Functions } from './tables.ts';

const routines = routinesOf<Functions>();

type TokenRow = PrincipalRow & {
  key_id: string | null;
  /** Of the agent, when it asked for the token by a signature. */
  made_with: string | null;
  scope: string[];
  on_behalf_of: string[];
  /** What the key may today; null without one. */
  key_permissions: string[] | null;
  expired: boolean;
};

const FIND_TOKEN = `SELECT ${PRINCIPAL}, t.key_id, t.signing_key AS made_with, t.scope, t.on_behalf_of, k.permissions AS key_permissions,
    ${IS_REVOKED('p.principal_id', "'key:' || k.key_id", "'token:' || t.token_id")},
    t.expires_at <= clock_timestamp() OR coalesce(k.expires_at <= clock_timestamp(), false) AS expired
  FROM identity.tokens t JOIN identity.principals p USING (principal_id) LEFT JOIN identity.api_keys k USING (key_id)
  WHERE t.token_id = $1`;

type NewToken = {
  token_id: string;
  principal: string;
  key_id: string | null;
  signing_key: string | null;
  scope: readonly string[];
  on_behalf_of: readonly string[];
  /** Seconds from now. */
  life_s: number;
};

/** `signer`: as its signatures name it. False when it has used the nonce before. */
export async function insertNonce(tx: Tx, row: { signer: string; nonce: string; until: string }): Promise<boolean> {
  const made = await tx.query(
    `INSERT INTO identity.nonces (principal_id, nonce, expires_at) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [row.signer, row.nonce, row.until],
  );
  return made.length === 1;
}

export async function findToken(tx: Tx, token_id: string): Promise<TokenRow | undefined> {
  return (await tx.query<TokenRow>(FIND_TOKEN, [token_id]))[0];
}

/** When it expires, in seconds since the epoch by the database's clock; null when the principal has `most` alive already. */
export async function insertToken(tx: Tx, row: NewToken, most: number): Promise<number | null> {
  const [made] = await tx.query<{ expires: string }>(
    `INSERT INTO identity.tokens (token_id, principal_id, key_id, signing_key, scope, on_behalf_of, expires_at)
     SELECT $1, $2, $3, $4, $5, $8, date_trunc('second', clock_timestamp()) + make_interval(secs => $6)
     WHERE (SELECT count(*) FROM (SELECT FROM identity.tokens t WHERE t.principal_id = $2
                                  AND t.expires_at > clock_timestamp() LIMIT $7) AS alive) < $7
     RETURNING extract(epoch FROM expires_at)::bigint AS expires`,
    [row.token_id, row.principal, row.key_id, row.signing_key, row.scope, row.life_s, most, row.on_behalf_of],
  );
  return made === undefined ? null : Number(made.expires);
}

/** Deletes at most `rows` of each that have expired. True when there may be more. */
export async function deleteExpired(tx: Tx, rows: number): Promise<boolean> {
  const nonces = await tx.query(
    `DELETE FROM identity.nonces WHERE (principal_id, nonce) IN
       (SELECT principal_id, nonce FROM identity.nonces WHERE expires_at <= clock_timestamp() ORDER BY expires_at LIMIT $1)
     RETURNING 1`,
    [rows],
  );
  const tokens = await tx.query<{ token_id: string }>(
    `DELETE FROM identity.tokens WHERE token_id IN
       (SELECT token_id FROM identity.tokens WHERE expires_at <= clock_timestamp() ORDER BY expires_at LIMIT $1)
     RETURNING token_id`,
    [rows],
  );
  const sessions = await tx.query(
    `DELETE FROM identity.sessions WHERE session_sha256 IN
       (SELECT session_sha256 FROM identity.sessions WHERE expires_at <= clock_timestamp() ORDER BY expires_at LIMIT $1)
     RETURNING 1`,
    [rows],
  );
  if (tokens.length > 0)
    await routines.answer(
      tx,
      'control.forget_tokens',
      tokens.map(({ token_id }) => token_id),
    );
  return [nonces, tokens, sessions].some(({ length }) => length === rows);
}
