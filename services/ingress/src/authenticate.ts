/** Turns a credential into a caller, or refuses. A revoked or expired one is believed for `auth_cache_ms` at most. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import { monotonicMs } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import { hashApiKey, isApiKey } from './api-key.ts';
import { boundGuesses } from './bound-guesses.ts';
import type { Caller } from './caller.ts';
import { rememberBriefly } from './remember-briefly.ts';
import { findAgent, findKey, type PrincipalRow } from './store.ts';

export type Agent = { caller: Caller; signing_key: KeyObject };
export type Authenticator = {
  /** `address`: where it came from. Throws `unauthenticated`, `revoked` or `too_many_requests`. */
  byKey(key: string, address: string): Promise<Caller>;
  /** Who signs on the bus; that it did sign is still to be verified. Throws the same. */
  byAgent(id: string): Promise<Agent>;
};

const refuseRevoked = (row: { revoked: boolean; expired?: boolean }): void => {
  if (row.expired === true) throw new CountersignError('unauthenticated');
  if (row.revoked) throw new CountersignError('revoked');
};

type Credential = Pick<Caller, 'auth_method' | 'key_id'>;

const callerOf = (row: PrincipalRow, { auth_method, key_id }: Credential, permissions: readonly string[]): Caller => ({
  id: row.id,
  type: row.type,
  tenant: row.tenant,
  owner: row.owner,
  groups: row.groups,
  ceiling: row.ceiling,
  auth_method,
  key_id,
  permissions: new Set(permissions),
});

/** The credential was judged, and is none; an outage judged nothing. */
const isWrong = (thrown: unknown): boolean =>
  thrown instanceof CountersignError && (thrown.code === 'unauthenticated' || thrown.code === 'revoked');

const publicKeyOf = (rawBase64url: string): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: rawBase64url }, format: 'jwk' });

export const createAuthenticator = (database: Tx): Authenticator => {
  const limits = { ttl_ms: LIMITS.auth_cache_ms, max_entries: LIMITS.auth_cache_entries };
  const byKeyHash = rememberBriefly<Caller>(limits);
  const byAgentId = rememberBriefly<Agent>(limits);

  const guesses = boundGuesses(monotonicMs);
  /** Hashes of keys that were right when they were looked up last. */
  const proven = new Set<string>();
  const prove = (name: string): void => {
    if (proven.size >= LIMITS.auth_cache_entries) proven.delete(proven.keys().next().value as string);
    proven.add(name);
  };

  const readKey = async (key: string, hash: Uint8Array): Promise<Caller> => {
    const row = isApiKey(key) ? await findKey(database, hash) : undefined;
    if (row === undefined) throw new CountersignError('unauthenticated');
    refuseRevoked(row);
    return callerOf(row, { auth_method: 'api_key', key_id: row.key_id }, row.permissions);
  };
  const readAgent = async (id: string): Promise<Agent | undefined> => {
    const row = await findAgent(database, id);
    if (!row?.signing_key) return undefined;
    refuseRevoked(row);
    const caller = callerOf(row, { auth_method: 'signature', key_id: null }, PERMISSION_SETS.agent);
    return { caller, signing_key: publicKeyOf(row.signing_key) };
  };
  const orRefuse = async <V>(found: Promise<V | undefined>): Promise<V> => {
    const value = await found;
    if (value === undefined) throw new CountersignError('unauthenticated');
    return value;
  };
  return {
    byKey: async (key, address) => {
      const hash = hashApiKey(key);
      const name = Buffer.from(hash).toString('base64');
      const look = async (): Promise<Caller | undefined> => {
        const giveBack = proven.has(name) ? () => {} : guesses.take(address, key);
        try {
          const caller = await readKey(key, hash);
          giveBack();
          prove(name);
          return caller;
        } catch (thrown) {
          if (isWrong(thrown)) proven.delete(name);
          else giveBack();
          throw thrown;
        }
      };
      return orRefuse(byKeyHash(name, look));
    },
    byAgent: (id) => orRefuse(byAgentId(id, () => readAgent(id))),
  };
};
