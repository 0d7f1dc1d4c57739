/**
 * Speaks with the OpenID provider: discovery, and the code for an ID token. PKCE, state, nonce, issuer, audience, times and the
 * signature are openid-client's to check, the algorithm is the setting's.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { LoginRequest, LoginStart, OidcSettings } from '@countersign/contracts/login';
import * as oidc from 'openid-client';

export type Claims = { iss: string; sub: string; groups: readonly string[] };
type Provider = {
  /** Throws `login_unavailable`. */
  start(): Promise<LoginStart>;
  /** Throws `unauthenticated`, `login_unavailable`. */
  redeem(login: LoginRequest): Promise<Claims>;
};

export function openProvider(settings: OidcSettings): Provider {
  const { issuer, client_id, client_secret, scope, groups_claim } = settings;
  let known: Promise<oidc.Configuration> | null = null;
  const configuration = (): Promise<oidc.Configuration> => {
    known ??= discover(settings).catch((thrown: unknown) => {
      // Asked again at the next login.
      known = null;
      throw new CountersignError('login_unavailable', undefined, { cause: thrown });
    });
    return known;
  };
  return {
    async start() {
      const { authorization_endpoint } = (await configuration()).serverMetadata();
      if (authorization_endpoint === undefined) throw new CountersignError('login_unavailable');
      return { authorization_endpoint, client_id, scope };
    },
    async redeem({ callback, code_verifier, state, nonce }) {
      const config = await configuration();
      const checks = { pkceCodeVerifier: code_verifier, expectedState: state, expectedNonce: nonce };
      const answer = await oidc
        .authorizationCodeGrant(config, new URL(callback), { ...checks, idTokenExpected: true })
        .catch(refuse);
      const claims = answer.claims();
      if (claims === undefined || claims.iss !== issuer) throw new CountersignError('unauthenticated');
      return { iss: claims.iss, sub: claims.sub, groups: groupsIn(claims[groups_claim]) };
    },
  };

  function discover({ algorithm }: OidcSettings): Promise<oidc.Configuration> {
    const isPlain = new URL(issuer).protocol === 'http:';
    const auth = client_secret === undefined ? oidc.None() : oidc.ClientSecretBasic(client_secret);
    return oidc.discovery(new URL(issuer), client_id, { id_token_signed_response_alg: algorithm }, auth, {
      timeout: LIMITS.provider_ms / 1000,
      execute: [oidc.enableNonRepudiationChecks, ...(isPlain ? [oidc.allowInsecureRequests] : [])],
    });
  }
}

/** What the provider or its answer is at fault for; who cannot be reached has refused nobody. */
function refuse(thrown: unknown): never {
  const isAway = thrown instanceof TypeError || (thrown as { code?: unknown }).code === 'OAUTH_TIMEOUT';
  if (isAway) throw new CountersignError('login_unavailable', undefined, { cause: thrown });
  throw new CountersignError('unauthenticated', 'the login is not valid', { cause: thrown });
}

function groupsIn(claim: unknown): string[] {
  const list = Array.isArray(claim) ? claim : [];
  return list.filter((name) => typeof name === 'string').slice(0, LIMITS.claimed_groups);
}
