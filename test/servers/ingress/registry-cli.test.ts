/** A new user's path from nothing but an admin's key: the commands that docs/people-and-agents.md has, in its order. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@countersign/cli/run-command';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_SETS, SYSTEM_PERMISSIONS } from '@countersign/contracts/permissions';
import { newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { connectDatabase } from '@countersign/platform/database';
import { openWebhookKeys } from '@countersign/platform/webhook-keys';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AGENT, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

const MASTER = randomBytes(32);
let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress({
    WEBHOOK_KEYS: MASTER.toString('base64url'),
    WEBHOOK_TARGETS: 'https://hooks.example,http://127.0.0.1:9 private',
  });
});
afterAll(() => ingress[Symbol.asyncDispose]());

async function run(args: readonly string[], key = ingress.keys.admin) {
  const said = { out: '', err: '', code: 0 };
  await runCommand(['--url', ingress.url, '--tenant', TENANT, '--key', key, ...args], {
    write: (text) => {
      said.out += text;
    },
    writeError: (text) => {
      said.err += text;
    },
    exit: (code) => {
      said.code = code;
    },
  });
  return said;
}

async function json(args: readonly string[], key?: string) {
  return JSON.parse((await run([...args, '--json'], key)).out);
}

test('a person, an agent, a key and a first job', async () => {
  expect((await run(['people', 'create', 'erin'])).err).toBe('');
  const agent = [
    'agents',
    'create',
    'weather-agent',
    '--owner',
    'erin',
    '--topic',
    'job.demo.*,job.old.*',
    '--env',
    '*',
  ];
  expect((await run([...agent, '--capability', '*'])).err).toBe('');
  const made = await json(['keys', 'create', 'weather-agent', '--role', 'agent']);
  const submitted = await json(['jobs', 'submit', '--topic', 'job.demo.read', '--prompt', 'status'], made.key);
  expect(submitted.outcome).toBe('accepted');
  const changed = await json(['agents', 'change', 'weather-agent', '--topic', 'job.demo.*']);
  expect(changed.ceiling).toEqual({ topics: ['job.demo.*'], capabilities: ['*'], environments: ['*'] });
  const rotated = await json(['keys', 'rotate', made.key_id, '--overlap', '5']);
  expect(rotated.made.key).not.toBe(made.key);
  expect((await json(['keys', 'revoke', made.key_id, '--reason', 'replaced'])).revoked_at).toEqual(expect.any(String));
  expect((await json(['people', 'change', 'erin', '--group', 'sre'])).groups).toEqual(['sre']);
  expect((await json(['groups', 'create', 'on-call', '--member', 'erin'])).members).toEqual(['erin']);
  expect((await json(['groups', 'change', 'on-call', '--remove', 'erin'])).members).toEqual([]);
  expect((await json(['groups', 'revoke', 'on-call', '--reason', 'merged'])).ended_at).toEqual(expect.any(String));
  expect((await json(['entitlements', 'review', '--sign-off'])).complete).toBe(false);
  expect(await run(['agents', 'revoke', 'weather-agent', '--reason', 'done'])).toMatchObject({ code: 0, err: '' });
});

test('whom one lets act on its behalf: granted, listed by both, and ended', async () => {
  const made = await json(['delegations', 'grant', AGENT, '--days', '1'], ingress.keys.approver);
  expect(made).toMatchObject({ principal: 'alice', to: AGENT });
  expect(Math.round((Date.parse(made.expires_at) - Date.parse(made.created_at)) / 1000)).toBe(86_400);
  for (const key of [ingress.keys.approver, ingress.keys.agent])
    expect(await json(['delegations', 'list'], key)).toMatchObject([{ delegation_id: made.delegation_id }]);
  const shown = (await run(['delegations', 'list'], ingress.keys.agent)).out.trimEnd().split('\n');
  expect([shown.length, ...shown.map((line) => line.length <= 80)]).toEqual([2, true, true]);
  const end = ['delegations', 'revoke', made.delegation_id, '--reason', 'over'];
  expect((await run(end, ingress.keys.agent)).code).toBe(1);
  expect(await run(end, ingress.keys.approver)).toMatchObject({ code: 0, err: '' });
  expect(await json(['delegations', 'list'], ingress.keys.agent)).toEqual([]);
});

test('signing keys are replaced by command: an agent’s, and a worker’s with the file that it starts from next', async () => {
  const raw = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!;
  const rotated = await json(['agents', 'rotate', AGENT, '--signing-key', raw, '--overlap', '5']);
  expect(rotated).toMatchObject({ signing_key: raw, former_key: expect.any(String) });
  expect(await json(['agents', 'rotate', AGENT, '--end-former'])).toMatchObject({ former_key: null });
  expect((await run(['agents', 'rotate', AGENT])).err).toContain('--end-former');

  const key = newApiKey();
  const database = connectDatabase({ url: ingress.database_url, pool: 1, name: 'test' });
  const permissions = [...PERMISSION_SETS.admin, ...SYSTEM_PERMISSIONS];
  await database.transaction((tx) =>
    registerIdentities(tx, {
      principals: [{ id: 'root', type: 'human', tenant: TENANT, groups: [] }],
      api_keys: [{ principal: 'root', key, permissions }],
    }),
  );
  await database.close();
  const folder = mkdtempSync(join(tmpdir(), 'countersign-rotate-'));
  const [file, out] = [join(folder, 'w.json'), join(folder, 'w-next.json')];
  const add = [
    'workers',
    'add',
    '--pool',
    'desk-read',
    '--name',
    'w9',
    '--http',
    '--scheduler-key',
    raw,
    '--out',
    file,
  ];
  expect((await run(add, key)).err).toBe('');
  const rotate = ['workers', 'rotate', 'desk-read/w9', '--file', file, '--out', out];
  const before = await json(['workers', 'show', 'desk-read/w9'], key);
  expect(await json(rotate, key)).toMatchObject({ former_key: before.public_key });
  const [old, next] = [file, out].map((path) => JSON.parse(readFileSync(path, 'utf8')));
  expect({ ...next, signing_key: '' }).toEqual({ ...old, signing_key: '' });
  expect(next.signing_key).not.toBe(old.signing_key);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  // Refused: the new file is not left behind, and one that stands is not overwritten.
  const again = join(folder, 'again.json');
  expect((await run([...rotate.slice(0, -1), again], key)).err).toContain('state_conflict');
  expect(() => statSync(again)).toThrow();
  expect((await run(rotate, key)).err).toContain('overwritten');
  rmSync(folder, { recursive: true });
});

test('a review is applied: ceilings are narrowed and idle keys revoked, after a person signed it off', async () => {
  const create = ['agents', 'create', 'idle-agent', '--owner', 'olivia', '--topic', 'job.a.*,job.b.*', '--env', '*'];
  expect((await run([...create, '--capability', '*'])).err).toBe('');
  const { key_id } = await json(['keys', 'create', 'idle-agent', '--role', 'agent']);
  const used = ['right:idle-agent/topic/job.a.*', 'right:idle-agent/capability/*', 'right:idle-agent/environment/*'];
  for (const text of [
    `UPDATE identity.uses SET last_used_at = now() - interval '90 days' WHERE subject = ''`,
    `UPDATE identity.principals SET created_at = now() - interval '60 days' WHERE principal_id = 'idle-agent'`,
    `UPDATE identity.api_keys SET created_at = now() - interval '60 days' WHERE principal_id = 'idle-agent'`,
    ...used.map((subject) => `INSERT INTO identity.uses VALUES ('${subject}', now())`),
  ])
    await ingress.admin.query(text);
  const report = await json(['entitlements', 'review', '--days', '30', '--apply', '--comment', 'read']);
  expect(report).toMatchObject({
    complete: true,
    agents: [{ agent: 'idle-agent', topics: ['job.b.*'], capabilities: [], environments: [] }],
    keys: [{ key_id }],
  });
  const { ceiling } = await json(['agents', 'show', 'idle-agent']);
  expect(ceiling).toEqual({ topics: ['job.a.*'], capabilities: ['*'], environments: ['*'] });
  expect((await json(['keys', 'show', key_id])).revoked_at).toEqual(expect.any(String));
  const kinds = await ingress.admin.query<{ kind: string }>(
    `SELECT kind FROM ledger.entries WHERE chain IN ('identity:idle-agent', 'identity:${TENANT}') ORDER BY id DESC LIMIT 3`,
  );
  expect(kinds.map(({ kind }) => kind)).toEqual(['identity_revoked', 'identity_changed', 'entitlements_reviewed']);
  expect(await json(['entitlements', 'review', '--days', '30'])).toMatchObject({ agents: [], keys: [] });
});

test('its lists fit 80 columns under headings', async () => {
  for (const kind of ['agents', 'people', 'groups', 'keys', 'tenants']) {
    const { out } = await run([kind, 'list']);
    const lines = out.trimEnd().split('\n');
    expect(lines[0], kind).toMatch(/^[A-Z]/);
    expect(lines.length, kind).toBeGreaterThan(1);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  }
  expect((await run(['keys', 'expiring', '--days', '91'])).out).toContain('key_');
  expect((await run(['revocations'])).code).toBe(0);
});

test('what it may not do is said, and nothing is done', async () => {
  const refused = await run(['keys', 'create', 'olivia', '--role', 'approver']);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect((await run(['workers', 'list'])).code).toBe(1);
  expect((await run(['agents', 'show', 'nobody'])).code).toBe(1);
});

test('the page shows no command that there is not', () => {
  const page = readFileSync(new URL('../../../docs/people-and-agents.md', import.meta.url), 'utf8');
  for (const command of [
    'people create',
    'agents create',
    'keys create',
    'jobs submit',
    'keys rotate',
    'entitlements review',
  ])
    expect(page).toContain(`countersign ${command}`);
});

test('webhooks: only where the settings say, a secret shown once, an address kept sealed, each change recorded', async () => {
  const create = ['webhooks', 'create', 'https://hooks.example/T0/the-secret-path'];
  const made = await json([...create, '--format', 'slack', '--events', 'approval.opened,review.due']);
  const { webhook_id } = made;
  const secrets = openWebhookKeys([MASTER]);
  const { hmac, public_key } = secrets.secretsOf(webhook_id, secrets.key_id);
  const shown = {
    ...{ webhook_id, tenant: TENANT, target: 'https://hooks.example', format: 'slack', created_by: 'olivia' },
    ...{ events: ['approval.opened', 'review.due'], created_at: expect.any(String), ended_at: null },
  };
  const keys = { secret: `whsec_${hmac.toString('base64')}`, public_key: `whpk_${public_key.toString('base64')}` };
  expect(made).toEqual({ ...shown, ...keys });
  expect(await json(['webhooks', 'list'])).toEqual([shown]);
  const [row] = await ingress.admin.query<{ sealed_url: Buffer; key_id: string }>('SELECT * FROM identity.webhooks');
  expect(secrets.open(webhook_id, row!.sealed_url, row!.key_id).toString()).toBe(create[2]);
  const refused = async (url: string, more: string[] = []) => (await run(['webhooks', 'create', url, ...more])).err;
  for (const url of [
    'https://evil.example/x',
    'http://hooks.example/',
    'https://a@hooks.example/',
    'http://127.0.0.1:10/',
  ])
    expect(await refused(url), url).toContain('webhook_target_refused');
  expect(await refused('ftp://hooks.example/')).toContain('field_invalid');
  expect(await refused('https://hooks.example/', ['--events', 'approval.opened,no.such'])).toContain('field_invalid');
  expect((await run(create, ingress.keys.auditor)).err).toContain('permission_missing');

  const made_too = await Promise.all(Array.from({ length: LIMITS.tenant_webhooks }, () => run(create)));
  expect(made_too.filter(({ err }) => err.includes('state_conflict'))).toHaveLength(1);
  const end = ['webhooks', 'end', webhook_id, '--reason', 'moved'];
  const ended = await json(end);
  expect(ended).toEqual({ ...shown, ended_at: expect.any(String) });
  expect(await json(end)).toEqual(ended);
  expect((await run(['webhooks', 'end', 'wh-0000000000000000', '--reason', 'x'])).err).toContain('not_found');
  const kept = 'SELECT octet_length(sealed_url) AS bytes FROM identity.webhooks WHERE webhook_id = $1';
  expect(await ingress.admin.query(kept, [webhook_id])).toEqual([{ bytes: 0 }]);
  const entries = await ingress.admin.query<{ kind: string; body: string }>(
    `SELECT kind, body FROM ledger.entries WHERE body LIKE '%"what":"webhook"%' ORDER BY id`,
  );
  const kinds = [...Array<string>(LIMITS.tenant_webhooks).fill('identity_created'), 'identity_changed'];
  expect(entries.map(({ kind }) => kind)).toEqual(kinds);
  expect(JSON.parse(entries[0]!.body)).toMatchObject({ actor: 'olivia', webhook_id, target: 'https://hooks.example' });
  expect(entries.map(({ body }) => body).join()).not.toMatch(/secret|\/T0/);
});
