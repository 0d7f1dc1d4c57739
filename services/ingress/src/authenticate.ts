/** Turns a credential into a caller, or refuses. A revoked or expired one is believed for `auth_cache_ms` at most. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import type { Tx } from '@countersign/platform/database';
import { hashApiKey, isApiKey } from './api-key.ts';
import type { Caller } from './caller.ts';
import { rememberBriefly } from './remember-briefly.ts';
import { findAgent, findKey, type PrincipalRow } from './store.ts';

export type Agent = { caller: Caller; signing_key: KeyObject };
export type Authenticator = {
  /** Throws `unauthenticated` or `revoked`. */
  byKey(key: string): Promise<Caller>;
  /** Who signs on the bus; that it did sign is still to be verified. Throws the same. */
  byAgent(id: string): Promise<Agent>;
};

const refuseRevoked = (row: { revoked: boolean; expired?: boolean } | undefined): void => {
  if (row === undefined || row.expired === true) throw new CountersignError('unauthenticated');
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

const publicKeyOf = (rawBase64url: string): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: rawBase64url }, format: 'jwk' });

export const createAuthenticator = (database: Tx): Authenticator => {
  const limits = { ttl_ms: LIMITS.auth_cache_ms, max_entries: LIMITS.auth_cache_entries };
  const byKeyHash = rememberBriefly<Caller>(limits);
  const byAgentId = rememberBriefly<Agent>(limits);

  const readKey = async (hash: Uint8Array): Promise<Caller | undefined> => {
    const row = await findKey(database, hash);
    refuseRevoked(row);
    return row && callerOf(row, { auth_method: 'api_key', key_id: row.key_id }, row.permissions);
  };
  const readAgent = async (id: string): Promise<Agent | undefined> => {
    const row = await findAgent(database, id);
    refuseRevoked(row);
    if (!row?.signing_key) return undefined;
    const caller = callerOf(row, { auth_method: 'signature', key_id: null }, PERMISSION_SETS.agent);
    return { caller, signing_key: publicKeyOf(row.signing_key) };
  };
  const orRefuse = async <V>(found: Promise<V | undefined>): Promise<V> => {
    const value = await found;
    if (value === undefined) throw new CountersignError('unauthenticated');
    return value;
  };
  return {
    byKey: async (key) => {
      if (!isApiKey(key)) throw new CountersignError('unauthenticated');
      const hash = hashApiKey(key);
      return orRefuse(byKeyHash(Buffer.from(hash).toString('base64'), () => readKey(hash)));
    },
    byAgent: (id) => orRefuse(byAgentId(id, () => readAgent(id))),
  };
};
