/**
 * The console without a browser: what is served and under which headers, sessions and everything that tries to take or use one, and
 * the vote as a plain form. What a browser shows is `journeys/decisions.test.ts`.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { PAGES } from '@countersign/console/pages';
import { ENTRY, importMap, servedFiles } from '@countersign/console/served-files';
import { ACCESS } from '@countersign/contracts/access';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { keyIdOf } from '@countersign/ingress/api-key';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { sha256 } from '@countersign/ledger/digest';
import { connectDatabase } from '@countersign/platform/database';
import { readModule } from '@countersign/platform/read-module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAst } from 'vitest/node';
import { DIGEST, openQuestion } from '../../cases/ingress/play-peers.ts';
import { listFiles } from '../../cases/structure/project-files.ts';
import { type RunningIngress, runIngress } from './run-ingress.ts';

let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());

type Headers = Record<string, string>;
type Seen = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  text: string;
  json: any;
};

/** As a browser or anybody else asks: `Host` and `Cookie` as given. */
function ask(
  path: string,
  { method = 'GET', headers = {} as Headers, body = '', url = ingress.url } = {},
): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      { method, headers: { ...headers, ...(body && { 'content-length': Buffer.byteLength(body) }) } },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () => {
          const bytes = Buffer.concat(parts);
          const text = bytes.toString();
          const isJson = response.headers['content-type'] === 'application/json';
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            bytes,
            text,
            json: isJson ? JSON.parse(text) : null,
          });
        });
      },
    );
    sent.on('error', reject).end(body);
  });
}

function form(path: string, fields: Record<string, string>, headers: Headers = {}): Promise<Seen> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return ask(path, { method: 'POST', headers: { ...type, ...headers }, body: new URLSearchParams(fields).toString() });
}

/** The cookie of a new session, as a browser sends it back. */
async function signIn(key: string, headers: Headers = {}): Promise<string> {
  const { status, headers: told } = await form('/console/sign-in', { key }, headers);
  expect(status).toBe(303);
  return told['set-cookie']![0]!.split(';')[0]!;
}

async function csrfOf(cookie: string): Promise<string> {
  return (await ask('/api/v1/session', { headers: { cookie } })).json.csrf_token;
}

const own = <T>(work: Parameters<ReturnType<typeof connectDatabase>['transaction']>[0]) => {
  const database = connectDatabase({ url: ingress.database_url, pool: 1, name: 'test' });
  return (database.transaction(work) as Promise<T>).finally(() => database.close());
};

