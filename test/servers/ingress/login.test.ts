/**
 * People through an OpenID provider, a real one: who is let in, as whom and with which rights, and everything that is not a
 * login. One ingress for each setting, all on one database.
 */

import { runCommand } from '@countersign/cli/run-command';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { connectDatabase } from '@countersign/platform/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settlesWithin } from '../../harness/settles-within.ts';
import { CLIENT, type Login, type PlayedProvider, playProvider } from './play-provider.ts';
import { type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let provider: PlayedProvider;
const urls: Record<'create' | 'refuse' | 'other' | 'away', string> = { create: '', refuse: '', other: '', away: '' };
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  ingress = cleanUp.use(await runIngress());
  provider = cleanUp.use(await playProvider());
  const setting = (more: object) => ({
    OIDC: JSON.stringify({
      issuer: provider.issuer,
      client_id: CLIENT,
      algorithm: 'ES256',
      tenant: TENANT,
      groups: [
        { claim: 'Platform', roles: ['approver'], groups: ['sre'] },
        { claim: 'Audit', roles: ['auditor'] },
        { claim: 'Owners', roles: ['admin'] },
        { claim: 'Lost', roles: ['approver'], groups: ['no-such-group'] },
      ],
      people: { 'sub-of-alice': 'alice' },
      session_ms: 60_000,
      ...more,
    }),
  });
  const start = async (more: object) => cleanUp.use(await ingress.startAnother(setting(more))).url;
  urls.create = await start({ unknown: 'create' });
  urls.refuse = await start({});
  urls.other = await start({ algorithm: 'RS256', unknown: 'create' });
  urls.away = await start({ issuer: 'http://127.0.0.1:1' });
  const members: [string, string[]][] = [
    ['sub-of-alice', ['Platform']],
    ['carla', ['Platform']],
    ['dora', ['Audit', 'Nothing']],
    ['erik', ['Nothing']],
    ['fred', ['Platform', 'Owners']],
    ['gina', ['Lost']],
  ];
  for (const [who, groups] of members) provider.groups.set(who, groups);
});
afterAll(() => cleanUp.disposeAsync());

type Told = { status: number; code?: string; api_key: string; key_id: string; principal: string } & Record<
  string,
  unknown
>;

