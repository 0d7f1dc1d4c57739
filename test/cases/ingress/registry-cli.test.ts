/** A new user's path from nothing but an admin's key: the commands that docs/people-and-agents.md has, in its order. */
import { readFileSync } from 'node:fs';
import { runCommand } from '@countersign/cli/run-command';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress();
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
