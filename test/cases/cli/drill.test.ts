/** The drill against an API that the test plays: a control that does not hold is named, and the report says how. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countersIn, keyOf } from '@countersign/cli/drill/read-counters';
import { runDrill } from '@countersign/cli/drill/run-drill';
import { drillPage, showDrill } from '@countersign/cli/drill/show-drill';
import { EXIT } from '@countersign/cli/exit-codes';
import { createClient } from '@countersign/client/create-client';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { playApi } from './play-api.ts';
import { runCli } from './run-cli.ts';

const CASES = { deny: { topic: 'job.a.wipe' }, approval: { topic: 'job.a.write' }, allow: { topic: 'job.a.read' } };
const RECORD = { missing: [], proof: { verified: true, sealed: true, entries: 5 } };
const DECIDES = { 'job.a.wipe': 'deny', 'job.a.write': 'require_approval', 'job.a.read': 'allow' } as const;

type Played = Parameters<typeof playApi>[0];

/** Everything is as it should be, but for what is changed. */
function system(change: Played = {}): Played {
  const decision = ({ body }: { body: { topic: keyof typeof DECIDES } }) => DECIDES[body.topic];
  const jobs = Object.values(CASES).flatMap(({ topic }) => {
    const denied = topic === 'job.a.wipe';
    const gates = denied ? ['submit'] : ['output', 'dispatch', 'submit'];
    return Object.entries({
      [`GET /jobs/${topic}/events`]: () => ({ status: 204, body: null }),
      [`GET /jobs/${topic}`]: () => ({ body: { job_id: topic, state: denied ? 'denied' : 'succeeded' } }),
      [`GET /jobs/${topic}/decisions`]: () => ({
        body: gates.map((gate) => ({ gate, decision: gate === 'output' ? 'allow' : 'x', rule_id: null })),
      }),
      [`GET /jobs/${topic}/record`]: () => ({ body: RECORD }),
    } satisfies Played);
  });
  const approval = { approval_id: 'a1', digest: 'd', state: 'open' };
  return {
    ...Object.fromEntries(jobs),
    'GET /policy': () => ({ body: { version: 3, snapshot: 's', epoch: 4 } }),
    'POST /policy/simulate': (asked) => ({ body: { decision: decision(asked), rule_id: 'r' } }),
    'POST /jobs': (asked) => {
      const verdict = { job_id: asked.body.topic, decision: decision(asked), state: 'held' };
      return decision(asked) === 'deny'
        ? { status: 403, body: { code: 'denied', detail: '', trace_id: '0', ...verdict } }
        : { status: 202, body: verdict };
    },
    'GET /approvals': () => ({ body: { approvals: [approval], next_cursor: null } }),
    'POST /approvals/a1/approve': ({ key }) =>
      key === 'agent'
        ? { status: 403, body: { code: 'permission_missing', detail: '', trace_id: '0' } }
        : { body: { ...approval, state: 'granted' } },
    ...change,
  };
}

async function drill(change: Played = {}, more: object = {}) {
  await using api = await playApi(system(change));
  const as = (api_key: string) => createClient({ url: api.url, api_key });
  return await runDrill({
    ...{ url: api.url, cases: CASES, agent: as('agent'), approvers: [as('approver')], fail_mode: 'closed' },
    ...{ counters: null, outage: null, verify: null, patience_ms: 300, ...more },
  });
}

function failedIn({ steps }: Awaited<ReturnType<typeof drill>>): string[] {
  return steps.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
}

test('passes where all is as it should be, and says what it did not try', async () => {
  const report = await drill();
  expect(failedIn(report)).toEqual([]);
  expect(report).toMatchObject({ failed: 0, skipped: 4, policy: { version: 3 } });
});

