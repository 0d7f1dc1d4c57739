/** Who is asking, as the credential says it. Nothing in a body can change any of it. */
import type { Actor, Ceiling } from '@countersign/contracts/job';
import type { Permission } from '@countersign/contracts/permissions';
import type { Principal } from '@countersign/contracts/rpc';

export type Caller = {
  readonly id: string;
  readonly type: 'agent' | 'human';
  readonly tenant: string;
  readonly owner: string | null;
  readonly groups: readonly string[];
  readonly ceiling: Ceiling | null;
  readonly auth_method: Actor['auth_method'];
  /** Null for a signature. A token has the key's that it was made from. */
  readonly key_id: string | null;
  readonly token_id: string | null;
  /** Of a session of the console: the SHA-256 of its secret in hex, by which its row is found. */
  readonly session?: string;
  /** The agent's public key, raw in base64url, that signed this request; else null. */
  readonly signing_key: string | null;
  /** Of a token that was made to act for somebody: the chain, first to last; else empty. */
  readonly on_behalf_of: readonly string[];
  /** At the workers' door who it is. */
  readonly worker?: { pool: string; worker: string };
  readonly permissions: ReadonlySet<string>;
};

/** Any of them is enough. */
export function mayAny(caller: Caller, permissions: readonly Permission[]): boolean {
  return permissions.some((permission) => caller.permissions.has(permission));
}

/** Who submits a job. */
export function actorOf({ id, type, owner, auth_method, ceiling }: Caller): Actor {
  return {
    id,
    type,
    owner,
    auth_method,
    ceiling,
  };
}

/** Who acts on something that exists. */
export function principalOf({ id, type, groups, owner, auth_method, key_id, token_id }: Caller): Principal {
  return {
    id,
    type,
    groups: [...groups],
    owner,
    auth_method,
    key_id,
    token_id,
  };
}
