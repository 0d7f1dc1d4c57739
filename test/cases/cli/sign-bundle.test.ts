/**
 * From a folder to a bundle that a kernel believes: keys that nobody else can read, builds only of what passes its own
 * tests, signatures only on what was built, and the way back as a new version.
 */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import type { BundleDocument, TrustRoot } from '@countersign/contracts/policy';
import { openBundle } from '@countersign/policy/verify-bundle';
import { beforeAll, describe, expect, test } from 'vitest';
import { newFolder, POLICY, runCli, SOUND, TESTS, writeFolder, writeOne } from './run-cli.ts';

const NOW = '2026-06-01T00:00:00Z';
const SPAN = ['--not-before', '2026-01-01T00:00:00Z', '--days', '365'];
const sound = writeFolder();
const keys = newFolder();
const alice = join(keys, 'alice.pem');
const bob = join(keys, 'bob.pem');
let root: TrustRoot;

function keygen(id: string, file: string) {
  return runCli('--json', 'policy', 'keygen', id, '--out', file, ...SPAN);
}

function read(file: string): BundleDocument {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function rootFile(): string {
  return writeOne('root.json', JSON.stringify(root));
}

/** For everybody, where nothing else is said. */
function scoped(more: readonly string[]): string[] {
  return more.includes('--scope') ? [...more] : ['--scope', '*', ...more];
}

async function built(...more: string[]): Promise<string> {
  const file = join(newFolder(), 'bundle.json');
  const ran = await runCli('policy', 'build', sound, '--out', file, '--version', '4', ...SPAN, ...scoped(more));
  expect(ran).toMatchObject({ code: EXIT.done, error: '' });
  return file;
}

beforeAll(async () => {
  const entries = [await keygen('alice', alice), await keygen('bob', bob)].map(({ json }) => json.key);
  root = { threshold: 2, keys: entries };
});

describe('keygen', () => {
  test('writes a key that only its owner may read, and prints what a trust root needs', async () => {
    const file = join(newFolder(), 'k.pem');
    const { json, out } = await keygen('team-a', file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(json.key).toMatchObject({
      key_id: 'team-a',
      not_before: '2026-01-01T00:00:00Z',
      not_after: '2027-01-01T00:00:00Z',
    });
    const secret = createPrivateKey(readFileSync(file, 'utf8')).export({ format: 'jwk' });
    expect(json.key.public_key).toBe(secret.x);
    expect(out).not.toContain(secret.d);
  });

  test('overwrites no key', async () => {
    const before = readFileSync(alice, 'utf8');
    expect(await keygen('alice', alice)).toMatchObject({
      code: EXIT.usage,
      error: expect.stringContaining('exists already'),
    });
    expect(readFileSync(alice, 'utf8')).toBe(before);
  });

  test('takes no name that a trust root would refuse', async () => {
    expect((await keygen('../x', join(newFolder(), 'k'))).code).toBe(EXIT.usage);
  });
});

describe('build', () => {
  test('is told for whom: nobody builds for everybody by leaving it out', async () => {
    const { code, error } = await runCli(
      'policy',
      'build',
      sound,
      '--out',
      join(newFolder(), 'b.json'),
      '--version',
      '1',
    );
    expect(code).toBe(EXIT.usage);
    expect(error).toContain('--scope');
  });

  test('makes one document of it, the same on every run', async () => {
    const [one, two] = [await built(), await built()];
    expect(readFileSync(one, 'utf8')).toBe(readFileSync(two, 'utf8'));
    expect(read(one).manifest).toMatchObject({
      version: 4,
      scope: { tenants: ['*'] },
      not_after: '2027-01-01T00:00:00Z',
    });
    expect(read(await built('--scope', 'acme', '--scope', 'globex')).manifest.scope.tenants).toEqual([
      'acme',
      'globex',
    ]);
  });

  test.each([
    [
      'a test fails',
      { ...SOUND, 'policy.yaml': POLICY.replace('decision: allow', 'decision: deny') },
      EXIT.tests_failed,
      /FAILED/,
    ],
    ['it does not compile', { ...SOUND, 'policy.yaml': `${POLICY}colour: red\n` }, EXIT.faulty, /field_unknown/],
  ] as const)('builds nothing when %s', async (_name, files, code, says) => {
    const file = join(newFolder(), 'b.json');
    const ran = await runCli('policy', 'build', writeFolder(files), '--out', file, '--version', '1', '--scope', '*');
    expect([ran.code, ran.error]).toEqual([code, expect.stringMatching(says)]);
    expect(() => statSync(file)).toThrow('ENOENT');
  });

  test('builds nothing that its tests do not reach', async () => {
    const gap = writeFolder({ ...SOUND, 'tests/promises.yaml': TESTS.slice(0, TESTS.indexOf('  - name: a write')) });
    const build = ['policy', 'build', gap, '--out', join(newFolder(), 'b.json'), '--version', '1', '--scope', '*'];
    expect((await runCli(...build, '--min-coverage', '100')).code).toBe(EXIT.tests_failed);
    expect((await runCli(...build)).code).toBe(EXIT.done);
  });

  test.each([
    ['no version', []],
    ['a version that is none', ['--version', '0']],
    ['everybody and somebody', ['--version', '1', '--scope', '*', '--scope', 'acme']],
    ['a tenant that can be none', ['--version', '1', '--scope', 'A B']],
    ['month 13', ['--version', '1', '--not-before', '2026-13-01T00:00:00Z']],
    ['an end before the start', ['--version', '1', '--not-after', '2020-01-01T00:00:00Z']],
  ])('is wrong usage with %s', async (_name, more) => {
    const { code, error } = await runCli(
      'policy',
      'build',
      sound,
      '--out',
      join(newFolder(), 'b.json'),
      ...scoped(more),
    );
    expect([code, error]).toEqual([EXIT.usage, expect.stringMatching(/\S/)]);
  });

  test('takes the version that the policy states, and no other', async () => {
    const stated = writeFolder({ ...SOUND, 'policy.yaml': `version: 12\n${POLICY}` });
    const file = join(newFolder(), 'b.json');
    expect((await runCli('policy', 'build', stated, '--out', file, '--scope', '*')).code).toBe(EXIT.done);
    expect(read(file).manifest.version).toBe(12);
    expect((await runCli('policy', 'build', stated, '--out', file, '--version', '13', '--scope', '*')).code).toBe(
      EXIT.faulty,
    );
  });
});

describe('sign', () => {
  test('adds one signature at a time, until enough have signed', async () => {
    const file = await built();
    const sign = (key: string) =>
      runCli('--json', 'policy', 'sign', file, '--key-file', key, '--trust-root', rootFile());
    expect((await sign(alice)).json).toMatchObject({
      key_ids: ['alice'],
      standing: { code: 'bundle_threshold_unmet' },
    });
    expect((await openBundle(readFileSync(file, 'utf8'), root, NOW)).ok).toBe(false);
    expect((await sign(bob)).json).toMatchObject({ key_ids: ['alice', 'bob'], signed_by: 'bob' });
    expect(await openBundle(readFileSync(file, 'utf8'), root, NOW)).toMatchObject({
      ok: true,
      bundle: { key_ids: ['alice', 'bob'] },
    });
  });

  test('signs nothing that was changed after it was built', async () => {
    const file = await built();
    const document = read(file);
    const altered = { ...document, files: { ...document.files, 'policy.yaml': 'default_decision: allow\n' } };
    writeFileSync(file, JSON.stringify(altered));
    const { code, json } = await runCli('--json', 'policy', 'sign', file, '--key-file', alice);
    expect([code, json.code]).toEqual([EXIT.faulty, 'bundle_file_altered']);
    expect(read(file).signatures).toEqual([]);
  });

  test('does not know where to put what came through standard input', async () => {
    const ran = await runCli('policy', 'sign', '-', '--key-file', alice);
    expect([ran.code, ran.error]).toEqual([EXIT.usage, expect.stringContaining('--out')]);
  });

  test('leaves the unsigned one alone with --out', async () => {
    const [file, out] = [await built(), join(newFolder(), 'signed.json')];
    await runCli('policy', 'sign', file, '--key-file', alice, '--key-id', 'ann', '--out', out);
    expect([read(file).signatures, read(out).signatures.map(({ key_id }) => key_id)]).toEqual([[], ['ann']]);
  });

  test.each([
    ['somebody else’s key', () => ['--key-file', bob, '--key-id', 'alice'], /wrong key/],
    [
      'a key that the trust root does not name',
      () => ['--key-file', alice, '--key-id', 'carol'],
      /names no key carol; it names alice, bob/,
    ],
    ['a key of another kind', () => ['--key-file', writeOne('rsa.pem', ecKey())], /no Ed25519 private key/],
    ['what is no key', () => ['--key-file', writeOne('k.pem', 'hello')], /k\.pem holds no Ed25519/],
    ['no key file', () => ['--key-file', '/no/such.pem'], /the file \/no\/such\.pem does not exist/],
    ['no name for it', () => ['--key-file', writeOne('My Key.pem', readFileSync(alice, 'utf8'))], /--key-id is needed/],
  ] as const)('refuses %s', async (_name, args, says) => {
    const file = await built();
    const { code, error } = await runCli('policy', 'sign', file, ...args(), '--trust-root', rootFile());
    expect([code, error]).toEqual([EXIT.usage, expect.stringMatching(says)]);
    expect(read(file).signatures).toEqual([]);
  });

  test('refuses a trust root that is none', async () => {
    const { error } = await runCli(
      'policy',
      'sign',
      await built(),
      '--key-file',
      alice,
      '--trust-root',
      writeOne('r.json', '{}'),
    );
    expect(error).toMatch(/r\.json is no trust root: threshold/);
  });
});

function ecKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}

describe('rollback with --out', () => {
  const back = (file: string, out: string) =>
    runCli('policy', 'rollback', file, '--key-file', alice, '--version', '9', '--out', out, ...SPAN);

  test('signs the old content as a new version', async () => {
    const out = join(newFolder(), 'back.json');
    const file = await built('--scope', 'acme');
    expect(await back(file, out)).toMatchObject({ code: EXIT.done, out: expect.stringContaining('version 9') });
    expect(read(out)).toMatchObject({
      files: read(file).files,
      manifest: { version: 9, scope: { tenants: ['acme'] } },
    });
    expect(await openBundle(readFileSync(out, 'utf8'), { ...root, threshold: 1 }, NOW)).toMatchObject({ ok: true });
  });

  test('restates a version that the file states, and nothing else', async () => {
    const stated = writeFolder({ ...SOUND, 'policy.yaml': `version: 4\n${POLICY}` });
    const [file, out] = [join(newFolder(), 'b.json'), join(newFolder(), 'back.json')];
    await runCli('policy', 'build', stated, '--out', file, '--scope', '*', ...SPAN);
    expect((await back(file, out)).code).toBe(EXIT.done);
    expect(read(out).files['policy.yaml']).toBe(`version: 9\n${POLICY}`);
    const inline = writeFolder({ 'policy.yaml': '{ version: 4, default_decision: deny }' });
    await runCli('policy', 'build', inline, '--out', file, '--scope', '*', ...SPAN);
    expect(await back(file, out)).toMatchObject({ code: EXIT.usage, error: expect.stringContaining('take it out') });
  });
});
