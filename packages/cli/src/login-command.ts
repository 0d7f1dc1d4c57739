/**
 * `countersign login`: a person comes in through the provider, in a browser that is sent back to this machine (RFC 8252). State,
 * nonce and PKCE's verifier are made here and never leave but to the API; the session's key is printed, and kept nowhere.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError } from '@countersign/client/api-error';
import { apiUrl, errorOf, readJson } from '@countersign/client/send-request';
import { API_PREFIX } from '@countersign/contracts/http';
import { authorizationUrl, type LoginRequest, type LoginStart, type Session } from '@countersign/contracts/login';
import type { Command } from 'commander';
import { isJson, type Output, print, refuseUrl } from './context.ts';
import { UsageError } from './exit-codes.ts';

/** How long a person has in the browser. */
const PATIENCE_MS = 5 * 60 * 1000;
const PAGE = 'This window can be closed.\n';

export function addLoginCommand(program: Command, output: Output): void {
  program
    .command('login')
    .description('come in as a person, through the identity provider; prints a key that ends soon')
    .action(async (_options: object, command: Command) => {
      const { url } = command.optsWithGlobals<{ url: string }>();
      refuseUrl(url);
      const session = await logIn(url, (text) => output.writeError(text));
      if (!isJson(command)) output.writeError(`${session.principal}, until ${session.expires_at}\n`);
      print(output, command, session, ({ api_key }) => `export COUNTERSIGN_API_KEY=${api_key}`);
    });
}

async function logIn(url: string, tell: (text: string) => void): Promise<Session> {
  const start = await ask<LoginStart>(url, { method: 'GET' });
  const [code_verifier, state, nonce] = [random(), random(), random()];
  await using back = await waitForBrowser();
  const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');
  const address = authorizationUrl(start, { redirect_uri: back.redirect_uri, state, nonce, code_challenge });
  tell(`Open this address in a browser on this machine:\n${address}\n`);
  const login: LoginRequest = { callback: await back.callback, code_verifier, state, nonce };
  const headers = { 'content-type': 'application/json' };
  return ask<Session>(url, { method: 'POST', headers, body: JSON.stringify(login) });
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const address = `${apiUrl(url).href.replace(/\/+$/, '')}${API_PREFIX}/login`;
  const response = await fetch(address, init).catch((cause: unknown) => {
    throw new ApiError(0, { code: 'ingress_unavailable', detail: `no answer from ${new URL(url).origin}` }, { cause });
  });
  const body = await readJson(response);
  if (!response.ok) throw errorOf(response, body);
  return body as T;
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

/** Listens on loopback alone, for one answer. */
async function waitForBrowser() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' }).end(PAGE);
    const asked = new URL(request.url ?? '/', redirect_uri);
    // A browser asks for more than it is sent to, e.g. an icon.
    if (asked.pathname === '/callback') resolve(asked.href);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const redirect_uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const patience = setTimeout(() => reject(new UsageError('nobody came back from the browser')), PATIENCE_MS);
  return {
    redirect_uri,
    callback: promise,
    async [Symbol.asyncDispose]() {
      clearTimeout(patience);
      await new Promise((done) => server.close(done));
    },
  };
}
