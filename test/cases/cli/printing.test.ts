/**
 * What the command prints of others' texts and of its own settings: nothing that a terminal obeys, nothing that cannot be
 * seen, no password, and JSON that says the same as the API did.
 */
import { EXIT } from '@countersign/cli/exit-codes';
import { createClient } from '@countersign/client/create-client';
import { printable, printableJson } from '@countersign/contracts/printable';
import { describe, expect, test } from 'vitest';
import { playApi } from './play-api.ts';
import { runCli } from './run-cli.ts';

/** CSI in one byte, ESC, bidi overrides and isolates, zero width, tag letters, line separators, fillers. */
const HOSTILE =
  '\u009b31m\u001b[2J\u202e\u2066\u200b\ufeff\u{e0041}\u2028\u2029\u0085\u007f\u034f\ufe0f\u3164\u061c\u0000';
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\u034f|\ufe0f|\u3164/u;

function withoutLayout(text: string): string {
  return text.replaceAll(/[\n\t]/g, '');
}

const job = {
  job_id: 'job-1',
  tenant: 'default',
  topic: 'job.a.b',
  labels: { [`k${HOSTILE}`]: HOSTILE },
  state: 'failed',
  reason: `because${HOSTILE}`,
  actor: HOSTILE,
};
const entry = {
  seq: 1,
  kind: HOSTILE,
  recorded_by: HOSTILE,
  recorded_at: HOSTILE,
  body: { owner: HOSTILE, reason: HOSTILE },
};
const ended = { body: { code: 'not_found', detail: HOSTILE, at: HOSTILE, trace_id: HOSTILE }, status: 404 };
const decision = { gate: 'submit', decision: 'deny', rule_id: HOSTILE, policy_version: 1, policy_snapshot: HOSTILE };
const approval = {
  approval_id: HOSTILE,
  state: 'open',
  topic: HOSTILE,
  requester: HOSTILE,
  reason: HOSTILE,
  votes: [],
  digest: HOSTILE,
};
const shown = {
  ...decision,
  reason: HOSTILE,
  constraints: { worker: [HOSTILE] },
  obligations: {},
  findings: [{ place: HOSTILE }],
  skipped: [HOSTILE],
  text: HOSTILE,
  steps: [],
};

const COMMANDS: Record<string, string[]> = {
  show: ['jobs', 'show', 'job-1'],
  list: ['jobs', 'list'],
  cancel: ['jobs', 'cancel', 'job-1'],
  timeline: ['jobs', 'timeline', 'job-1'],
  record: ['jobs', 'record', 'job-1'],
  result: ['jobs', 'result', 'job-1'],
  'an error': ['jobs', 'get', 'other'],
  approvals: ['approvals', 'list'],
  'an approval': ['approvals', 'show', 'a1'],
  'a vote without digest': ['approvals', 'approve', 'a1'],
  incident: ['policy', 'incident', 'job-1'],
  explain: ['policy', 'explain', '--topic', 'job.a.b'],
  simulate: ['policy', 'simulate', '--topic', 'job.a.b'],
  'wrong usage': ['jobs', `ju${HOSTILE}ggle`],
};

describe.each(Object.entries(COMMANDS))('%s', (_name, args) => {
  test('prints nothing that a terminal obeys or nobody sees, to a person or a program', async () => {
    await using api = await playApi({
      'GET /jobs': () => ({ body: { jobs: [job], next_cursor: null } }),
      'POST /jobs/job-1/cancel': () => ({ body: job }),
      'GET /jobs/job-1': () => ({ body: job }),
      'GET /jobs/job-1/timeline': () => ({ body: [entry] }),
      'GET /jobs/job-1/decisions': () => ({ body: [decision] }),
      'GET /jobs/job-1/record': () => ({ body: { run_id: HOSTILE, actor: HOSTILE } }),
      'GET /jobs/job-1/result': () => ({
        body: {
          status: HOSTILE,
          output_decision: 'allow',
          rule_id: null,
          findings: [],
          output: { [HOSTILE]: HOSTILE },
        },
      }),
      'GET /jobs/other': () => ended,
      'GET /approvals': () => ({ body: { approvals: [approval], next_cursor: null } }),
      'GET /approvals/a1': () => ({ body: approval }),
      'POST /policy/explain': () => ({ body: shown }),
      'POST /policy/simulate': () => ({ body: shown }),
    });
    const asked = ['--url', api.url, '--key', 'k', ...args];
    const [person, program] = [await runCli(...asked), await runCli('--json', ...asked)];
    const texts = [person.out, person.error, program.out, program.error];
    expect(texts.join('')).not.toBe('');
    for (const text of texts) expect(withoutLayout(text)).not.toMatch(UNSEEN);
  });
});