async function come(login: Login, url = urls.create): Promise<Told> {
  const response = await fetch(`${url}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(login),
  });
  return { status: response.status, ...((await response.json()) as object) } as Told;
}

function ask(key: string, path: string, method = 'GET') {
  return fetch(`${ingress.url}/api/v1${path}`, { method, headers: { 'x-api-key': key } }).then(({ status }) => status);
}

async function revoke(id: string): Promise<void> {
  const database = connectDatabase({ url: ingress.database_url, pool: 1, name: 'test' });
  await database.transaction((tx) => revokeIdentity(tx, { what: 'principal', id, reason: 'left', by_key: null }));
  await database.close();
}

describe('a person', () => {
  test('is told where to go', async () => {
    const told = await (await fetch(`${urls.create}/api/v1/login`)).json();
    expect(told).toEqual({ authorization_endpoint: `${provider.issuer}/auth`, client_id: CLIENT, scope: 'openid' });
  });

  test('who is known comes in as that person, in the groups that the setting maps, with a vote', async () => {
    const session = await come(await provider.logIn('sub-of-alice'));
    expect(session).toMatchObject({ status: 200, principal: 'alice', tenant: TENANT, groups: ['sre'] });
    expect(session.permissions).toEqual([...PERMISSION_SETS.approver].sort());
    const vote = await ingress.post(
      '/approvals/00000000-0000-7000-8000-000000000000/approve',
      { digest: `sha256:${'0'.repeat(64)}` },
      { key: session.api_key },
    );
    expect(vote.status).toBe(409);
    expect(ingress.peers.votes.at(-1)).toMatchObject({ principal: { id: 'alice', type: 'human', groups: ['sre'] } });
    const entries = await ingress.admin.query<{ kind: string; body: string }>(
      `SELECT kind, body FROM ledger.entries WHERE chain = 'identity:alice' ORDER BY seq DESC LIMIT 3`,
    );
    expect(entries.map(({ kind, body }) => [kind, JSON.parse(body)])).toMatchObject([
      [
        'identity_created',
        { what: 'api_key', key_id: session.key_id, actor: 'alice', auth_method: 'oidc', session: true },
      ],
      // From now on, whatever account the same subject comes in by is the same human's.
      ['identity_changed', { what: 'person', oidc_subject: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      [
        'identity_changed',
        { what: 'person', groups: ['sre'], former_groups: ['sre', 'approvers'], auth_method: 'oidc' },
      ],
    ]);
    expect(JSON.stringify(entries)).not.toContain(session.api_key);
  });

  test('who is unknown is refused, or made, once and for all, under a name of nobody’s choice', async () => {
    expect(await come(await provider.logIn('carla'), urls.refuse)).toMatchObject({
      status: 403,
      code: 'login_refused',
    });
    const first = await come(await provider.logIn('carla'));
    expect(first.principal).toMatch(/^oidc-[0-9a-f]{32}$/);
    const again = await come(await provider.logIn('carla'));
    expect(again.principal).toBe(first.principal);
    expect(again.key_id).not.toBe(first.key_id);
    expect((await come(await provider.logIn('dora'))).principal).not.toBe(first.principal);
    expect(await come(await provider.logIn('carla'), urls.refuse)).toMatchObject({ status: 200 });
  });

  test.each([
    ['in no group that counts', 'erik'],
    ['of two groups whose rights nobody may hold together', 'fred'],
    ['of a group that nobody made here', 'gina'],
  ])('%s is refused, and nothing is made', async (_name, who) => {
    const people = () => ingress.admin.query('SELECT FROM identity.principals').then((rows) => rows.length);
    const before = await people();
    expect(await come(await provider.logIn(who))).toMatchObject({ status: 403, code: 'login_refused' });
    expect(await people()).toBe(before);
  });

  test('is in the groups here that the last login said', async () => {
    for (const [claimed, groups] of [
      [['Platform', 'Audit'], ['sre']],
      [['Audit'], []],
    ] as const) {
      provider.groups.set('dora', [...claimed]);
      expect(await come(await provider.logIn('dora'))).toMatchObject({ status: 200, groups });
    }
  });

  test('goes by logging out, by the end of the session, and for good by a revocation', async () => {
    const [one, two, three] = [
      await come(await provider.logIn('carla')),
      await come(await provider.logIn('carla')),
      await come(await provider.logIn('carla')),
    ];
    for (const { api_key } of [one, two, three]) expect(await ask(api_key, '/approvals')).toBe(200);
    expect(
      (await fetch(`${urls.create}/api/v1/logout`, { method: 'POST', headers: { 'x-api-key': one.api_key } })).status,
    ).toBe(204);
    await settlesWithin(
      LIMITS.stop_ms,
      () => ask(one.api_key, '/approvals'),
      (answer) => expect(answer).toBe(403),
    );
    await ingress.admin.query('UPDATE identity.api_keys SET expires_at = clock_timestamp() WHERE key_id = $1', [
      two.key_id,
    ]);
    await settlesWithin(
      LIMITS.stop_ms,
      () => ask(two.api_key, '/approvals'),
      (answer) => expect(answer).toBe(401),
    );
    expect(await ask(three.api_key, '/approvals')).toBe(200);
    await revoke(three.principal);
    await settlesWithin(
      LIMITS.stop_ms,
      () => ask(three.api_key, '/approvals'),
      (answer) => expect(answer).toBe(403),
    );
    expect(await come(await provider.logIn('carla'))).toMatchObject({ status: 403, code: 'revoked' });
  });
});

describe('what is no login', () => {
  const other = 'x'.repeat(43);
  const changed = (callback: string, change: (query: URLSearchParams) => void): string => {
    const url = new URL(callback);
    change(url.searchParams);
    return url.href;
  };
  const cases: [string, (login: Login) => Login][] = [
    ['another verifier', (login) => ({ ...login, code_verifier: other })],
    ['another state', (login) => ({ ...login, state: other })],
    ['another nonce', (login) => ({ ...login, nonce: other })],
    ['another code', (login) => ({ ...login, callback: changed(login.callback, (q) => q.set('code', other)) })],
    ['no code', (login) => ({ ...login, callback: changed(login.callback, (q) => q.delete('code')) })],
    [
      'another issuer',
      (login) => ({ ...login, callback: changed(login.callback, (q) => q.set('iss', 'https://evil.example')) }),
    ],
    ['another address to come back to', (login) => ({ ...login, callback: login.callback.replace(':1/', ':2/') })],
    [
      'what the provider refused',
      (login) => ({
        ...login,
        callback: changed(login.callback, (q) => {
          q.delete('code');
          q.set('error', 'access_denied');
        }),
      }),
    ],
  ];
  test.each(cases)('%s is 401', async (_name, change) => {
    const login = await provider.logIn('sub-of-alice');
    expect(await come(change(login))).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  test('is the same one again', async () => {
    const login = await provider.logIn('sub-of-alice');
    expect(await come(login)).toMatchObject({ status: 200 });
    expect(await come(login)).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  test('is one that is signed in another way than is set', async () => {
    expect(await come(await provider.logIn('sub-of-alice'), urls.other)).toMatchObject({ status: 401 });
  });

  test('is one while the provider is away: 503, and nobody is let in', async () => {
    expect(await come(await provider.logIn('sub-of-alice'), urls.away)).toMatchObject({
      status: 503,
      code: 'login_unavailable',
    });
    expect((await fetch(`${urls.away}/api/v1/login`)).status).toBe(503);
  });

  test.each(['https://evil.example/callback?code=x', 'http://evil.example/', 'javascript:alert(1)', 'x'])(
    'is an address beyond this machine: %s',
    async (callback) => {
      const login = { callback, code_verifier: other, state: other, nonce: other };
      expect(await come(login)).toMatchObject({ status: 400, code: 'field_invalid', at: '/callback' });
    },
  );

  test('is not asked of the provider without end: wrong ones are bounded', async () => {
    const login = { callback: 'http://127.0.0.1:1/?code=x', code_verifier: other, state: other, nonce: other };
    let codes: Told[] = [];
    for (let n = 0; n < LIMITS.wrong_keys + 5; n += 25)
      codes = [...codes, ...(await Promise.all(Array.from({ length: 25 }, () => come(login, urls.refuse))))];
    expect(new Set(codes.map(({ code }) => code))).toEqual(new Set(['unauthenticated', 'too_many_requests']));
  });
});

test('the command logs in by a browser that comes back to it, and prints a key that works', async () => {
  let [told, printed, exit] = ['', '', 0];
  const done = runCommand(['--url', urls.create, 'login'], {
    write: (text) => {
      printed += text;
    },
    writeError: (text) => {
      told += text;
    },
    exit: (code) => {
      exit = code;
    },
  });
  await expect.poll(() => told).toContain('/auth?');
  const back = await provider.browse('sub-of-alice', /http\S+/.exec(told)![0]);
  expect((await fetch(back)).status).toBe(200);
  await done;
  expect([exit, told]).toEqual([0, expect.stringContaining('alice, until 20')]);
  const key = /^export COUNTERSIGN_API_KEY=(cs_\S+)\n$/.exec(printed)![1]!;
  expect(await ask(key, '/approvals')).toBe(200);
});

describe('the console logs in', () => {
  const go = (path: string, cookie = '', base = urls.create) =>
    fetch(`${base}${path}`, { redirect: 'manual', headers: { cookie } });
  const cookiesOf = ({ headers }: Response): string[] => headers.getSetCookie().map((set) => set.split(';')[0]!);
  const begin = async (to = '/console/jobs') => {
    const begun = await go(`/console/login?to=${encodeURIComponent(to)}`);
    const back = new URL(await provider.browse('sub-of-alice', begun.headers.get('location')!));
    return { cookie: cookiesOf(begun)[0]!, path: back.pathname + back.search };
  };
  const revoked = (key_id: unknown) =>
    ingress.admin.query(`SELECT FROM control.revocations WHERE subject = 'key:' || $1`, [key_id]);

  test('by a browser that comes back with its own cookie: a session, and its key that nobody sees', async () => {
    const { cookie, path } = await begin();
    const said = await go(path, cookie);
    expect([said.status, said.headers.get('location')]).toEqual([303, '/console/jobs']);
    const [gone, session] = cookiesOf(said) as [string, string];
    expect(gone).toBe('countersign-login=');
    const who = await (await go('/api/v1/session', session)).json();
    expect(who).toMatchObject({ principal: 'alice', groups: ['sre'], auth_method: 'session' });
    const [row] = await ingress.admin.query<{ key_id: string; made_by_login: boolean }>(
      'SELECT key_id, made_by_login FROM identity.sessions ORDER BY created_at DESC LIMIT 1',
    );
    expect(row!.made_by_login).toBe(true);
    const out = await fetch(`${urls.create}/console/sign-out`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: session, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrf: who.csrf_token }).toString(),
    });
    expect([out.status, (await revoked(row!.key_id)).length]).toEqual([303, 1]);
    expect((await go(path, cookie)).status).toBe(401);
  });

  test('for nobody who began elsewhere, twice, or not at all', async () => {
    const [mine, other] = [await begin('https://evil.example/'), await begin()];
    for (const cookie of ['', other.cookie, 'countersign-login=e30', `${mine.cookie}; ${other.cookie}`])
      expect((await go(mine.path, cookie)).status, cookie).toBe(401);
    const { headers } = await go(mine.path, mine.cookie);
    expect(headers.get('location')).toBe('/console');
    const away = await go('/console/login', '', urls.away);
    expect([away.status, await away.text()]).toEqual([503, expect.stringContaining('It did not work')]);
  });

  test('where no provider is set by key alone', async () => {
    expect(await (await go('/console/sign-in')).text()).toContain('/console/login');
    expect(await (await go('/console/sign-in', '', ingress.url)).text()).not.toContain('/console/login');
    expect((await go('/console/login', '', ingress.url)).status).toBe(404);
  });
});
