/**
 * What nats-server asks about a connection and what it is answered (auth callout, NATS ADR-26): JWTs in NATS' own form,
 * which is a JOSE compact serialisation with `ed25519-nkey` for its algorithm.
 */
import { createHash } from 'node:crypto';
import { accountName } from '@countersign/contracts/bus-accounts';
import { accountOf, permissionsOf } from '@countersign/contracts/bus-users';
import { nkeySigner, publicNkeyOf } from '@countersign/platform/nats-key';
import { z } from 'zod';
import type { RegisteredUser } from './store-bus.ts';

const authRequest = z.object({
  nats: z.object({
    server_id: z.object({ id: z.string() }),
    /** Made by the server for this connection alone: whose permissions the answer grants. */
    user_nkey: z.string(),
    client_info: z.object({ host: z.string().default(''), nonce: z.string().default('') }),
    connect_opts: z.object({ nkey: z.string().default(''), sig: z.string().default('') }),
  }),
});
export type AuthRequest = z.output<typeof authRequest>['nats'];

export type BusSigner = {
  /** The server's answer that lets the connection in. */
  letIn(request: AuthRequest, user: RegisteredUser, now_s: number): string;
  turnAway(request: AuthRequest, code: string, now_s: number): string;
};

const HEADER = Buffer.from('{"typ":"JWT","alg":"ed25519-nkey"}').toString('base64url');
/** The server's own bounds hold. */
const UNBOUNDED = { subs: -1, data: -1, payload: -1 };

/** Null for what is no such request. Its own signature says nothing: only the server may publish where it is heard. */
export function readAuthRequest(data: Uint8Array): AuthRequest | null {
  try {
    const body = Buffer.from(data).toString('utf8').split('.')[1] ?? '';
    return authRequest.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))).nats;
  } catch {
    return null;
  }
}

/** Throws TypeError for a seed that is no issuer's. */
export function createBusSigner(issuer_seed: string): BusSigner {
  const iss = publicNkeyOf(issuer_seed);
  const sign = nkeySigner(issuer_seed);
  const encode = (claims: object): string => {
    const jti = createHash('sha256').update(JSON.stringify(claims)).digest('base64url');
    const text = `${HEADER}.${Buffer.from(JSON.stringify({ ...claims, jti })).toString('base64url')}`;
    return `${text}.${sign(text).toString('base64url')}`;
  };
  const answer = ({ server_id, user_nkey }: AuthRequest, now_s: number, verdict: object): string =>
    encode({
      iss,
      iat: now_s,
      aud: server_id.id,
      sub: user_nkey,
      nats: { type: 'authorization_response', version: 2, ...verdict },
    });
  return {
    letIn(request, user, now_s) {
      const { publish, subscribe } = permissionsOf(user);
      const jwt = encode({
        iss,
        iat: now_s,
        // Placed in an account of the configuration.
        aud: accountName(accountOf(user).kind, user.slot),
        sub: request.user_nkey,
        // By which the connection is found again when the key is revoked.
        name: user.nkey,
        nats: { type: 'user', version: 2, ...UNBOUNDED, pub: { allow: publish }, sub: { allow: subscribe } },
      });
      return answer(request, now_s, { jwt });
    },
    turnAway: (request, code, now_s) => answer(request, now_s, { error: code }),
  };
}
