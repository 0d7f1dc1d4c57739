/** Turns a credential into a caller, or refuses. A revoked or expired one is believed for `auth_cache_ms` at most. */

import type { KeyObject } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import { readWorkerKeyid } from '@countersign/contracts/worker-door';
import { sha256 } from '@countersign/ledger/digest';
import { monotonicMs } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import { publicKeyOf } from '@countersign/platform/ed25519-keys';
import { rememberBriefly } from '@countersign/platform/remember-briefly';
import { hashApiKey, isApiKey } from './api-key.ts';
import { boundGuesses } from './bound-guesses.ts';
import type { Caller } from './caller.ts';
import { isSecret } from './console/session-cookie.ts';
import { findSession, useSession } from './console/store-sessions.ts';
import type { TokenClaims, Tokens } from './open-tokens.ts';
import { findAgent, findKey, findWorker, type PrincipalRow } from './store.ts';
import { findToken } from './store-tokens.ts';
import { actingOf } from './token-acting.ts';

/** Both count while one takes over from the other; the newest first. `raw`: base64url. */
export type SigningKeys = readonly { raw: string; key: KeyObject }[];
type Agent = { caller: Caller; signing_keys: SigningKeys };
/** Of which pool, by its name there. */
export type Worker = { pool: string; worker: string };
type SigningWorker = { worker: Worker; signing_keys: SigningKeys };
export type Authenticator = {
  /** `address`: where it came from. Throws `unauthenticated`, `revoked` or `too_many_requests`. */
  byKey(key: string, address: string): Promise<Caller>;
  /**
   * Who signs; that it did sign is still to be verified. `address` as above; the bus knows none, and lets in only who has a
   * user of its tenant. Throws the same.
   */
  byAgent(id: string, address: string | null): Promise<Agent>;
  /** The worker that a signature names so; else as above. */
  byWorker(keyid: string, address: string): Promise<SigningWorker>;
  /** Throws `unauthenticated` or `revoked`. A wrong token costs no look into Postgres, so nothing bounds how many come. */
  byToken(token: string): Promise<Caller>;
  /** Of a session's secret; `use`: somebody does something in it, so that it does not end yet. Throws the same. */
  bySession(secret: string, use: boolean): Promise<Caller>;
};

type Credential = Pick<Caller, 'auth_method'> &
  Partial<Pick<Caller, 'key_id' | 'token_id' | 'signing_key' | 'on_behalf_of' | 'session'>>;

/** `tokens`: null when this system issues none. */
export function createAuthenticator(database: Tx, tokens: Tokens | null): Authenticator {
  const limits = { ttl_ms: LIMITS.auth_cache_ms, max_entries: LIMITS.auth_cache_entries };
  const byKeyHash = rememberBriefly<Caller>(limits);
  const byAgentId = rememberBriefly<Agent>(limits);
  const byToken = rememberBriefly<Caller>(limits);
  const bySecret = rememberBriefly<Caller>(limits);
  const byWorkerName = rememberBriefly<SigningWorker>(limits);
  const prove = boundProofs();

  return {
    byKey: async (key, address) => {
      const hash = hashApiKey(key);
      const name = Buffer.from(hash).toString('base64');
      const beginning = key.slice(0, LIMITS.key_prefix_chars);
      return orRefuse(byKeyHash(name, () => prove({ name, address, beginning }, () => readKey(database, key, hash))));
    },
    byAgent: async (id, address) => {
      const read = (): Promise<Agent> => readAgent(database, id);
      const source = { name: `agent ${id}`, beginning: `agent ${id}` };
      return orRefuse(byAgentId(id, () => (address === null ? read() : prove({ ...source, address }, read))));
    },
    byWorker: async (keyid, address) => {
      const source = { name: keyid, beginning: keyid, address };
      return orRefuse(byWorkerName(keyid, () => prove(source, () => readWorker(database, keyid))));
    },
    byToken: async (token) => {
      if (tokens === null || token.length > LIMITS.access_token_chars) throw new CountersignError('unauthenticated');
      const claims = await tokens.open(token);
      return orRefuse(byToken(claims.jti, () => readToken(database, claims)));
    },
    bySession: async (secret, use) => {
      if (!isSecret(secret)) throw new CountersignError('unauthenticated');
      const hash = sha256(Buffer.from(secret));
      const name = `${Buffer.from(hash).toString('base64')}${use ? ' in use' : ''}`;
      return orRefuse(bySecret(name, () => readSession(database, hash, use)));
    },
  };
}

