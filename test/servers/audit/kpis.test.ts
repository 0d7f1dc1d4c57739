/** What people steer by: equal to what the entries say, counted once however often it is asked, by days and tenants apart. */
import { randomUUID } from 'node:crypto';
import type { Kpis } from '@countersign/contracts/kpis';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { waitUntil } from '@countersign/infra/wait-until';
import type { Running } from '@countersign/platform/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { appendAll } from './ledger-database.ts';
import { type RunningAudit, runAudit } from './run-audit.ts';

/** Today and tomorrow: it may become midnight. */
const [from, to] = [0, 86_400_000].map((ms) => new Date(Date.now() + ms).toISOString().slice(0, 10)) as [
  string,
  string,
];
const HASH = `sha256:${'a'.repeat(64)}`;

let run: RunningAudit;
let service: Running;
beforeAll(async () => {
  run = await runAudit();
  service = await run.startAudit();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await run[Symbol.asyncDispose]();
});

type Job = { tenant?: string; capability?: string; environment?: string; decisions: string[]; remediation?: string };

function decide(decision: string, more: object = {}) {
  return {
    ...{ decision_id: randomUUID(), gate: 'submit', decision, rule_id: 'r', reason: 'because', job_hash: HASH },
    ...{ policy_version: 1, policy_snapshot: HASH, policy_epoch: 1, effective_digest: null, cached: false },
    ...{ decided_at: '2026-05-01T10:00:00.000000Z' },
    ...more,
  };
}

function step(job_id: string, tenant: string, kind: string, body: object): NewEntry {
  const facts = { tenant, job_id, topic: 'job.desk.read', actor: 'bot', owner: 'olga', job_hash: HASH };
  return {
    ...{ chain: `job:${tenant}:${job_id}`, kind, tenant, topic: 'job.desk.read' },
    body: { ...facts, auth_method: 'api_key', capability: 'desk.read', ...body },
  };
}

async function submit({ tenant = 'acme', capability = 'desk.read', environment, decisions, remediation }: Job) {
  const job_id = randomUUID();
  const state = decisions.at(-1) === 'deny' ? 'denied' : 'cleared';
  const made = decisions.map((each) =>
    decide(
      each,
      each === 'remediate' ? { remediation: { id: remediation, applied: true, topic: 'job.desk.read' } } : {},
    ),
  );
  const kind = state === 'denied' ? 'job_denied' : 'job_admitted';
  await as('scheduler', [
    step(job_id, tenant, kind, { capability, ...(environment && { environment }), state, decisions: made }),
  ]);
  return job_id;
}

function as(service: string, entries: NewEntry[]) {
  return appendAll(run.ledger.as(service), entries);
}

/** What was appended is sealed a moment later; `holds` says when it is all there. */
function ask(tenant: string, holds: (kpis: Kpis) => boolean = () => true): Promise<Kpis> {
  return waitUntil('it is counted', async () => {
    const answer = await run.ingress.call('audit.kpis', { tenant, from, to });
    return holds(answer) && answer;
  });
}

test('decisions by capability and environment, a rewritten job once', async () => {
  for (const decisions of [['allow'], ['deny'], ['deny'], ['allow_with_constraints']])
    await submit({ capability: 'infra.write', environment: 'prod', decisions });
  await submit({ capability: 'infra.write', decisions: ['require_approval'] });
  await submit({ capability: 'infra.write', environment: 'dev', decisions: ['remediate', 'allow'], remediation: 'm' });
  const jobs = ({ decisions }: Kpis) => decisions.reduce((sum, row) => sum + row.jobs, 0);
  const kpis = await ask('acme', (kpis) => jobs(kpis) === 6);
  const of = (environment: string | null) => kpis.decisions.find((row) => row.environment === environment);
  expect(of('prod')).toEqual({
    ...{ capability: 'infra.write', environment: 'prod', jobs: 4, denied: 2, deny_rate: 0.5, held: 0, remediated: 0 },
    ...{ constrained: 1, constrain_rate: 0.25 },
  });
  expect(of(null)).toMatchObject({ jobs: 1, held: 1, deny_rate: 0 });
  expect(of('dev')).toMatchObject({ jobs: 1, remediated: 1, denied: 0 });
  // Asked again, also by two at once, nothing is counted again.
  const again = await Promise.all([ask('acme'), ask('acme')]);
  expect(again.map(jobs)).toEqual([6, 6]);
});