describe('fails where', () => {
  test.each<[string, Played, string[]]>([
    [
      'a simulation says otherwise',
      { 'POST /policy/simulate': () => ({ body: { decision: 'allow', rule_id: null } }) },
      ['deny: simulate', 'approval: simulate'],
    ],
    [
      'a denied job was run',
      { 'GET /jobs/job.a.wipe': () => ({ body: { job_id: 'job.a.wipe', state: 'succeeded' } }) },
      ['deny: state'],
    ],
    [
      'an agent may vote',
      {
        'POST /approvals/a1/approve': () => ({ body: { approval_id: 'a1', digest: 'd', state: 'granted' } }),
      },
      ['approval: nobody who asked may vote'],
    ],
    [
      'too few people countersign',
      {
        'POST /approvals/a1/approve': ({ key }) =>
          key === 'agent'
            ? { status: 403, body: { code: 'permission_missing', detail: '', trace_id: '0' } }
            : { body: { approval_id: 'a1', digest: 'd', state: 'open' } },
      },
      ['approval: people countersign'],
    ],
    [
      'an output was not screened',
      { 'GET /jobs/job.a.read/decisions': () => ({ body: [{ gate: 'submit', decision: 'allow', rule_id: null }] }) },
      ['allow: decisions'],
    ],
    [
      'a record is not complete',
      { 'GET /jobs/job.a.read/record': () => ({ body: { ...RECORD, missing: ['owner'] } }) },
      ['allow: record'],
    ],
    [
      'a chain does not verify',
      { 'GET /jobs/job.a.read/record': () => ({ body: { ...RECORD, proof: { ...RECORD.proof, verified: false } } }) },
      ['allow: record'],
    ],
  ])('%s', async (_, change, failed) => {
    expect(failedIn(await drill(change))).toEqual(failed);
  });

  test('the counters stand still', async () => {
    const counters = async () => new Map([[keyOf('decisions_total', { gate: 'submit', decision: 'deny' }), 7]]);
    expect(failedIn(await drill({}, { counters }))).toEqual(['counters moved']);
  });

  test('jobs run while nobody can decide', async () => {
    const calls: string[] = [];
    const outage = { begin: async () => void calls.push('begin'), end: async () => void calls.push('end') };
    expect(failedIn(await drill({}, { outage }))).toEqual(['policy kernel away']);
    expect(calls).toEqual(['begin', 'end']);
  });

  test('the kernel could not be taken down, and it is brought back all the same', async () => {
    const calls: string[] = [];
    const begin = async () => {
      throw new Error('no such unit');
    };
    const report = await drill({}, { outage: { begin, end: async () => void calls.push('end') } });
    expect(failedIn(report)).toEqual(['policy kernel away']);
    expect(calls).toEqual(['end']);
  });
});

test('counters are summed over instances', () => {
  const page = [
    '# HELP countersign_jobs_ended_total Jobs',
    'countersign_jobs_ended_total{state="succeeded",instance="a",service="scheduler"} 2',
    'countersign_jobs_ended_total{instance="b",service="output-safety",state="succeeded"} 3',
    'countersign_up{instance="a"} 1',
  ].join('\n');
  expect(countersIn(page).get(keyOf('jobs_ended_total', { state: 'succeeded' }))).toBe(5);
});

test('a page shows names of others as text', async () => {
  const report = await drill({ 'POST /policy/simulate': () => ({ body: { decision: '<b>"&', rule_id: null } }) });
  expect(drillPage(report)).toContain('&lt;b>&quot;&amp;');
  expect(drillPage(report)).not.toContain('<b>');
  expect(showDrill(report)).toMatch(/failed {2}deny: simulate.*\n {8}expected: deny/);
});

describe('the command', () => {
  afterEach(() => vi.unstubAllEnvs());

  async function run(change: Played, ...args: string[]) {
    await using api = await playApi(system(change));
    const dir = mkdtempSync(join(inject('test_stack').run_dir, 'drill-'));
    writeFileSync(join(dir, 'cases.json'), JSON.stringify(CASES));
    vi.stubEnv('APPROVER_KEYS', 'approver,approver');
    vi.stubEnv('AUDITOR_KEY', undefined);
    vi.stubEnv('LOG_VKEY', undefined);
    vi.stubEnv('COUNTERSIGN_METRICS_URL', undefined);
    const reports = ['out.json', 'out.html'].map((name) => join(dir, name));
    const ran = await runCli(
      ...['--url', api.url, '--key', 'agent', 'drill', join(dir, 'cases.json'), ...args],
      ...reports.flatMap((report) => ['--report', report]),
    );
    return { ...ran, dir, reports };
  }

  test('prints and keeps the report, and takes the kernel down by command', async () => {
    const { code, out, reports, dir } = await run({}, '--outage', 'false', '--restore', 'true');
    expect(code).toBe(EXIT.drill_failed);
    expect(out).toContain('policy kernel away: the command ended with 1');
    expect(JSON.parse(readFileSync(reports[0]!, 'utf8'))).toMatchObject({ format: 'countersign-drill/1', failed: 1 });
    expect(readFileSync(reports[1]!, 'utf8')).toContain('<h1>Drill: failed</h1>');
    expect(dir).not.toBe('');
  });

  test('asks for what it needs', async () => {
    expect(await run({}, '--outage', 'true')).toMatchObject({ code: EXIT.usage });
    expect((await run({}, '--exercise')).error).toContain('AUDITOR_KEY');
    expect((await run({}, '--exercise', '--auditor-key', 'k')).error).toContain('has no exercise');
    expect((await run({}, '--approver-keys', ',')).error).toContain('APPROVER_KEYS');
    expect((await run({}, '--log-key', 'x', '--auditor-key', 'k')).code).toBe(EXIT.usage);
  });
});
