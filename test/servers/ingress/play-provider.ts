/**
 * A real OpenID provider (oidc-provider) on loopback, in which people log in without a page: the test says who it is.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { findFreePort } from '@countersign/infra/find-free-port';
// @ts-expect-error: it brings no types along.
import Provider from 'oidc-provider';

export type Login = { callback: string; code_verifier: string; state: string; nonce: string };
export type PlayedProvider = AsyncDisposable & {
  issuer: string;
  /** Which groups it says of whom. */
  groups: Map<string, string[]>;
  /** All that a browser does, up to the address it is sent back to. */
  logIn(who: string): Promise<Login>;
  /** What a browser does that is opened at this address. */
  browse(who: string, address: string): Promise<string>;
};

export const CLIENT = 'countersign';
const REDIRECT = 'http://127.0.0.1:1/callback';

export async function playProvider(): Promise<PlayedProvider> {
  const issuer = `http://127.0.0.1:${await findFreePort()}`;
  const groups = new Map<string, string[]>();
  let who = '';
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...jwk, use: 'sig', alg: 'ES256', kid: 'one' }] },
    clients: [
      {
        client_id: CLIENT,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: [REDIRECT, REDIRECT.replace('callback', 'console/callback')],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    claims: { openid: ['sub', 'groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(16).toString('hex')] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, groups: groups.get(id) ?? [] }),
    }),
    async loadExistingGrant(ctx: { oidc: { client: { clientId: string }; session: { accountId: string } } }) {
      const { client, session } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
  });
  type Ctx = { path: string; req: unknown; res: unknown; respond?: boolean };
  provider.use(async (ctx: Ctx, next: () => Promise<void>) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: who }, consent: {} });
  });
  const server = await new Promise<Server>((resolve) => {
    const listening: Server = provider.listen(Number(new URL(issuer).port), '127.0.0.1', () => resolve(listening));
  });
  return {
    issuer,
    groups,
    browse(name, address) {
      who = name;
      return follow(address);
    },
    async logIn(name) {
      who = name;
      const [code_verifier, state, nonce] = [0, 1, 2].map(() => randomBytes(32).toString('base64url')) as [
        string,
        string,
        string,
      ];
      const ask = new URLSearchParams({
        client_id: CLIENT,
        response_type: 'code',
        redirect_uri: REDIRECT,
        scope: 'openid',
        state,
        nonce,
        code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      return { callback: await follow(`${issuer}/auth?${ask}`), code_verifier, state, nonce };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** With cookies, until it is sent back to who asked. */
async function follow(start: string): Promise<string> {
  const cookies = new Map<string, string>();
  let at = start;
  for (let steps = 0; steps < 10; steps += 1) {
    if (isBack(at)) return at;
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!;
      cookies.set(name!, value!);
    }
    const next = response.headers.get('location');
    if (next === null) throw new Error(`${response.status} ${await response.text()}`);
    at = new URL(next, at).href;
  }
  throw new Error('sent round in a circle');
}

function isBack(at: string): boolean {
  return /^http:\/\/127\.0\.0\.1:\d+\/(console\/)?callback\?/.test(at);
}
