/** How a person comes in through an OpenID provider: the shapes of `/login`, and the setting that says who may what. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { instant, keyId, principalId, tenantName, token } from './names.ts';
import { permission, role } from './permissions.ts';

/** The setting `OIDC`: one provider, whose people are one tenant's. */
export const oidcSettings = z.strictObject({
  /** https, or a loopback address. */
  issuer: z.string().refine(isProvider, 'must be an https address'),
  client_id: z.string().min(1).max(256),
  /** Left out for a public client. */
  client_secret: z.string().min(1).max(1_024).optional(),
  /** With which the provider signs ID tokens; no other is taken. */
  algorithm: z.enum(['RS256', 'PS256', 'ES256', 'EdDSA']).default('RS256'),
  scope: z.string().default('openid'),
  tenant: tenantName,
  /** The claim that lists the provider's groups. */
  groups_claim: z.string().default('groups'),
  /** Which of them give what here; whoever is in none is refused. */
  groups: z
    .array(
      z.strictObject({
        claim: z.string().min(1).max(256),
        roles: z.array(role.exclude(['agent'])).default([]),
        groups: z.array(token).default([]),
      }),
    )
    .max(LIMITS.claimed_groups),
  /** The provider's `sub` of people that the registry knows already. */
  people: z.record(z.string(), principalId).default({}),
  /** Somebody who is not among them: refused, or made under a name that follows from issuer and `sub`. */
  unknown: z.enum(['refuse', 'create']).default('refuse'),
  session_ms: z
    .int()
    .min(60_000)
    .max(LIMITS.session_ms)
    .default(8 * 60 * 60 * 1000),
});
export type OidcSettings = z.output<typeof oidcSettings>;

/** `GET /login`: where a person is to be sent. */
export const loginStart = z.object({ authorization_endpoint: z.string(), client_id: z.string(), scope: z.string() });
export type LoginStart = z.infer<typeof loginStart>;

/** What binds the provider's answer to who asked. `code_challenge`: by S256 of RFC 7636. */
type Asked = { redirect_uri: string; state: string; nonce: string; code_challenge: string };

/** Where a person's browser is sent for a code. */
export function authorizationUrl({ authorization_endpoint, client_id, scope }: LoginStart, asked: Asked): URL {
  const url = new URL(authorization_endpoint);
  const all = { client_id, response_type: 'code', scope, ...asked, code_challenge_method: 'S256' };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  return url;
}

/** `POST /login`: what came back, and what only who began it knows. */
export const loginRequest = z.strictObject({
  /** The whole address, on loopback, to which the provider sent the browser. */
  callback: z
    .string()
    .max(LIMITS.login_chars)
    .refine(
      (text) => URL.parse(text)?.protocol === 'http:' && isLoopback(URL.parse(text)!.hostname),
      'must be an address on loopback',
    ),
  code_verifier: z.string().regex(/^[A-Za-z0-9._~-]{43,128}$/, 'must be 43 to 128 characters of RFC 7636'),
  state: z.string().min(16).max(256),
  nonce: z.string().min(16).max(256),
});
export type LoginRequest = z.infer<typeof loginRequest>;

/** The session is an API key that ends soon; it is shown once. */
export const session = z.object({
  principal: principalId,
  tenant: tenantName,
  groups: z.array(token),
  permissions: z.array(permission),
  api_key: z.string(),
  key_id: keyId,
  expires_at: instant,
});
export type Session = z.infer<typeof session>;

/** `GET /session`: whose the credential is that asks, and what it may. */
export const whoAsks = z.object({
  principal: principalId,
  type: z.enum(['agent', 'human']),
  tenant: tenantName,
  groups: z.array(token),
  permissions: z.array(z.string()),
  auth_method: z.string(),
  /** Of a token: in whose name the principal acts, the nearest first. */
  on_behalf_of: z.array(principalId),
  /** Of a session of the console: what a change asked for in it has to carry as `X-CSRF-Token`. Null for any other credential. */
  csrf_token: z.string().nullable(),
});
export type WhoAsks = z.infer<typeof whoAsks>;

function isProvider(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}

function isLoopback(host: string): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(host);
}