test('a search goes on behind short pages, passes its filters on, and fits into 80 columns', async () => {
  const found = {
    ...job,
    actor: 'a'.repeat(100),
    job_id: 'j'.repeat(64),
    topic: `job.${'t'.repeat(64)}`,
    state: 'failed',
    created_at: '2026-01-01T00:00:00Z',
  };
  await using api = await playApi({
    'GET /jobs': ({ query: { cursor } }) => ({
      body: cursor === undefined ? { jobs: [], next_cursor: 'on' } : { jobs: [found], next_cursor: null },
    }),
  });
  const asked = [
    '--url',
    api.url,
    '--key',
    'k',
    'jobs',
    'list',
    '--state',
    'failed',
    '--label',
    'env=prod',
    '--limit',
    '3',
  ];
  const { out } = await runCli(...asked);
  const { json } = await runCli('--json', ...asked);
  expect(json).toEqual([found]);
  expect(api.asked[1]!.query).toEqual({ state: 'failed', label: 'env=prod', limit: '3', cursor: 'on' });
  expect(out.split('\n').length).toBe(3);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('JSON says the same as the API did, character by character', async () => {
  await using api = await playApi({ 'GET /jobs/job-1': () => ({ body: job }) });
  const { json, out } = await runCli('--json', '--url', api.url, '--key', 'k', 'jobs', 'get', 'job-1');
  expect(json).toEqual(job);
  expect(out).toContain('\\u009b31m');
  expect(JSON.parse(printableJson({ text: 'é ✓ 𝄞 日本' }))).toEqual({ text: 'é ✓ 𝄞 日本' });
  expect(printableJson('é ✓ 𝄞 日本')).toBe('"é ✓ 𝄞 日本"');
  expect(printable('tab\tand\nline')).toBe('tab\tand\nline');
});

describe('a url', () => {
  const SECRET = 'hunter2';
  test.each([
    'nonsense',
    '',
    'ftp://127.0.0.1',
    'file:///etc/passwd',
    `http://alice:${SECRET}@127.0.0.1:1`,
    `http://${SECRET}@127.0.0.1:1`,
    `alice:${SECRET}@127.0.0.1:1`,
    `http://127.0.0.1:1/?key=${SECRET}`,
    'http://127.0.0.1:99999',
  ])('like %s is wrong usage, named by its option and never repeated', async (url) => {
    for (const flags of [[], ['--json']]) {
      const { code, error, out } = await runCli(...flags, '--url', url, '--key', 'k', 'jobs', 'get', 'x');
      expect(code).toBe(EXIT.usage);
      expect(error).toContain('--url');
      expect(`${out}${error}`).not.toContain(SECRET);
      if (url !== '') expect(`${out}${error}`).not.toContain(url);
    }
    expect(() => createClient({ url, api_key: 'k' })).toThrow(TypeError);
  });

  test('where nobody answers is named without its path, and is no wrong usage', async () => {
    const { code, error } = await runCli('--url', `http://127.0.0.1:1/${SECRET}`, '--key', 'k', 'jobs', 'get', 'x');
    expect(code).toBe(EXIT.unavailable);
    expect(error).toContain('http://127.0.0.1:1');
    expect(error).not.toContain(SECRET);
  });
});

test('watching approvals goes on where the answer before said, and ends with the right to read them', async () => {
  const body = { approval_id: 'a1', topic: 'job.demo.read' };
  const entry = {
    chain: 'job:acme:1',
    seq: 2,
    kind: 'approval_opened',
    recorded_at: '2026-01-02T03:04:05Z',
    leaf_index: 7,
    body,
  };
  await using api = await playApi({
    'GET /approvals/events': ({ query }) =>
      query.since === '8'
        ? { status: 403, body: { code: 'permission_missing', detail: 'no', trace_id: '0' } }
        : { body: query.since === undefined ? { entries: [], next: 7 } : { entries: [entry], next: 8 } },
  });
  const { out, code } = await runCli('--url', api.url, '--key', 'k', 'approvals', 'watch');
  expect(out).toContain('approval_opened');
  expect(out.trimEnd().endsWith('a1')).toBe(true);
  expect(code).not.toBe(0);
  expect(api.asked.map(({ query }) => query)).toEqual([
    { wait: '20' },
    { since: '7', wait: '20' },
    { since: '8', wait: '20' },
  ]);
});

test('a list of approvals is the whole list, however many pages it has', async () => {
  const page = (id: string, next_cursor: string | null) => ({
    body: { approvals: [{ ...approval, approval_id: id }], next_cursor },
  });
  await using api = await playApi({
    'GET /approvals': ({ query }) =>
      query.cursor === undefined ? page('one', 'c1') : query.cursor === 'c1' ? page('two', 'c2') : page('three', null),
  });
  const { json } = await runCli('--json', '--url', api.url, '--key', 'k', 'approvals', 'list', '--state', 'open');
  expect(json.map((each: { approval_id: string }) => each.approval_id)).toEqual(['one', 'two', 'three']);
  expect(api.asked.map(({ query }) => query)).toEqual([
    { state: 'open' },
    { state: 'open', cursor: 'c1' },
    { state: 'open', cursor: 'c2' },
  ]);
});

test('an approval is shown with all that a vote is about, and with nothing hidden in it', async () => {
  const effective = {
    ...{
      tenant: 'default',
      job_id: 'job-1',
      actor: 'desk-agent',
      topic: 'job.desk.refund.order',
      capability: 'desk.write',
    },
    ...{ risk_tags: [], requires: [], labels: { run: 'r1' }, constraints: { timeout_ms: 30_000 } },
    payload: { note: `pay ${'\u202e'}001`, amount: 7, long: 'x'.repeat(5_000) },
  };
  const question = {
    ...{
      approval_id: 'a1',
      state: 'open',
      tenant: 'default',
      job_id: 'job-1',
      topic: effective.topic,
      requester: 'desk-agent',
    },
    ...{
      owner: 'olivia',
      on_behalf_of: null,
      reason: 'above 50\ndigest  sha256:forged',
      rule_id: 'big-refund',
      max_attempts: 2,
    },
    ...{ policy_version: 3, policy_snapshot: 'sha256:5', digest: 'sha256:d', opened_at: '2026-01-02T03:04:05Z' },
    ...{
      expires_at: '2026-01-02T04:04:05Z',
      stages: [{ group: 'sre', count: 2 }],
      waiting: { stage: 0, groups: ['sre', 'leads'] },
    },
    votes: [{ voter: 'sam', delegated_by: 'ines', vote: 'approve', stage: 0, group: 'sre', comment: 'fine\nby me' }],
    last_granted: { approval_id: 'a0', job_id: 'job-0', closed_at: '2026-01-01T00:00:00Z', voters: ['rita'] },
    effective,
  };
  const finding = { scanner: 'pii', type: 'iban', place: '/payload/note', severity: 'high', count: 1 };
  const earlier = {
    ...job,
    job_id: 'job-9',
    topic: 'job.desk.read.order',
    state: 'succeeded',
    created_at: '2026-01-02T03:00:00Z',
  };
  await using api = await playApi({
    'GET /approvals/a1': () => ({ body: question }),
    'GET /jobs': () => ({ body: { jobs: [earlier], next_cursor: null } }),
    'GET /jobs/job-1/decisions': () => ({
      body: [
        {
          ...decision,
          findings: [finding],
          matched_rules: ['big-refund', 'also'],
          obligations: { rollback: 'required' },
        },
      ],
    }),
  });
  const { out } = await runCli('--url', api.url, '--key', 'k', 'approvals', 'show', 'a1');
  expect(api.asked.find(({ path }) => path === '/jobs')!.query).toMatchObject({ actor: 'desk-agent', run: 'r1' });
  for (const said of [
    ...[
      'sre or leads (stage 1 of 1)',
      'big-refund',
      'also',
      'iban at /payload/note (high, 1x)',
      'timeout_ms',
      'rollback',
    ],
    ...[
      'sam for ines: approve "fine\\nby me"',
      'before in run "r1"',
      'succeeded  job.desk.read.order',
      '2026-01-01T00:00:00Z by rita',
    ],
    ...[
      'the job runs: this content',
      'the job ends refused at once',
      'x'.repeat(5_000),
      'pay \\u202e001',
      '/payload/note',
    ],
    'CAUTION',
  ]) {
    expect(out).toContain(said);
  }
  // A text of somebody else's poses as no line of ours.
  expect(out.split('\n').filter((line) => line.startsWith('digest'))).toEqual(['digest  sha256:d']);
});
