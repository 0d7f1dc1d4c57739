/**
 * What the command asks a server for, and what it makes of each answer: publishing, activating, replaying, going back,
 * candidates, portions.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { policyQuestion } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { bundleDocument } from '@countersign/contracts/policy';
import type { BundleView, ReplayAnswer } from '@countersign/contracts/policy-rollout';
import { replayRequest } from '@countersign/contracts/policy-rollout';
import { beforeAll, describe, expect, test } from 'vitest';
import { type PlayedApi, playApi } from './play-api.ts';
import { newFolder, type Ran, runCli, SOUND, writeFolder, writeOne } from './run-cli.ts';

const SNAPSHOT = `sha256:${'5'.repeat(64)}`;

function view(version: number, over: Partial<BundleView> = {}): BundleView {
  return {
    version,
    snapshot: SNAPSHOT,
    tenants: ['acme'],
    state: 'published',
    not_before: '2026-01-01T00:00:00Z',
    not_after: '2027-01-01T00:00:00Z',
    key_ids: ['alice'],
    published_by: 'admin',
    published_at: '2026-01-02T00:00:00Z',
    ...over,
  };
}

function activated(version: number) {
  return {
    version,
    snapshot: SNAPSHOT,
    scopes: [{ scope: 'acme', epoch: 8 }],
    changed: true,
  };
}

function refusal(code: string) {
  return { status: 400, body: { code, detail: `it is ${code}`, trace_id: '0' } };
}

const folder = writeFolder();
const dir = newFolder();
const [unsigned, signed, key] = ['unsigned.json', 'signed.json', 'alice.pem'].map((name) => join(dir, name)) as [
  string,
  string,
  string,
];

beforeAll(async () => {
  await runCli('policy', 'keygen', 'alice', '--out', key);
  await runCli('policy', 'build', folder, '--out', unsigned, '--version', '4', '--scope', 'acme');
  await runCli('policy', 'sign', unsigned, '--key-file', key, '--out', signed);
});

function ask(api: PlayedApi, ...args: string[]): Promise<Ran> {
  return runCli('--url', api.url, '--key', 'cs_admin', ...args, '--json');
}

test('publish sends the document as it was signed', async () => {
  await using api = await playApi({ 'POST /policy/bundles': () => ({ status: 201, body: view(4) }) });
  expect(await ask(api, 'policy', 'publish', signed)).toMatchObject({ code: EXIT.done, json: view(4) });
  expect(api.asked).toMatchObject([{ key: 'cs_admin', body: JSON.parse(readFileSync(signed, 'utf8')) }]);
});

test.each(['bundle_threshold_unmet', 'bundle_not_newer', 'permission_missing'])(
  '%s is shown as the server said it',
  async (code) => {
    await using api = await playApi({ 'POST /policy/bundles': () => refusal(code) });
    expect(await ask(api, 'policy', 'publish', signed)).toMatchObject({ code: EXIT.refused, json: { code } });
  },
);

test('activate names version, scope and snapshot', async () => {
  await using api = await playApi({ 'POST /policy/bundles/4/activate': () => ({ body: activated(4) }) });
  const ran = await ask(api, 'policy', 'activate', '4', '--scope', 'acme', '--snapshot', SNAPSHOT);
  expect(ran).toMatchObject({ code: EXIT.done, json: { version: 4 } });
  expect(api.asked[0]!.body).toEqual({ scope: 'acme', snapshot: SNAPSHOT });
  expect((await ask(api, 'policy', 'activate', '5')).code).toBe(EXIT.refused);
  expect((await ask(api, 'policy', 'activate', 'four')).code).toBe(EXIT.usage);
});

describe('rollback', () => {
  const answers = (published: BundleView[][]) => ({
    'GET /policy/bundles': ({ query }: { query: Record<string, string> }) => {
      const page = Number(query.cursor ?? 0);
      return { body: { bundles: published[page], next_cursor: page + 1 < published.length ? String(page + 1) : null } };
    },
    'POST /policy/bundles': ({ body }: { body: unknown }) => ({
      status: 201,
      body: view(bundleDocument.parse(body).manifest.version),
    }),
    'POST /policy/bundles/12/activate': () => ({ body: activated(12) }),
  });

  test('signs the old content as the next version of all, publishes and activates exactly that', async () => {
    await using api = await playApi(answers([[view(9)], [view(11), view(2)]]));
    const ran = await ask(api, 'policy', 'rollback', signed, '--key-file', key);
    expect(ran).toMatchObject({ code: EXIT.done, json: { bundle: { version: 12 }, activated: { version: 12 } } });
    const published = bundleDocument.parse(
      api.asked.find(({ path, method }) => method === 'POST' && path === '/policy/bundles')!.body,
    );
    expect(published).toMatchObject({
      files: SOUND,
      manifest: { scope: { tenants: ['acme'] } },
      signatures: [{ key_id: 'alice' }],
    });
    expect(api.asked.at(-1)).toMatchObject({
      path: '/policy/bundles/12/activate',
      body: { snapshot: SNAPSHOT, scope: 'acme' },
    });
  });

  test('activates nothing that was not believed', async () => {
    await using api = await playApi({
      ...answers([[]]),
      'POST /policy/bundles': () => refusal('bundle_threshold_unmet'),
    });
    expect((await ask(api, 'policy', 'rollback', signed, '--key-file', key)).json.code).toBe('bundle_threshold_unmet');
    expect(api.asked.map(({ path }) => path)).toEqual(['/policy/bundles', '/policy/bundles']);
  });

  test('asks nobody when version and --out are given', async () => {
    const args = ['--key-file', key, '--version', '7', '--out', join(newFolder(), 'back.json')];
    expect((await runCli('policy', 'rollback', signed, ...args)).code).toBe(EXIT.done);
  });
});

describe('replay', () => {
  const answer = (over: Partial<ReplayAnswer> = {}): ReplayAnswer => ({
    policy: { scope: 'acme', version: null, snapshot: SNAPSHOT, epoch: null },
    from: '2026-01-01T00:00:00Z',
    to: '2026-01-02T00:00:00Z',
    jobs: 10,
    replayed: 7,
    skipped: { denied: 2, erased: 1 },
    beyond_limit: 0,
    complete: false,
    same: 6,
    changes: { newly_blocked: 1 } as ReplayAnswer['changes'],
    groups: [
      {
        kind: 'newly_blocked',
        topic: 'job.disk.read',
        before: { decision: 'allow', rule_id: 'allow-read' },
        after: { decision: 'deny', rule_id: null },
        jobs: 1,
        examples: ['job-1'],
      },
    ],
    more_groups: 0,
    ...over,
  });
  const played = (over?: Partial<ReplayAnswer>) => playApi({ 'POST /policy/replay': () => ({ body: answer(over) }) });

  test('says what would differ, and how much could not be looked at', async () => {
    await using api = await played();
    const { out, code } = await runCli(
      '--url',
      api.url,
      '--key',
      'k',
      'policy',
      'replay',
      '--last',
      '24h',
      '--candidate',
      folder,
    );
    expect(code).toBe(EXIT.done);
    expect(out).toMatch(/1 newly blocked: job\.disk\.read\n.*allow by allow-read\n.*deny by default\n.*job-1/);
    expect(out).toContain('Not complete: 2 were denied and keep no content; the content of 1 was erased.');
    const { from, to, candidate } = replayRequest.parse(api.asked[0]!.body);
    expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000);
    expect(candidate).toEqual({ files: SOUND });
  });

  test('fails a pipeline on a difference, when it is asked to', async () => {
    await using api = await played();
    const window = [
      'policy',
      'replay',
      '--from',
      '2026-01-01T00:00:00Z',
      '--to',
      '2026-01-02T00:00:00Z',
      '--exit-code',
    ];
    expect((await ask(api, ...window)).code).toBe(EXIT.differs);
    expect(api.asked[0]!.body).toEqual({ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' });
    await using alike = await played({ same: 7 });
    expect((await ask(alike, ...window)).code).toBe(EXIT.done);
  });

  test.each([
    ['no window', []],
    ['two windows', ['--last', '1h', '--from', '2026-01-01T00:00:00Z']],
    ['an hour that is none', ['--last', 'soon']],
    ['a day that is none', ['--from', 'yesterday']],
  ])('is wrong usage with %s', async (_name, args) => {
    await using api = await played();
    expect((await ask(api, 'policy', 'replay', ...args)).code).toBe(EXIT.usage);
    expect(api.asked).toEqual([]);
  });
});

describe('simulate by a candidate', () => {
  const allow = {
    ok: true,
    value: { decision: 'allow', rule_id: 'a', constraints: {}, obligations: {}, findings: [], skipped: [] },
  };
  const deny = { ...allow, value: { ...allow.value, decision: 'deny' } };
  const refused = { ok: false, error: { code: 'schema_violated', detail: 'no' } };
  const policy = { scope: 'acme', version: 4, snapshot: SNAPSHOT, epoch: null };
  const played = (answers: unknown[]) => playApi({ 'POST /policy/simulate': () => ({ body: { policy, answers } }) });

  const candidates: [string, () => string, unknown][] = [
    ['a published version', () => '4', { version: 4 }],
    ['a folder, as files that nobody signed', () => folder, { files: SOUND }],
    ['a bundle without signatures, likewise', () => unsigned, { files: SOUND }],
    ['a signed bundle, whole', () => signed, { bundle: expect.objectContaining({ signatures: [expect.anything()] }) }],
  ];
  test.each(candidates)('sends %s', async (_name, named, candidate) => {
    await using api = await played([allow]);
    expect((await ask(api, 'policy', 'simulate', '--topic', 'job.a', '--candidate', named())).code).toBe(EXIT.done);
    expect(policyQuestion.parse(api.asked[0]!.body).candidate).toEqual(candidate);
  });

  test.each([
    [EXIT.done, [allow, allow]],
    [EXIT.denied, [allow, deny]],
    [EXIT.refused, [deny, refused]],
  ])('exits with %i for the gravest of its answers', async (code, answers) => {
    await using api = await played(answers);
    const file = writeOne('r.jsonl', '{"topic":"job.a"}\n{"topic":"job.b"}');
    expect((await ask(api, 'policy', 'simulate', '--requests', file)).code).toBe(code);
  });

  test('asks in portions that the server takes, and puts the answers together in order', async () => {
    const total = LIMITS.simulate_requests + 1;
    const answer = (body: unknown): object[] =>
      policyQuestion.parse(body).requests.map(({ topic }) => ({ ...allow, value: { ...allow.value, rule_id: topic } }));
    await using api = await playApi({
      'POST /policy/simulate': ({ body }) => ({ body: { policy, answers: answer(body) } }),
    });
    const topics = Array.from({ length: total }, (_, i) => `job.t${i}`);
    const { json } = await ask(
      api,
      'policy',
      'simulate',
      '--requests',
      writeOne('r.json', JSON.stringify(topics.map((topic) => ({ topic })))),
    );
    expect(json.answers.map((answer: { value: { rule_id: string } }) => answer.value.rule_id)).toEqual(topics);
    expect(api.asked.map(({ body }) => body.requests.length)).toEqual([LIMITS.simulate_requests, 1]);
  });

  test('one way to decide at a time', async () => {
    const both = ['policy', 'simulate', '--topic', 'job.a', '--policy', folder, '--candidate', '4'];
    expect((await runCli(...both)).code).toBe(EXIT.usage);
  });
});
