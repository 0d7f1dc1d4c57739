/**
 * Signs and opens tokens: compact JWS, EdDSA, RFC 9068. Algorithm, type, issuer, audience and keys are this program's, never the
 * token's. What opens here is only the paper: whether its row still stands is asked for in the registry.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { principalId, tenantName, uuid } from '@countersign/contracts/names';
import { publicKeyOf, rawPublicKey } from '@countersign/platform/ed25519-keys';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Act } from './token-acting.ts';

const TOKEN_TYP = 'at+jwt';
const ALGORITHM = 'EdDSA';

type TokenSettings = {
  /** PKCS#8 PEM, Ed25519. */
  TOKEN_KEY: string;
  /** Raw public keys, base64url: what was signed with them before still opens. */
  TOKEN_FORMER_KEYS: readonly string[];
  TOKEN_ISSUER: string;
  TOKEN_AUDIENCE: string;
};

const act: z.ZodType<Act> = z.lazy(() => z.strictObject({ sub: principalId, act: act.optional() }));

const claims = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  sub: principalId,
  act: act.optional(),
  tenant: tenantName,
  scope: z.string(),
  jti: uuid,
  iat: z.int(),
  exp: z.int(),
});
export type TokenClaims = z.infer<typeof claims>;

export type Tokens = {
  readonly audience: string;
  /** Times in seconds since the epoch. */
  sign(claims: Omit<TokenClaims, 'iss' | 'aud'>): Promise<string>;
  /** Throws `unauthenticated`. */
  open(token: string): Promise<TokenClaims>;
};

/** Throws TypeError when a key is none. */
export function openTokens(settings: TokenSettings): Tokens {
  const { TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience } = settings;
  const key = createPrivateKey(settings.TOKEN_KEY);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('TOKEN_KEY must be an Ed25519 key');
  const own = rawPublicKey(key);
  const known = new Map([own, ...settings.TOKEN_FORMER_KEYS].map((x) => [kidOf(x), publicKeyOf(x)]));
  return {
    audience,
    sign: (given) =>
      new SignJWT({ ...given, iss: issuer, aud: audience })
        .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYP, kid: kidOf(own) })
        .sign(key),
    async open(token) {
      const { payload } = await jwtVerify(token, ({ kid }) => keyOf(known, kid), {
        algorithms: [ALGORITHM],
        typ: TOKEN_TYP,
        issuer,
        audience,
        clockTolerance: LIMITS.token_skew_ms / 1000,
        maxTokenAge: LIMITS.token_ms / 1000,
        requiredClaims: ['exp'],
      }).catch(refuse);
      const read = claims.safeParse(payload);
      if (!read.success) throw new CountersignError('unauthenticated', 'the token says too much or too little');
      return read.data;
    },
  };
}

/** Of the raw public key; it only chooses among the keys that are known. */
function kidOf(x: string): string {
  return x.slice(0, 16);
}

function keyOf(known: ReadonlyMap<string, KeyObject>, kid: string | undefined): KeyObject {
  const key = known.get(kid ?? '');
  if (key === undefined) throw new CountersignError('unauthenticated', 'no key of ours signed the token');
  return key;
}

/** What exactly was wrong helps who made the token, and nobody else could have. */
function refuse(thrown: unknown): never {
  if (thrown instanceof CountersignError) throw thrown;
  const isOld = (thrown as { code?: unknown }).code === 'ERR_JWT_EXPIRED';
  throw new CountersignError('unauthenticated', isOld ? 'the token has expired' : 'the token is not valid');
}