describe('what is served', () => {
  const sourceOf = new Map(servedFiles().map(({ path, url }) => [path, url]));
  const moduleFiles = [...sourceOf].filter(([path]) => !/\.(css|svg)$/.test(path));

  test('runs nothing but its own modules, loads nothing from elsewhere, and is framed by nobody', async () => {
    const { headers, text } = await ask('/console');
    const csp = String(headers['content-security-policy']);
    const map = /<script type="importmap">(.*?)<\/script>/.exec(text)![1]!;
    expect(csp).toContain(`script-src 'self' 'sha256-${hash('sha256', map, 'base64')}'`);
    expect(csp).not.toMatch(/unsafe|\*|data:|https?:/);
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"])
      expect(csp).toContain(part);
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(text).not.toMatch(/<style| style=| on\w+=/);
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(
      [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, to]) => to).filter((to) => !/^(\/console|#)/.test(to!)),
    ).toEqual([]);
  });

  test('every page of the menu, for whoever opens its address', async () => {
    for (const [href] of PAGES.flatMap(({ link }) => (link === undefined ? [] : [link])))
      expect((await ask(href)).status, href).toBe(200);
    expect((await ask('/console/nowhere')).status).toBe(404);
  });

  test('all modules, each import of each of them, and nothing else', async () => {
    const base = /src="(.*?)app\.ts"/.exec((await ask('/console')).text)![1]!;
    const { imports } = JSON.parse(importMap(base)) as { imports: Record<string, string> };
    const reached = new Set<string>();
    const visit = async (at: string): Promise<void> => {
      if (reached.has(at)) return;
      reached.add(at);
      const { status, headers, text } = await ask(at);
      expect({ at, status, type: headers['content-type'] }).toMatchObject({
        at,
        status: 200,
        type: 'text/javascript; charset=utf-8',
      });
      if (!at.startsWith(`${base}lib/`)) expect(/innerHTML|\beval\(|new Function/i.test(text), at).toBe(false);
      for (const specifier of importsIn(text))
        await visit(imports[specifier] ?? new URL(specifier, `http://x${at}`).pathname);
    };
    await visit(base + ENTRY);
    expect([...reached].sort()).toEqual(moduleFiles.map(([path]) => base + path).sort());
    const beside = ['render-view.ts', 'served-files.ts'];
    const written = listFiles('packages/console/src', /\.ts$/).map((path) => path.split('/').at(-1)!);
    expect(written.filter((name) => !sourceOf.has(name))).toEqual(beside);
    for (const path of [
      `${base}served-files.ts`,
      `${base}..%2f..%2fpackage.json`,
      `${base}lib/../../../package.json`,
      `/console/files/other/${ENTRY}`,
    ])
      expect((await ask(path)).status, path).toBe(404);
  });

  test('what is left out of a module are types and comments alone', () => {
    for (const [path, url] of moduleFiles) {
      const source = readFileSync(new URL(url), 'utf8');
      const untyped = url.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
      expect(shapeOf(readModule(url)), path).toEqual(shapeOf(untyped));
    }
  });

  test('weighs less than 60 KB as a browser gets it', async () => {
    const page = (await ask('/console')).text;
    const base = /src="(.*?)app\.ts"/.exec(page)![1]!;
    const headers = { 'accept-encoding': 'gzip' };
    let total = Buffer.byteLength(page);
    for (const [path, url] of sourceOf) {
      const got = await ask(base + path, { headers });
      expect([path, got.headers['content-encoding'], got.headers.vary]).toEqual([path, 'gzip', 'accept-encoding']);
      expect(gunzipSync(got.bytes).toString(), path).toBe(readModule(url));
      total += got.bytes.length;
    }
    expect(total).toBeGreaterThan(10_000);
    expect(total).toBeLessThan(60_000);
  });
});

describe('a session', () => {
  test('is a cookie that no script reads, no other site sends and no plain connection carries', async () => {
    const key = ingress.keys.approver;
    const local = (await form('/console/sign-in', { key, to: '/console/jobs' })).headers;
    expect(local.location).toBe('/console/jobs');
    expect(local['set-cookie']).toEqual([
      expect.stringMatching(/^countersign=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    const host = 'api.acme.example';
    const away = (await form('/console/sign-in', { key }, { host, origin: `https://${host}` })).headers['set-cookie'];
    expect(away).toEqual([
      expect.stringMatching(/^__Host-countersign=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/),
    ]);
    const cookie = away![0]!.split(';')[0]!;
    expect((await ask('/api/v1/session', { headers: { host, cookie } })).json.principal).toBe('alice');
    // Without TLS it is another name: nothing set there passes for it.
    expect((await ask('/api/v1/session', { headers: { host, cookie: cookie.replace('__Host-', '') } })).status).toBe(
      401,
    );
  });

  test('is had for a right key from a page of our own, and goes nowhere else', async () => {
    for (const [key, status] of [
      ['', 401],
      ['cs_wrong', 401],
      [ingress.keys.expired, 401],
    ] as const) {
      const told = await form('/console/sign-in', { key });
      expect([told.status, told.headers['set-cookie']]).toEqual([status, undefined]);
    }
    const { approver: key } = ingress.keys;
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
      expect((await form('/console/sign-in', { key }, { origin })).status).toBe(403);
    for (const to of [
      'https://evil.example',
      '//evil.example',
      '/api/v1/token',
      '/console/../x',
      'javascript:alert(1)',
    ])
      expect((await form('/console/sign-in', { key, to })).headers.location).toBe('/console');
    expect(
      (await ask('/console/sign-in', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }))
        .status,
    ).toBe(415);
    const large = await form('/console/sign-in', { key: 'x'.repeat(LIMITS.console_form_bytes) });
    expect(large.status).toBe(413);
  });

  test('is new each time, whatever cookie was there, and one request has one', async () => {
    const planted = `countersign=${'A'.repeat(43)}`;
    const cookie = await signIn(ingress.keys.approver, { cookie: planted });
    expect(cookie).not.toBe(planted);
    expect((await ask('/api/v1/session', { headers: { cookie: planted } })).status).toBe(401);
    expect(await signIn(ingress.keys.approver)).not.toBe(cookie);
    expect((await ask('/api/v1/session', { headers: { cookie: `${planted}; ${cookie}` } })).status).toBe(401);
    const both = await ask('/api/v1/session', { headers: { cookie, 'x-api-key': ingress.keys.admin } });
    expect([both.status, both.json.detail]).toEqual([401, expect.stringContaining('more than one')]);
  });

  test('changes nothing without its own token, and answers no page of another site', async () => {
    const cookie = await signIn(ingress.keys.approver);
    const other = await csrfOf(await signIn(ingress.keys.approver));
    const csrf = await csrfOf(cookie);
    const vote = (headers: Headers) =>
      ask('/api/v1/approvals/00000000-0000-7000-8000-000000000000/approve', {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ digest: DIGEST }),
      });
    const before = ingress.peers.votes.length;
    for (const headers of [
      {},
      { 'x-csrf-token': '' },
      { 'x-csrf-token': other },
      { 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' },
      { 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site' },
    ])
      expect((await vote(headers as Headers)).json.code).toBe('csrf_invalid');
    expect(ingress.peers.votes.length).toBe(before);
    expect((await vote({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' })).json.code).toBe('approval_closed');
    expect(ingress.peers.votes.at(-1)).toMatchObject({
      principal: { id: 'alice', auth_method: 'session', key_id: keyIdOf(sha256(Buffer.from(ingress.keys.approver))) },
    });
    expect((await ask('/api/v1/session', { headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    const out = await form('/console/sign-out', { csrf: other }, { cookie });
    expect([out.status, (await ask('/api/v1/session', { headers: { cookie } })).status]).toEqual([403, 200]);
  });

  test('may what its key may, at every route, and becomes no other credential', async () => {
    for (const name of ['approver', 'admin', 'auditor', 'agent'] as const) {
      const cookie = await signIn(ingress.keys[name]);
      const csrf = await csrfOf(cookie);
      for (const call of Object.keys(ACCESS)) {
        const [method, path] = call.replaceAll(/\{\w+\}/g, '1').split(' ') as [string, string];
        // It would end the key that the others ask with, and a session is not exchanged for a token.
        if (path === '/token') continue;
        const codeWith = async (headers: Headers) => {
          const body = method === 'GET' ? '' : '{}';
          const answer = await ask(`/api/v1${path}`, {
            method,
            headers: { ...headers, 'content-type': 'application/json' },
            body,
          });
          return answer.json?.code === 'permission_missing';
        };
        expect([name, call, await codeWith({ cookie, 'x-csrf-token': csrf })]).toEqual([
          name,
          call,
          await codeWith({ 'x-api-key': ingress.keys[name] }),
        ]);
      }
      const token = await ask('/api/v1/token', {
        method: 'POST',
        headers: { cookie, 'x-csrf-token': csrf, 'content-type': 'application/json' },
        body: '{}',
      });
      expect(token.json.code).toBe('permission_missing');
    }
  });

  test('ends with its key, by itself, when nobody is there, and when it is signed out of', async () => {
    const key = await ingress.registerKey('desk-agent');
    const revoked = await signIn(key);
    await own((tx) =>
      revokeIdentity(tx, { what: 'api_key', id: keyIdOf(sha256(Buffer.from(key))), reason: 'lost', by_key: null }),
    );
    await waitUntil(
      'the session ends with its key',
      async () => (await ask('/api/v1/session', { headers: { cookie: revoked } })).status === 403,
    );

    const cookie = await signIn(ingress.keys.approver);
    const row = async () =>
      (
        await ingress.admin.query<{ idle_s: number; life_s: number }>(
          `SELECT extract(epoch FROM expires_at - clock_timestamp())::float AS idle_s, extract(epoch FROM ends_at - clock_timestamp())::float AS life_s
       FROM identity.sessions WHERE session_sha256 = $1`,
          [sha256(Buffer.from(cookie.split('=')[1]!))],
        )
      )[0]!;
    const { idle_s, life_s } = await row();
    expect(Math.abs(idle_s - LIMITS.console_idle_ms / 1000)).toBeLessThan(60);
    expect(Math.abs(life_s - LIMITS.console_session_ms / 1000)).toBeLessThan(60);
    const setEnd = (seconds: number, whole = false) =>
      ingress.admin.query(
        `UPDATE identity.sessions SET expires_at = e.at, ends_at = CASE WHEN $3 THEN e.at ELSE ends_at END
         FROM (SELECT now() + make_interval(secs => $2) AS at) e WHERE session_sha256 = $1`,
        [sha256(Buffer.from(cookie.split('=')[1]!)), seconds, whole],
      );
    await setEnd(100);
    for (const headers of [{ 'x-background': '1' }, { accept: 'text/event-stream' }])
      await ask('/api/v1/session', { headers: { cookie, ...headers } });
    expect((await row()).idle_s).toBeLessThan(101);
    await waitUntil('a use moves the end', async () => {
      await ask('/api/v1/session', { headers: { cookie } });
      return (await row()).idle_s > 1_000;
    });
    await setEnd(200, true);
    await ask('/api/v1/session', { headers: { cookie } });
    expect((await row()).idle_s).toBeLessThan(201);
    await setEnd(-1);
    await waitUntil(
      'an idle session has ended',
      async () => (await ask('/api/v1/session', { headers: { cookie } })).status === 401,
    );

    const last = await signIn(ingress.keys.approver);
    const out = await form('/console/sign-out', { csrf: await csrfOf(last) }, { cookie: last });
    expect([out.status, out.headers['set-cookie']![0]]).toEqual([303, expect.stringContaining('Max-Age=0')]);
    await waitUntil(
      'it is signed out of',
      async () => (await ask('/api/v1/session', { headers: { cookie: last } })).status === 401,
    );
    expect((await ask('/api/v1/session', { headers: { 'x-api-key': ingress.keys.approver } })).status).toBe(200);
    const entries = await ingress.admin.query<{ kind: string; body: string }>(
      `SELECT kind, body FROM ledger.entries WHERE chain = 'identity:alice' ORDER BY seq DESC LIMIT 2`,
    );
    expect(entries.map(({ kind, body }) => [kind, JSON.parse(body).what, JSON.parse(body).auth_method])).toEqual([
      ['identity_changed', 'session', 'session'],
      ['identity_created', 'session', 'api_key'],
    ]);
    expect(JSON.stringify(entries)).not.toContain(last.split('=')[1]);
  });

  test('is one of so many of its key: the oldest gives way', async () => {
    const key = await ingress.registerKey('second-agent');
    for (let i = 0; i <= LIMITS.console_sessions; i += 1) await signIn(key);
    const [{ open }] = (await ingress.admin.query<{ open: number }>(
      'SELECT count(*)::int AS open FROM identity.sessions WHERE key_id = $1',
      [keyIdOf(sha256(Buffer.from(key)))],
    )) as [{ open: number }];
    expect(open).toBe(LIMITS.console_sessions);
  });
});

describe('a question as a plain page', () => {
  const HOSTILE = '<img src=x onerror=alert(1)></pre><script>alert(2)</script>"\'&';
  const HIDDEN = 'pay \u202Eevil\u200B';
  const id = '00000000-0000-7000-8000-00000000000a';
  const path = `/console/approvals/${id}`;
  const pose = () =>
    ingress.peers.questions.set(id, {
      ...openQuestion({ tenant: 'acme', job_id: 'job-1' }, { approval_id: id, groups: ['sre'] }),
      reason: HOSTILE,
      effective: {
        ...{ tenant: 'acme', job_id: 'job-1', actor: 'desk-agent', topic: 'job.deploy.apply', capability: null },
        ...{ risk_tags: [], requires: [], labels: { note: HOSTILE, run: HOSTILE }, prompt: HOSTILE, constraints: {} },
        payload: { note: HIDDEN, [HOSTILE]: HOSTILE, long: 'y'.repeat(20_000) },
      },
    });

  test('shows all of what will run, as text, with what nobody sees', async () => {
    pose();
    const cookie = await signIn(ingress.keys.approver);
    const { status, text, headers } = await ask(path, { headers: { cookie } });
    expect([status, headers['content-security-policy']]).toEqual([200, expect.stringContaining("default-src 'none'")]);
    expect(text).not.toMatch(/<img|<script>/);
    expect(text).toContain('&lt;script>alert(2)');
    expect(text).not.toMatch(/[\u202E\u200B]/);
    expect(text).toMatch(/<mark class="unseen"[^>]*>\\u202e<\/mark>/);
    expect(text).toContain('y'.repeat(20_000));
    expect(text).toContain(`name="digest" value="${DIGEST}"`);
    expect(text).toContain('/payload/note');
  });

  test('takes a vote for the digest that it shows, with a comment, from its own form', async () => {
    pose();
    const cookie = await signIn(ingress.keys.approver);
    const { text } = await ask(path, { headers: { cookie } });
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)![1]!;
    const before = ingress.peers.votes.length;
    expect((await form(path, { vote: 'approve', digest: DIGEST }, { cookie })).status).toBe(403);
    expect((await form(path, { vote: 'approve', digest: DIGEST, csrf })).headers.location).toBe(
      `/console/sign-in?to=${encodeURIComponent(path)}`,
    );
    expect(ingress.peers.votes.length).toBe(before);
    const stale = await form(path, { vote: 'approve', digest: `sha256:${'0'.repeat(64)}`, csrf }, { cookie });
    expect([stale.status, stale.text]).toEqual([409, expect.stringContaining('something other than what is asked')]);
    const cast = await form(path, { vote: 'approve', digest: DIGEST, csrf, comment: ' looked at it ' }, { cookie });
    expect([cast.status, cast.headers.location]).toEqual([303, path]);
    expect(ingress.peers.votes.at(-1)).toMatchObject({
      vote: 'approve',
      digest: DIGEST,
      comment: 'looked at it',
      principal: { id: 'alice' },
    });
    const late = await form(path, { vote: 'reject', digest: DIGEST, csrf }, { cookie });
    expect([late.status, late.text]).toEqual([409, expect.stringContaining('decided by alice (approve): granted')]);
  });

  test('asks who is not signed in to do so, and lets in who comes from a mail', async () => {
    pose();
    expect((await ask(path)).headers.location).toBe(`/console/sign-in?to=${encodeURIComponent(path)}`);
    const sent = await ask(path, { headers: { 'sec-fetch-site': 'cross-site' } });
    expect([sent.status, sent.headers.refresh]).toEqual([200, '0']);
    const cookie = await signIn(ingress.keys.agent);
    expect((await ask(path, { headers: { cookie } })).status).toBe(403);
    const unknown = await ask('/console/approvals/nothing', {
      headers: { cookie: await signIn(ingress.keys.approver) },
    });
    expect(unknown.status).toBe(404);
  });
});

function importsIn(text: string): string[] {
  const later = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(([, specifier]) => specifier!);
  return [...later, ...(parseAst(text) as any).body.flatMap((node: any) => (node.source ? [node.source.value] : []))];
}

/** Without places, which is all that a comment changes. */
function shapeOf(text: string): string {
  return JSON.stringify(parseAst(text), (key, value) =>
    key === 'start' || key === 'end' || key === 'range' ? undefined : typeof value === 'bigint' ? String(value) : value,
  );
}
