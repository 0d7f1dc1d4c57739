/**
 * Tokens by exchange: how one is had, what it may, what ends it, and everything else that only looks like one. A token is
 * good for whom the registry knows it, whatever it says of itself.
 */
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { runCommand } from '@countersign/cli/run-command';
import { createClient } from '@countersign/client/create-client';
import { openSigner, type Signer } from '@countersign/client/sign-request';
import { createTokenSource } from '@countersign/client/token-source';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import { hashApiKey, keyIdOf } from '@countersign/ingress/api-key';
import { type Revocation, revokeIdentity } from '@countersign/ingress/revoke-identity';
import type { Database } from '@countersign/platform/database';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectIn } from '../../harness/connect-in.ts';
import { settlesWithin } from '../../harness/settles-within.ts';
import { AGENT, type Reply, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let database: Database;
let signer: Signer;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  ingress = cleanUp.use(await runIngress());
  database = connectIn(cleanUp, ingress.database_url, 1);
  signer = await openSigner(AGENT, ingress.signing_key.export({ type: 'pkcs8', format: 'pem' }) as string);
});
afterAll(() => cleanUp.disposeAsync());

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}

function revoke(what: Revocation['what'], id: string): Promise<number> {
  return database.transaction((tx) => revokeIdentity(tx, { what, id, reason: 'tried by a test', by_key: null }));
}

type Issued = { access_token: string; token_id: string; scope: string; expires_in: number };

async function exchange(asked: object = {}, key = ingress.keys.agent): Promise<Issued> {
  const reply = await ingress.post('/token', asked, { key });
  expect(reply.status).toBe(200);
  return reply.body as unknown as Issued;
}
type Told = { status: number; code?: string; detail?: string };

async function ask(token: string, path = '/jobs', url = ingress.url): Promise<Told> {
  const response = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
  const { code, detail } = (await response.json()) as Told;
  return { status: response.status, ...(code === undefined ? {} : { code, detail: detail! }) };
}