/** Looks a credential up within the bounds of guessing, which one that was right when it was looked up last does not meet. */
function boundProofs() {
  const guesses = boundGuesses(monotonicMs);
  const proven = new Set<string>();
  return async <V>(
    { name, address, beginning }: { name: string; address: string; beginning: string },
    look: () => Promise<V>,
  ): Promise<V> => {
    const refund = proven.has(name) ? () => {} : guesses.take(address, beginning);
    try {
      const found = await look();
      refund();
      if (proven.size >= LIMITS.auth_cache_entries) proven.delete(proven.keys().next().value as string);
      proven.add(name);
      return found;
    } catch (thrown) {
      if (isWrong(thrown)) proven.delete(name);
      else refund();
      throw thrown;
    }
  };
}

/** The credential was judged, and is none; an outage judged nothing. */
function isWrong(thrown: unknown): boolean {
  return thrown instanceof CountersignError && (thrown.code === 'unauthenticated' || thrown.code === 'revoked');
}

async function orRefuse<V>(found: Promise<V | undefined>): Promise<V> {
  const value = await found;
  if (value === undefined) throw new CountersignError('unauthenticated');
  return value;
}

async function readKey(database: Tx, key: string, hash: Uint8Array): Promise<Caller> {
  const row = isApiKey(key) ? await findKey(database, hash) : undefined;
  if (row === undefined) throw new CountersignError('unauthenticated');
  refuseEnded(row);
  return callerOf(row, { auth_method: 'api_key', key_id: row.key_id }, row.permissions);
}

async function readSession(database: Tx, hash: Uint8Array, use: boolean): Promise<Caller> {
  const row = await findSession(database, hash);
  if (row === undefined) throw new CountersignError('unauthenticated');
  refuseEnded(row);
  if (use) await useSession(database, hash);
  const credential = {
    auth_method: 'session' as const,
    key_id: row.key_id,
    session: Buffer.from(hash).toString('hex'),
  };
  return callerOf(row, credential, row.permissions);
}

function refuseEnded(row: { revoked: boolean; expired?: boolean }): void {
  if (row.expired === true) throw new CountersignError('unauthenticated');
  if (row.revoked) throw new CountersignError('revoked');
}

function callerOf(row: PrincipalRow, credential: Credential, permissions: readonly string[]): Caller {
  return {
    id: row.id,
    type: row.type,
    tenant: row.tenant,
    owner: row.owner,
    groups: row.groups,
    ceiling: row.ceiling,
    key_id: null,
    token_id: null,
    signing_key: null,
    on_behalf_of: [],
    ...credential,
    permissions: new Set(permissions),
  };
}

async function readAgent(database: Tx, id: string): Promise<Agent> {
  const row = await findAgent(database, id);
  if (!row?.signing_key) throw new CountersignError('unauthenticated');
  refuseEnded(row);
  const caller = callerOf(row, { auth_method: 'signature' }, PERMISSION_SETS.agent);
  return { caller, signing_keys: keysOf(row.signing_key, row.former_key) };
}

async function readWorker(database: Tx, keyid: string): Promise<SigningWorker> {
  const worker = readWorkerKeyid(keyid);
  const row = worker === null ? undefined : await findWorker(database, worker);
  if (worker === null || row === undefined) throw new CountersignError('unauthenticated');
  refuseEnded(row);
  return { worker, signing_keys: keysOf(row.public_key, row.former_key) };
}

function keysOf(...raws: (string | null)[]): SigningKeys {
  return raws.filter((raw) => raw !== null).map((raw) => ({ raw, key: publicKeyOf(raw) }));
}

/** The registry decides; the claims only say where to look, and have to agree. */
async function readToken(database: Tx, claims: TokenClaims): Promise<Caller> {
  const { jti: token_id, sub, act, tenant, scope } = claims;
  const row = await findToken(database, token_id);
  if (row === undefined) throw new CountersignError('unauthenticated', 'the token is not valid');
  const acting = JSON.stringify(actingOf(row.id, row.on_behalf_of)) === JSON.stringify({ sub, ...(act && { act }) });
  const agrees = acting && row.tenant === tenant && [...row.scope].sort().join(' ') === scope;
  // A token ends with the agent's key that it was made with.
  const stands = agrees && [null, row.signing_key, row.former_key].includes(row.made_with);
  if (!stands) throw new CountersignError('unauthenticated', 'the token is not valid');
  refuseEnded(row);
  const may = new Set<string>(row.key_permissions ?? PERMISSION_SETS.agent);
  const permissions = row.scope.filter((name) => may.has(name));
  return callerOf(
    row,
    { auth_method: 'token', key_id: row.key_id, token_id, on_behalf_of: row.on_behalf_of },
    permissions,
  );
}
