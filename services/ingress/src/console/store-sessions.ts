/** SQL of the console's sessions. What one may is never here: it is looked up with its key and its principal, each time. */
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import { IS_REVOKED, type KeyRow, PRINCIPAL } from '../store.ts';

type SessionRow = KeyRow & { made_by_login: boolean };

const FIND_SESSION = `SELECT ${PRINCIPAL}, k.key_id, k.permissions, ${IS_REVOKED('p.principal_id', "'key:' || k.key_id")},
    s.expires_at <= clock_timestamp() OR coalesce(k.expires_at <= clock_timestamp(), false) AS expired,
    s.made_by_login
  FROM identity.sessions s JOIN identity.api_keys k USING (key_id) JOIN identity.principals p USING (principal_id)
  WHERE s.session_sha256 = $1`;

/** Only while it stands, and only when that moves its end by enough to be worth a write. */
const USE_SESSION = `UPDATE identity.sessions
  SET expires_at = least(ends_at, clock_timestamp() + make_interval(secs => $2))
  WHERE session_sha256 = $1 AND expires_at > clock_timestamp()
    AND expires_at < least(ends_at, clock_timestamp() + make_interval(secs => $2)) - make_interval(secs => $3)`;

const INSERT_SESSION = `INSERT INTO identity.sessions (session_sha256, key_id, made_by_login, ends_at, expires_at)
  SELECT $1, k.key_id, $3, e.ends_at, least(e.ends_at, clock_timestamp() + make_interval(secs => $5))
  FROM identity.api_keys k, LATERAL (SELECT least(k.expires_at, clock_timestamp() + make_interval(secs => $4)) AS ends_at) e
  WHERE k.key_id = $2`;

/** Whoever signs in again and again has the last ones. */
const END_OLDEST = `DELETE FROM identity.sessions WHERE session_sha256 IN
  (SELECT session_sha256 FROM identity.sessions WHERE key_id = $1 ORDER BY created_at DESC OFFSET $2)`;

const IDLE_S = LIMITS.console_idle_ms / 1000;

export async function insertSession(
  tx: Tx,
  row: { session_sha256: Uint8Array; key_id: string; made_by_login: boolean },
): Promise<void> {
  const most_s = LIMITS.console_session_ms / 1000;
  await tx.query(INSERT_SESSION, [row.session_sha256, row.key_id, row.made_by_login, most_s, IDLE_S]);
  await tx.query(END_OLDEST, [row.key_id, LIMITS.console_sessions]);
}

export async function findSession(tx: Tx, session_sha256: Uint8Array): Promise<SessionRow | undefined> {
  return (await tx.query<SessionRow>(FIND_SESSION, [session_sha256]))[0];
}

/** Somebody does something in it: it goes on for as long again. */
export async function useSession(tx: Tx, session_sha256: Uint8Array): Promise<void> {
  await tx.query(USE_SESSION, [session_sha256, IDLE_S, LIMITS.console_use_ms / 1000]);
}

export async function deleteSession(tx: Tx, session_sha256: Uint8Array): Promise<void> {
  await tx.query('DELETE FROM identity.sessions WHERE session_sha256 = $1', [session_sha256]);
}