describe('an exchange', () => {
  test('gives a token that does what its credential may, and says so in evidence', async () => {
    const issued = await exchange();
    expect(issued).toMatchObject({ expires_in: 900, scope: [...PERMISSION_SETS.agent].sort().join(' ') });
    const key_id = keyIdOf(hashApiKey(ingress.keys.agent));
    const api = createClient({ url: ingress.url, token: issued.access_token, tenant: TENANT });
    expect(await api.submit({ topic: 'job.demo.read' })).toMatchObject({ outcome: 'accepted' });
    expect(ingress.peers.admitted.at(-1)).toMatchObject({
      actor: { id: AGENT, auth_method: 'token', owner: 'olivia' },
      key_id,
      token_id: issued.token_id,
    });
    const [entry] = await ingress.admin.query<{ body: string }>(
      `SELECT body FROM ledger.entries WHERE chain = 'identity:${AGENT}' ORDER BY seq DESC LIMIT 1`,
    );
    const told = { what: 'token', token_id: issued.token_id, principal: AGENT, key_id, auth_method: 'api_key' };
    expect(JSON.parse(entry!.body)).toMatchObject({ ...told, life_s: 900 });
    expect(entry!.body).not.toContain(issued.access_token.split('.')[2]);
  });

  test('makes what any JOSE library can check: EdDSA, at+jwt, bound to issuer, audience and tenant', async () => {
    const { access_token, token_id } = await exchange({ scope: ['submit'], expires_in: 60 });
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
    const { payload } = await jwtVerify(access_token, createPublicKey(ingress.token_key));
    expect(payload).toMatchObject({
      iss: 'countersign',
      aud: 'countersign',
      sub: AGENT,
      tenant: TENANT,
      scope: 'submit',
      jti: token_id,
    });
    expect(payload.exp! - payload.iat!).toBe(60);
  });

  test('is had by a signature, too', async () => {
    const token = createTokenSource({ url: ingress.url, signer });
    const api = createClient({ url: ingress.url, token });
    expect((await api.jobs()).jobs).toBeDefined();
    expect(await token()).toBe(await token());
  });

  test('of a person keeps groups and rights: a vote counts as with the key', async () => {
    const { access_token } = await exchange({}, ingress.keys.approver);
    const path = '/approvals/00000000-0000-7000-8000-000000000000/approve';
    const reply = await fetch(`${ingress.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ digest: `sha256:${'0'.repeat(64)}` }),
    });
    expect(reply.status).toBe(409);
    expect(ingress.peers.votes.at(-1)).toMatchObject({ principal: { id: 'alice', groups: ['sre', 'approvers'] } });
  });

  test.each([
    ['more than the credential may', { scope: ['submit', 'policy:activate'] }, 403, 'permission_missing'],
    ['what is no permission', { scope: ['everything'] }, 400, 'field_invalid'],
    ['nothing', { scope: [] }, 400, 'field_invalid'],
    ['another audience', { audience: 'billing' }, 400, 'field_invalid'],
    ['more than 15 minutes', { expires_in: 901 }, 400, 'field_invalid'],
    ['no time', { expires_in: 0 }, 400, 'field_invalid'],
    ['to be somebody else', { sub: 'alice' }, 400, 'field_unknown'],
  ])('for %s is refused', async (_name, asked, status, code) => {
    expect(await ingress.post('/token', asked)).toMatchObject({ status, body: { code } });
  });

  test('with a token is refused: a stolen one does not live on', async () => {
    const { access_token } = await exchange();
    const response = await fetch(`${ingress.url}/api/v1/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect([response.status, await response.json()]).toMatchObject([403, { code: 'permission_missing' }]);
  });

  test('beyond what one principal may have alive is refused, and others go on', async () => {
    await ingress.admin.query(
      `INSERT INTO identity.tokens (token_id, principal_id, key_id, scope, expires_at)
       SELECT gen_random_uuid(), 'second-agent', $1, '{submit}', clock_timestamp() + interval '1 minute'
       FROM generate_series(1, $2)`,
      [keyIdOf(hashApiKey(ingress.keys.other_agent)), LIMITS.live_tokens],
    );
    const again = await ingress.post('/token', {}, { key: ingress.keys.other_agent });
    expect(again).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    await exchange();
  });
});

test('the command takes a token in the place of a key', async () => {
  const { access_token } = await exchange({ scope: ['approvals:read'] }, ingress.keys.approver);
  const seen: unknown[] = [];
  const output = { write: () => {}, writeError: () => {}, exit: (code: number) => void seen.push(code) };
  await runCommand(['--url', ingress.url, '--key', access_token, 'approvals', 'list'], output);
  expect(seen).toEqual([]);
  await runCommand(
    ['--url', ingress.url, '--key', `${access_token.slice(0, -8)}AAAAAAAA`, 'approvals', 'list'],
    output,
  );
  expect(seen).toHaveLength(1);
});

describe('a token', () => {
  test('may no more than its scope, nor more than its key may by now', async () => {
    const { access_token } = await exchange({ scope: ['submit'] });
    expect(await ask(access_token)).toMatchObject({ status: 403, code: 'permission_missing' });
    const key = await ingress.registerKey(AGENT);
    const reader = await exchange({ scope: ['jobs:read:own'] }, key);
    expect(await ask(reader.access_token)).toEqual({ status: 200 });
    await ingress.admin.query(`UPDATE identity.api_keys SET permissions = '{submit}' WHERE key_id = $1`, [
      keyIdOf(hashApiKey(key)),
    ]);
    await settlesWithin(
      LIMITS.stop_ms,
      () => ask(reader.access_token),
      (answer) => expect(answer).toMatchObject({ status: 403 }),
    );
  });

  type End = [name: string, end: (issued: Issued, key: string) => Promise<unknown>, status: number, code: string];
  const ends: End[] = [
    ['its own revocation', ({ token_id }) => revoke('token', token_id), 403, 'revoked'],
    ["its key's revocation", (_, key) => revoke('api_key', keyIdOf(hashApiKey(key))), 403, 'revoked'],
    ["its key's expiry", (_, key) => expire('api_keys', 'key_id', keyIdOf(hashApiKey(key))), 401, 'unauthenticated'],
    ['its expiry', ({ token_id }) => expire('tokens', 'token_id', token_id), 401, 'unauthenticated'],
    [
      'being unknown to the registry',
      ({ token_id }) => ingress.admin.query('DELETE FROM identity.tokens WHERE token_id = $1', [token_id]),
      401,
      'unauthenticated',
    ],
  ];
  const expire = (table: string, column: string, id: string) =>
    ingress.admin.query(`UPDATE identity.${table} SET expires_at = clock_timestamp() WHERE ${column} = $1`, [id]);

  test.each(ends)(
    'ends within a second by %s, at every instance, for requests and open streams',
    async (_name, end, status, code) => {
      const key = await ingress.registerKey(AGENT);
      const issued = await exchange({}, key);
      const api = createClient({ url: ingress.url, token: issued.access_token });
      const { job_id } = await api.submit({ topic: 'job.demo.read' });
      await using another = await ingress.startAnother();
      for (const url of [ingress.url, another.url])
        expect(await ask(issued.access_token, '/jobs', url)).toEqual({ status: 200 });
      const stream = await fetch(`${ingress.url}/api/v1/jobs/${job_id}/events`, {
        headers: { authorization: `Bearer ${issued.access_token}` },
      });
      const read = stream.body!.pipeTo(new WritableStream()).then(() => 'ended');
      await end(issued, key);
      await settlesWithin(
        LIMITS.stop_ms,
        () => ask(issued.access_token),
        (answer) => expect(answer).toMatchObject({ status, code }),
      );
      await settlesWithin(
        LIMITS.stop_ms,
        () => ask(issued.access_token, '/jobs', another.url),
        (answer) => expect(answer).toMatchObject({ status, code }),
      );
      expect(await read).toBe('ended');
      await using restarted = await ingress.startAnother();
      expect(await ask(issued.access_token, '/jobs', restarted.url)).toMatchObject({ status, code });
    },
  );

  test('had by a signature ends when its agent signs with another key', async () => {
    const token = await createTokenSource({ url: ingress.url, signer })();
    expect(await ask(token)).toEqual({ status: 200 });
    const { signing_key } = (
      await ingress.admin.query<{ signing_key: string }>(
        'SELECT signing_key FROM identity.principals WHERE principal_id = $1',
        [AGENT],
      )
    )[0]!;
    const rotate = (x: string) =>
      ingress.admin.query('UPDATE identity.principals SET signing_key = $1 WHERE principal_id = $2', [x, AGENT]);
    await rotate(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!);
    await settlesWithin(
      LIMITS.stop_ms,
      () => ask(token),
      (answer) => expect(answer).toMatchObject({ status: 401 }),
    );
    await rotate(signing_key);
  });

  test('that is revoked leaves its evidence, and the revocation goes when it would have expired', async () => {
    const { token_id } = await exchange();
    await revoke('token', token_id);
    const standing = () =>
      ingress.admin
        .query('SELECT FROM control.revocations WHERE subject = $1', [`token:${token_id}`])
        .then((r) => r.length);
    // As long as the token could be used, nobody gets rid of its revocation.
    await database.query('SELECT control.forget_tokens($1::uuid[])', [[token_id]]);
    expect(await standing()).toBe(1);
    await expire('tokens', 'token_id', token_id);
    await using _ = await ingress.startAnother();
    await expect.poll(standing).toBe(0);
    const entries = await ingress.admin.query<{ body: string }>(
      `SELECT body FROM ledger.entries WHERE chain = 'identity:${AGENT}' AND kind = 'identity_revoked' ORDER BY seq DESC LIMIT 1`,
    );
    expect(JSON.parse(entries[0]!.body)).toMatchObject({
      what: 'token',
      id: token_id,
      principal: AGENT,
      tenant: TENANT,
    });
    await expect(revoke('token', randomUUID())).rejects.toMatchObject({ code: 'identity_unknown' });
  });

  test('of a key that was rotated out is taken while that key is listed, and no longer', async () => {
    const { access_token } = await exchange();
    const next = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const former = ingress.token_key.export({ format: 'jwk' }).x!;
    await using rotating = await ingress.startAnother({ TOKEN_KEY: next, TOKEN_FORMER_KEYS: former });
    expect(await ask(access_token, '/jobs', rotating.url)).toEqual({ status: 200 });
    await using rotated = await ingress.startAnother({ TOKEN_KEY: next });
    expect(await ask(access_token, '/jobs', rotated.url)).toMatchObject({ status: 401 });
  });

  test('is neither issued nor taken where no key is set', async () => {
    const { access_token } = await exchange();
    await using without = await ingress.startAnother({ TOKEN_KEY: '' });
    expect(await ask(access_token, '/jobs', without.url)).toMatchObject({ status: 401 });
    const asked = await fetch(`${without.url}/api/v1/token`, {
      method: 'POST',
      headers: { 'x-api-key': ingress.keys.agent },
    });
    expect([asked.status, await asked.json()]).toMatchObject([404, { code: 'tokens_not_offered' }]);
  });
});

describe('what only looks like a token', () => {
  const b64 = (value: unknown): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  type Parts = { header: Record<string, unknown>; claims: Record<string, unknown>; key: KeyObject };
  /** A token of the registry, said differently and signed again by the right key, unless the change says otherwise. */
  const forge = async (change: (parts: Parts) => void): Promise<string> => {
    const { access_token } = await exchange();
    const parts: Parts = {
      header: { ...decodeProtectedHeader(access_token) },
      claims: { ...decodeJwt(access_token) },
      key: ingress.token_key,
    };
    change(parts);
    const input = `${b64(parts.header)}.${b64(parts.claims)}`;
    return `${input}.${sign(null, Buffer.from(input), parts.key).toString('base64url')}`;
  };
  const hmac = async (secret: Buffer | string): Promise<string> => {
    const { access_token } = await exchange();
    const input = `${b64({ ...decodeProtectedHeader(access_token), alg: 'HS256' })}.${access_token.split('.')[1]}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  const publicPem = (): string => createPublicKey(ingress.token_key).export({ type: 'spki', format: 'pem' }) as string;
  const stranger = generateKeyPairSync('ed25519');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

  test('the forger makes good ones, when nothing is changed', async () => {
    expect(await ask(await forge(() => {}))).toEqual({ status: 200 });
  });

  const said = (claims: object) => (parts: Parts) => void Object.assign(parts.claims, claims);
  const headed = (header: object) => (parts: Parts) => void Object.assign(parts.header, header);
  const without = (name: string) => (parts: Parts) => void delete parts.claims[name];
  const cases: [name: string, make: () => Promise<string>][] = [
    ['another signer', () => forge((parts) => void Object.assign(parts, { key: stranger.privateKey }))],
    [
      'another signer under its own key id',
      () =>
        forge((parts) => {
          parts.key = stranger.privateKey;
          parts.header.kid = stranger.publicKey.export({ format: 'jwk' }).x!.slice(0, 16);
        }),
    ],
    [
      'another signer who brings the key',
      () =>
        forge((parts) => {
          parts.key = stranger.privateKey;
          parts.header.jwk = stranger.publicKey.export({ format: 'jwk' });
        }),
    ],
    [
      'another signer who says where the key is',
      () =>
        forge((parts) => {
          parts.key = stranger.privateKey;
          parts.header.jku = `${ingress.url}/docs`;
        }),
    ],
    [
      'no algorithm',
      async () => `${b64({ alg: 'none', typ: 'at+jwt' })}.${(await exchange()).access_token.split('.')[1]}.`,
    ],
    ['no algorithm, and a signature', () => forge(headed({ alg: 'none' }))],
    [
      'a secret that is the public key',
      () => hmac(Buffer.from(ingress.token_key.export({ format: 'jwk' }).x!, 'base64url')),
    ],
    ['a secret that is its text', () => hmac(publicPem())],
    [
      'another algorithm',
      () =>
        forge((parts) => {
          parts.header.alg = 'RS256';
        }),
    ],
    [
      'an RSA signature',
      async () => {
        const { access_token } = await exchange();
        const input = `${b64({ ...decodeProtectedHeader(access_token), alg: 'RS256' })}.${access_token.split('.')[1]}`;
        return `${input}.${sign('sha256', Buffer.from(input), rsa).toString('base64url')}`;
      },
    ],
    ['another type', () => forge(headed({ typ: 'JWT' }))],
    ['the type of a warrant', () => forge(headed({ typ: 'warrant+jwt' }))],
    ['no type', () => forge((parts) => void delete parts.header.typ)],
    ['an extension that must be understood', () => forge(headed({ crit: ['exp'], exp: 1 }))],
    ...['', 'x', '../../../../dev/null', "' OR 1=1 --", '__proto__', 'constructor', 7, null].map(
      (kid): [string, () => Promise<string>] => [`the key id ${JSON.stringify(kid)}`, () => forge(headed({ kid }))],
    ),
    ['no key id', () => forge((parts) => void delete parts.header.kid)],
    ['another audience', () => forge(said({ aud: 'billing' }))],
    ['two audiences', () => forge(said({ aud: ['countersign', 'billing'] }))],
    ['another issuer', () => forge(said({ iss: 'evil' }))],
    ['another tenant', () => forge(said({ tenant: 'other' }))],
    ['another principal', () => forge(said({ sub: 'alice' }))],
    ['another scope', () => forge(said({ scope: 'policy:activate' }))],
    ['another id', () => forge(said({ jti: randomUUID() }))],
    ['an id that is no id', () => forge(said({ jti: "' OR 1=1 --" }))],
    ['more than a token says', () => forge(said({ groups: ['sre'] }))],
    ...['iss', 'aud', 'sub', 'tenant', 'scope', 'jti', 'iat', 'exp'].map((name): [string, () => Promise<string>] => [
      `no ${name}`,
      () => forge(without(name)),
    ]),
    ['an end in the past', () => forge(said({ iat: nowS() - 900, exp: nowS() - 6 }))],
    ['a beginning in the future', () => forge(said({ iat: nowS() + 60 }))],
    ['a beginning long ago', () => forge(said({ iat: nowS() - 3600 }))],
    ['a time as text', () => forge(said({ exp: String(nowS() + 60) }))],
    ['a signature cut short', async () => (await exchange()).access_token.slice(0, -8)],
    ['no signature', async () => (await exchange()).access_token.replace(/\.[^.]+$/, '.')],
    ['a fourth part', async () => `${(await exchange()).access_token}.x`],
    ['more than a token is long', async () => `${'a'.repeat(LIMITS.access_token_chars)}.b.c`],
    ['a header that is no JSON', async () => `${b64('{')}.${b64('{}')}.AAAA`],
  ];
  test.each(cases)('%s is 401', async (_name, make) => {
    expect(await ask(await make())).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  test('an API key, in the place of the other, is none', async () => {
    const { access_token } = await exchange();
    const reply: Reply = await ingress.get('/jobs', { key: access_token });
    expect(reply).toMatchObject({ status: 401 });
  });
});

describe('a request with more than one credential', () => {
  test('is refused, whichever they are and even if each is good', async () => {
    const { access_token } = await exchange();
    const { agent } = ingress.keys;
    const pairs: Record<string, string>[] = [
      { 'x-api-key': agent, authorization: `Bearer ${access_token}` },
      { 'x-api-key': agent, authorization: `Bearer ${agent}` },
      { 'x-api-key': agent, authorization: 'Basic YTpi' },
      { authorization: `Bearer ${access_token}`, signature: 'sig=:AAAA:' },
      { 'x-api-key': agent, 'signature-input': 'sig=()' },
    ];
    for (const headers of pairs) {
      const response = await fetch(`${ingress.url}/api/v1/jobs`, { headers });
      expect([response.status, ((await response.json()) as Told).code], JSON.stringify(Object.keys(headers))).toEqual([
        401,
        'unauthenticated',
      ]);
    }
  });

  test('twice under one name is refused', async () => {
    const { access_token } = await exchange();
    for (const [name, value] of [
      ['x-api-key', ingress.keys.agent],
      ['authorization', `Bearer ${access_token}`],
      ['authorization', `Bearer ${ingress.keys.agent}`],
    ] as const) {
      const headers = new Headers();
      headers.append(name, value);
      headers.append(name, value);
      expect((await fetch(`${ingress.url}/api/v1/jobs`, { headers })).status, name).toBe(401);
      expect(await askTwice(name, value), name).toBe(401);
    }
  });
  /** As two lines, which `fetch` would make one. */
  const askTwice = async (name: string, value: string): Promise<number> => {
    const { request } = await import('node:http');
    return new Promise((resolve, reject) => {
      const sent = request(
        `${ingress.url}/api/v1/jobs`,
        { headers: ['host', 'localhost', name, value, name, value] },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  };
});

test('a storm of wrong tokens is counted, asks Postgres nothing, and locks out nobody', async () => {
  const { access_token } = await exchange();
  const wrong = `${access_token.slice(0, -20)}${'A'.repeat(20)}`;
  const refused = await Promise.all(Array.from({ length: 3 * LIMITS.wrong_keys }, () => ask(wrong)));
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([401]));
  expect(await ask(access_token)).toEqual({ status: 200 });
  expect(await ask((await exchange()).access_token)).toEqual({ status: 200 });
  const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
  const [, counted] =
    /credentials_refused_total\{[^}]*method="token",code="unauthenticated"[^}]*\} (\d+)/.exec(text) ?? [];
  expect(Number(counted)).toBeGreaterThanOrEqual(refused.length);
});
