/** `countersign incident`: one story out of several chains, with nothing in it that the ledger's entries should not show. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { quoted } from '@countersign/cli/incident/incident-report';
import { expect, test } from 'vitest';
import { type PlayedApi, playApi } from './play-api.ts';
import { newFolder, runCli, SOUND, writeFolder } from './run-cli.ts';

const RUN = "it's $(run)";
const SNAPSHOT = `sha256:${'1'.repeat(64)}`;
const HASH = `sha256:${'7'.repeat(64)}`;

function decided(gate: string, decision: string, rule_id: string, more: object = {}) {
  return {
    ...{
      decision_id: `00000000-0000-4000-8000-00000000000${gate.length}`,
      gate,
      decision,
      rule_id,
      reason: `because of ${rule_id}`,
    },
    ...{ policy_version: 3, policy_snapshot: SNAPSHOT, policy_epoch: 3, cached: false },
    ...{ decided_at: '2026-11-25T10:00:00.000000Z', effective_digest: null, ...more },
  };
}

/** `second`: of the minute in which everything happened. */
function entry(chain: string, seq: number, kind: string, second: number, body: object) {
  const said = { owner: 'olga', actor: 'night-agent', job_hash: HASH, prompt: 'CONTENT', note: 'CONTENT' };
  const recorded_at = `2026-11-25T10:00:${String(second).padStart(2, '0')}.000000Z`;
  return {
    chain,
    seq,
    kind,
    recorded_at,
    recorded_by: 'countersign_x',
    tenant: 'default',
    topic: 'job.disk.read',
    leaf_index: second,
    prev_hash: '',
    hash: '',
    body: { ...said, ...body },
  };
}

function job(job_id: string, state: string, more: object = {}) {
  const made = { created_at: '2026-11-25T10:00:00.000000Z', updated_at: '2026-11-25T10:00:59.000000Z' };
  return {
    job_id,
    tenant: 'default',
    topic: 'job.disk.read',
    labels: { run: RUN },
    capability: 'disk.read',
    actor: 'night-agent',
    job_hash: HASH,
    state,
    pool: 'disk',
    ...made,
    ...more,
  };
}

const TIMELINES = {
  ran: [
    entry('job:default:ran', 1, 'job_admitted', 1, {
      decisions: [decided('submit', 'require_approval', 'approve-write', { obligations: { rollback: 'required' } })],
    }),
    entry('job:default:ran', 2, 'approval_opened', 2, {
      approval_id: 'apr',
      stages: [{ group: 'sre', count: 1 }],
      expires_at: 'x',
    }),
    entry('job:default:ran', 3, 'approval_voted', 3, {
      voter: 'ann',
      vote: 'approve',
      group: 'sre',
      comment: 'CONTENT',
    }),
    entry('job:default:ran', 4, 'job_dispatched', 6, {
      attempt: 1,
      pool: 'disk',
      approval_id: 'apr',
      decision: decided('dispatch', 'allow', 'allow-read'),
    }),
    entry('job:default:ran', 5, 'job_running', 7, { attempt: 1, pool: 'disk', worker: 'w1' }),
    entry('job:default:ran', 6, 'output_screened', 9, {
      output_decision: 'quarantine',
      rule_id: 'no-secrets',
      findings: [{ scanner: 'secrets', type: 'aws_key', place: '/config', count: 2, severity: 'high' }],
    }),
    entry('job:default:ran', 7, 'job_succeeded', 10, { state: 'succeeded' }),
  ],
  again: [
    entry('job:default:again', 1, 'job_admitted', 4, { decisions: [decided('submit', 'allow', 'allow-read')] }),
    entry('job:default:again', 2, 'job_running', 5, { attempt: 1, pool: 'disk', worker: 'w2' }),
    entry('job:default:again', 3, 'job_followed', 12, { kind: 'compensates', by: 'back', asked_by: 'ann' }),
  ],
  denied: [
    entry('job:default:denied', 1, 'job_denied', 8, {
      state: 'denied',
      decisions: [decided('submit', 'deny', 'deny-wipe')],
    }),
  ],
};
const CONTROL = entry('control', 1, 'switch_set', 11, {
  on: true,
  kind: 'agent',
  target: 'night-agent',
  reason: 'odd',
  actor: 'olga',
});

function played(change: Parameters<typeof playApi>[0] = {}): Promise<PlayedApi> {
  const jobs = { ran: job('ran', 'succeeded'), again: job('again', 'running'), denied: job('denied', 'denied') };
  const none = { status: 403, body: { code: 'permission_missing', detail: '', trace_id: '0' } };
  return playApi({
    'GET /jobs': () => ({ body: { jobs: [jobs.denied, jobs.again, jobs.ran], next_cursor: null } }),
    'GET /jobs/ran': () => ({ body: jobs.ran }),
    ...Object.fromEntries(
      Object.entries(TIMELINES).map(([id, body]) => [`GET /jobs/${id}/timeline`, () => ({ body })]),
    ),
    'GET /stops': () => none,
    'GET /evidence/entries': ({ query }) => ({
      body: { entries: query.chain === 'control' ? [CONTROL] : [], next: 20, end: 20 },
    }),
    ...change,
  });
}

function ask(api: PlayedApi, ...args: string[]) {
  return runCli('--url', api.url, '--key', 'k', 'incident', ...args);
}

