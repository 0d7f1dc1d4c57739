/**
 * Makes a short-lived token from a credential: never for more than the credential may, never from another token, which
 * would let a stolen one live on.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { TokenAnswer, TokenRequest } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import type { Database } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { append } from '@countersign/platform/ledger-append';
import type { Metrics } from '@countersign/platform/metrics';
import type { Caller } from './caller.ts';
import type { Tokens } from './open-tokens.ts';
import type { ProveChain } from './prove-chain.ts';
import { insertToken } from './store-tokens.ts';
import { actingOf } from './token-acting.ts';

export type IssueToken = (caller: Caller, asked: TokenRequest) => Promise<TokenAnswer>;

type Parts = {
  database: Database;
  /** Null when this system issues none. */
  tokens: Tokens | null;
  metrics: Metrics;
  prove: ProveChain;
};

/**
 * Throws `tokens_not_offered`, `permission_missing`, `field_invalid`, `delegation_missing`, or `too_many_requests` beyond
 * `live_tokens`.
 */
export function createTokenIssuer({ database, tokens, metrics, prove }: Parts): IssueToken {
  return async (caller, asked) => {
    if (tokens === null) throw new CountersignError('tokens_not_offered');
    // It would outlive what it was made from, and nobody who ends that would know.
    if (caller.auth_method === 'token' || caller.auth_method === 'session')
      throw new CountersignError('permission_missing', `a ${caller.auth_method} is not exchanged for a token`);
    if (asked.audience !== undefined && asked.audience !== tokens.audience)
      throw new CountersignError('field_invalid', 'no token is made for that audience', { at: '/audience' });
    const scope = scopeOf(caller, asked);
    const on_behalf_of = (await prove(caller, asked.on_behalf_of)).map(({ id }) => id);
    const life_s = asked.expires_in ?? LIMITS.token_ms / 1000;
    const token_id = uuidv7();
    const exp = await record(database, caller, { token_id, scope, life_s, on_behalf_of });
    metrics.count('tokens_issued_total', {});
    const token = {
      ...actingOf(caller.id, on_behalf_of),
      tenant: caller.tenant,
      scope: scope.join(' '),
      jti: token_id,
      iat: exp - life_s,
      exp,
    };
    return {
      access_token: await tokens.sign(token),
      issued_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_type: 'Bearer',
      expires_in: life_s,
      scope: token.scope,
      token_id,
    };
  };
}

function scopeOf(caller: Caller, { scope }: TokenRequest): string[] {
  const wanted = scope ?? [...caller.permissions];
  const beyond = wanted.find((name) => !caller.permissions.has(name));
  if (beyond !== undefined)
    throw new CountersignError('permission_missing', `the credential does not carry ${beyond}`, { at: '/scope' });
  return [...new Set(wanted)].sort();
}

/** When the token expires, in seconds since the epoch. */
async function record(
  database: Database,
  caller: Caller,
  made: { token_id: string; scope: string[]; life_s: number; on_behalf_of: string[] },
): Promise<number> {
  const { id: principal, tenant, key_id, signing_key, auth_method } = caller;
  return database.transaction(async (tx) => {
    const row = { ...made, principal, key_id, signing_key };
    const expires = await insertToken(tx, row, LIMITS.live_tokens);
    if (expires === null)
      throw new CountersignError('too_many_requests', `${LIMITS.live_tokens} tokens of this principal are alive`);
    const body = { tenant, auth_method, what: 'token', principal, key_id, ...made };
    await append(tx, [{ chain: `identity:${principal}`, kind: 'identity_created', tenant, topic: null, body }]);
    return expires;
  });
}