test('approvals by group: how they ended, and how long it took', async () => {
  const job_id = await submit({ tenant: 'slow', decisions: ['require_approval'] });
  const approval_id = randomUUID();
  const stages = [
    { group: 'sre', count: 1 },
    { group: 'security', count: 1 },
  ];
  await as('approval', [step(job_id, 'slow', 'approval_opened', { approval_id, stages })]);
  await as('approval', [step(job_id, 'slow', 'approval_granted', { approval_id })]);
  const { approvals } = await ask('slow', (kpis) => kpis.approvals.length === 2);
  expect(approvals.map(({ group, outcome, closed }) => [group, outcome, closed])).toEqual([
    ['security', 'granted', 1],
    ['sre', 'granted', 1],
  ]);
  const [row] = await run.ledger.admin.query<{ ms: number }>(
    `SELECT (max(time_us) - min(time_us)) / 1000.0 AS ms FROM ledger.entries WHERE kind LIKE 'approval_%' AND tenant = 'slow'`,
  );
  for (const { median_ms, p95_ms } of approvals) {
    expect(median_ms).toBe(Math.round(Number(row!.ms)));
    expect(p95_ms).toBe(median_ms);
  }
});

test('outputs by topic, and what each remediation led to', async () => {
  for (const [output_decision, state] of [
    ['allow', 'succeeded'],
    ['redact', 'succeeded'],
    ['quarantine', 'quarantined'],
    ['allow', 'failed'],
  ] as const) {
    const job_id = await submit({ tenant: 'out', decisions: ['remediate', 'allow'], remediation: 'safer' });
    await as('output_safety', [step(job_id, 'out', 'output_screened', { output_decision, output_digest: HASH })]);
    await as('scheduler', [step(job_id, 'out', `job_${state}`, { state })]);
  }
  const kpis = await ask('out', ({ ended }) => Object.values(ended).reduce((a, b) => a + b, 0) === 4);
  expect(kpis.outputs).toEqual([
    {
      ...{ topic: 'job.desk.read', screened: 4, redacted: 1, quarantined: 1 },
      ...{ redact_rate: 0.25, quarantine_rate: 0.25 },
    },
  ]);
  expect(kpis.remediations).toEqual([{ remediation: 'safer', applied: 4, ended: 4, succeeded: 2, success_rate: 0.5 }]);
  expect(kpis.ended).toEqual({ succeeded: 2, quarantined: 1, failed: 1 });
  const [left] = await run.ledger.admin.query('SELECT FROM kpi.remediated WHERE chain LIKE $1', ['job:out:%']);
  expect(left).toBeUndefined();
});

test('evidence: what a record lacks is named, and a record that lacks nothing counts as complete', async () => {
  const job_id = await submit({ tenant: 'gaps', decisions: ['deny'] });
  const other = await submit({ tenant: 'gaps', decisions: ['allow'] });
  await as('scheduler', [step(other, 'gaps', 'job_succeeded', { state: 'succeeded' })]);
  const { evidence } = await ask('gaps', (kpis) => kpis.evidence.judged === 2);
  expect(evidence).toMatchObject({ complete: 1, completeness: 0.5 });
  expect(evidence.missing.map(({ field }) => field)).toContain('execution');
  expect(job_id).not.toBe(other);
});

test('an open fail mode is counted by what it let through', async () => {
  const job_id = randomUUID();
  const decisions = [decide('allow', { fail_mode: 'open' })];
  const decision = decide('allow', { fail_mode: 'open', gate: 'dispatch' });
  await as('scheduler', [
    step(job_id, 'opened', 'job_admitted', { state: 'cleared', decisions }),
    step(job_id, 'opened', 'job_dispatched', { state: 'dispatched', decision }),
    step(job_id, 'opened', 'job_succeeded', { state: 'succeeded' }),
  ]);
  const { fail_open, ended } = await ask('opened', (kpis) => kpis.ended.succeeded === 1);
  expect({ fail_open, ended }).toEqual({ fail_open: 2, ended: { succeeded: 1 } });
});

describe('the question', () => {
  test('sees no other tenant and no other day', async () => {
    expect((await ask('nobody')).decisions).toEqual([]);
    const before = await run.ingress.call('audit.kpis', { tenant: 'acme', from: '2026-01-01', to: '2026-01-31' });
    expect(before).toMatchObject({ decisions: [], outputs: [], approvals: [], evidence: { completeness: null } });
  });

  test.each([
    ['2026-02-01', '2026-01-01'],
    ['2024-01-01', '2026-01-01'],
  ])('from %s to %s is refused', async (from, to) => {
    expect(await codeOf(run.ingress.call('audit.kpis', { tenant: 'acme', from, to }))).not.toBe('none');
  });
});