test('one story out of several chains, in the order in which it happened', async () => {
  await using api = await played();
  const { json } = await ask(api, 'job', 'ran', '--json');
  expect(json.timeline.map(({ job_id, kind }: { job_id: string; kind: string }) => `${job_id ?? '-'} ${kind}`)).toEqual(
    [
      ...['ran job_admitted', 'ran approval_opened', 'ran approval_voted', 'again job_admitted', 'again job_running'],
      ...['ran job_dispatched', 'ran job_running', 'denied job_denied', 'ran output_screened', 'ran job_succeeded'],
      ...['- switch_set', 'again job_followed'],
    ],
  );
  expect(json).toMatchObject({ from: '2026-11-25T10:00:01.000000Z', to: '2026-11-25T10:00:12.000000Z', cut: false });
  expect(json.jobs).toMatchObject([
    {
      job_id: 'ran',
      ran: true,
      decision: 'allow',
      rule_id: 'allow-read',
      approved_by: ['ann'],
      output: {
        decision: 'quarantine',
        findings: [{ scanner: 'secrets', type: 'aws_key', place: '/config', count: 2 }],
      },
    },
    { job_id: 'again', ran: true, output: null },
    { job_id: 'denied', ran: false, decision: 'deny' },
  ]);
});

test('says who decided, agreed and stopped, and types and places alone of what was found', async () => {
  await using api = await played();
  const { out } = await ask(api, 'job', 'ran');
  for (const said of [
    'submit: require_approval by approve-write of policy version 3',
    'ann votes approve for sre',
    'by approval apr',
    'output: quarantine by no-secrets; secrets/aws_key at /config ×2',
    'stop set: agent night-agent (odd) by olga',
    'asked for already: back',
  ])
    expect(out).toContain(said);
  expect(out + JSON.stringify((await ask(api, 'job', 'ran', '--json')).json)).not.toContain('CONTENT');
});

test('what stops it is ready to be typed, and no name of a job leaves its quotes', async () => {
  await using api = await played();
  const { json } = await ask(api, 'window', '--last', '1h', '--json');
  expect(json.stop_commands).toEqual([
    "countersign jobs cancel again --reason 'incident'",
    `countersign stops set --kind run --target 'it'\\''s $(run)' --reason 'incident'`,
    "countersign stops set --kind agent --target night-agent --reason 'incident'",
    "countersign stops set --kind topic --target job.disk.read --reason 'incident'",
    "countersign stops set --kind pool --target disk --reason 'incident'",
    "countersign stops set --kind all --reason 'incident'",
  ]);
  expect(quoted('a b;c')).toBe("'a b;c'");
});

test('what ran might be undone, and what names its compensation says so', async () => {
  await using api = await played();
  expect((await ask(api, 'window', '--json')).json.undo).toEqual([
    { job_id: 'ran', names_compensation: 'required', compensated_by: null, command: 'countersign jobs compensate ran' },
    {
      job_id: 'again',
      names_compensation: 'unknown',
      compensated_by: 'back',
      command: 'countersign jobs compensate again',
    },
  ]);
});

test('its jobs are tests that a policy can hold', async () => {
  await using api = await played();
  const file = join(newFolder(), 'incident.yaml');
  expect((await ask(api, 'agent', 'night-agent', '--fixtures', file)).code).toBe(EXIT.done);
  const policy = writeFolder({ ...SOUND, 'tests/incident.yaml': readFileSync(file, 'utf8') });
  const { json } = await runCli('--json', 'policy', 'test', policy);
  const mine = json.cases.filter((one: { file: string }) => one.file === 'tests/incident.yaml');
  // The content is gone, so the denial of a word in it can't be repeated; the test says what was decided then.
  expect(mine.map(({ name, ok }: { name: string; ok: boolean }) => [name, ok])).toEqual([
    ['incident ran', false],
    ['incident again', true],
    ['incident denied', false],
  ]);
  expect((await ask(api, 'agent', 'night-agent', '--fixtures', file)).code).toBe(EXIT.usage);
});

test('shows what the credential may read, and says what it may not', async () => {
  const none = { status: 403, body: { code: 'permission_missing', detail: '', trace_id: '0' } };
  await using api = await played({ 'GET /evidence/entries': () => none });
  const { json } = await ask(api, 'window', '--json');
  expect(json).toMatchObject({
    stops: null,
    not_shown: [expect.stringContaining('stops:read'), expect.stringContaining('evidence:read')],
  });
  await using away = await played({
    'GET /stops': () => ({ status: 503, body: { code: 'scheduler_unavailable', detail: '', trace_id: '0' } }),
  });
  expect((await ask(away, 'window')).code).toBe(EXIT.unavailable);
});

test('asks for the jobs that were meant, and says when there are more', async () => {
  await using api = await played();
  const { json, out } = await ask(
    api,
    'window',
    '--topic',
    'job.disk.*',
    '--jobs',
    '2',
    '--from',
    '2026-11-25T00:00:00Z',
    '--json',
  );
  expect(json).toMatchObject({ cut: true, about: { topic: 'job.disk.*' }, from: '2026-11-25T00:00:00Z' });
  expect(json.jobs).toHaveLength(2);
  expect(api.asked.find(({ path }) => path === '/jobs')!.query).toMatchObject({
    topic: 'job.disk.*',
    from: '2026-11-25T00:00:00Z',
  });
  expect(out).not.toBe('');
  expect((await ask(api, 'window', '--jobs', '2')).out).toContain('NOT ALL');
  expect((await ask(api, 'job', 'nobody')).code).toBe(EXIT.refused);
  expect((await ask(api, 'job', '../x')).code).toBe(EXIT.usage);
  expect((await ask(api, 'window', '--from', 'yesterday')).code).toBe(EXIT.usage);
});
