/** The run record: everything from the chain, nothing from anywhere else, and honest about what is not there. */
import { randomUUID } from 'node:crypto';
import type { Decision } from '@countersign/contracts/decision';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { type RunRecord, runRecord } from '@countersign/contracts/record';
import type { Running } from '@countersign/platform/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeEntries } from '../../harness/change-entries.ts';
import { PLAIN } from '../../harness/plain-decision.ts';
import { appendAll } from './ledger-database.ts';
import { type RunningAudit, runAudit } from './run-audit.ts';

const JOB_HASH = `sha256:${'a'.repeat(64)}`;
const EFFECTIVE = `sha256:${'b'.repeat(64)}`;
const OUTPUT = `sha256:${'c'.repeat(64)}`;
const APPROVAL_ID = '0199aaaa-0000-7000-8000-000000000001';
const DISPATCH_ID = '0199aaaa-0000-7000-8000-000000000002';
const STAGES = [{ group: 'sre', count: 2 }];

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

let made = 0;

function decide(more: Partial<Decision> = {}): Decision {
  return {
    decision_id: `0199bbbb-0000-7000-8000-${String(++made).padStart(12, '0')}`,
    gate: 'submit',
    decision: 'allow',
    rule_id: 'allow-reads',
    reason: 'reads are fine',
    matched_rules: ['allow-reads'],
    policy_version: 7,
    policy_snapshot: `sha256:${'d'.repeat(64)}`,
    policy_epoch: 3,
    job_hash: JOB_HASH,
    effective_digest: EFFECTIVE,
    ...PLAIN,
    decided_at: '2026-05-01T10:00:00.000000Z',
    ...more,
  };
}

function step(job_id: string, kind: string, body: Record<string, unknown>): NewEntry {
  return {
    chain: `job:acme:${job_id}`,
    kind,
    tenant: 'acme',
    topic: 'job.deploy.apply',
    body: {
      tenant: 'acme',
      job_id,
      actor: 'deploy-agent',
      auth_method: 'api_key',
      owner: 'olivia',
      topic: 'job.deploy.apply',
      capability: 'infra.write',
      job_hash: JOB_HASH,
      ...body,
    },
  };
}

function as(role: string, entries: NewEntry[]) {
  return appendAll(run.ledger.as(role), entries);
}

function recordOf(job_id: string): Promise<RunRecord> {
  return run.ingress.call('audit.record', { tenant: 'acme', job_id });
}

async function untilSealed(job_id: string): Promise<RunRecord> {
  for (;;) {
    const record = await recordOf(job_id);
    if (record.proof.sealed) return record;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A job that was held, approved by two people, run and released. */
async function walk(job_id: string, leaveOut: string[] = []): Promise<void> {
  const asked = decide({ decision: 'require_approval', rule_id: 'prod-write' });
  const looked = decide({ gate: 'dispatch', decision: 'require_approval', rule_id: 'prod-write' });
  const approval = (kind: string, body: Record<string, unknown>) =>
    step(job_id, `approval_${kind}`, { approval_id: APPROVAL_ID, ...body });
  const attempt = { dispatch_id: DISPATCH_ID, attempt: 1 };
  const vote = (voter: string) =>
    approval('voted', { voter, vote: 'approve', stage: 0, group: 'sre', voted_at: '2026-05-01T10:01:00.000000Z' });
  const steps: [string, NewEntry][] = [
    ['scheduler', step(job_id, 'job_admitted', { state: 'held', decisions: [asked], effective_digest: EFFECTIVE })],
    ['approval', approval('opened', { stages: STAGES, expires_at: '2026-05-01T11:00:00.000000Z' })],
    ['approval', vote('ann')],
    ['approval', vote('bob')],
    ['approval', approval('granted', { approvers: [] })],
    ['scheduler', step(job_id, 'job_cleared', { state: 'cleared', approval_id: APPROVAL_ID })],
    [
      'scheduler',
      step(job_id, 'job_dispatched', {
        state: 'dispatched',
        decision: looked,
        pool: 'infra-prod-write',
        approval_id: APPROVAL_ID,
        ...attempt,
      }),
    ],
    ['scheduler', step(job_id, 'job_running', { state: 'running', worker: 'w1', ...attempt })],
    [
      'output_safety',
      step(job_id, 'output_screened', {
        status: 'succeeded',
        output_decision: 'redact',
        output_digest: OUTPUT,
        ...attempt,
      }),
    ],
    [
      'scheduler',
      step(job_id, 'job_succeeded', { state: 'succeeded', duration_ms: 42, output_decision: 'redact', ...attempt }),
    ],
  ];
  for (const [role, entry] of steps) if (!leaveOut.includes(entry.kind)) await as(role, [entry]);
}

describe('audit.record', () => {
  test('tells a whole run: who asked, what decided, who approved, who ran it, what came of it, and proves it', async () => {
    await walk('whole');
    const record = await untilSealed('whole');
    expect(record).toMatchObject({
      run_id: 'whole',
      actor: 'deploy-agent',
      owner: 'olivia',
      tenant: 'acme',
      topic: 'job.deploy.apply',
      capability: 'infra.write',
      state: 'succeeded',
      policy_decision: 'require_approval',
      matched_rule: 'prod-write',
      policy_version: 7,
      effective_digest: EFFECTIVE,
      approval: { approval_id: APPROVAL_ID, state: 'granted', approver: 'bob', stages: STAGES },
      execution: { pool: 'infra-prod-write', worker: 'w1', attempts: 1, status: 'succeeded', duration_ms: 42 },
      output_safety: 'redact',
      missing: [],
    });
    expect(record.approval!.approvers.map(({ approver }) => approver)).toEqual(['ann', 'bob']);
    expect(record.decisions.map(({ gate }) => gate)).toEqual(['submit', 'dispatch']);
    expect(record.result_ref).toContain(OUTPUT);
    expect(record.ended_at! >= record.created_at).toBe(true);
    expect(record.proof).toMatchObject({ chain: 'job:acme:whole', entries: 10, verified: true, sealed: true });
    expect(runRecord.safeParse(record).success).toBe(true);
  });

  test('of a denied job is complete without an execution', async () => {
    const denied = decide({ decision: 'deny', rule_id: 'no-shell', effective_digest: null });
    await as('scheduler', [step('no', 'job_denied', { state: 'denied', decisions: [denied], reason: 'no' })]);
    expect(await recordOf('no')).toMatchObject({
      state: 'denied',
      policy_decision: 'deny',
      matched_rule: 'no-shell',
      approval: null,
      execution: null,
      output_safety: null,
      result_ref: null,
      missing: [],
    });
  });

  test('counts attempts and tells of the last', async () => {
    await as('scheduler', [
      step('twice', 'job_admitted', { state: 'cleared', decisions: [decide()] }),
      step('twice', 'job_dispatched', { state: 'dispatched', dispatch_id: 'd1', attempt: 1, pool: 'one' }),
      step('twice', 'job_running', { state: 'running', dispatch_id: 'd1', worker: 'lost' }),
      step('twice', 'attempt_lost', { dispatch_id: 'd1', reason: 'lease' }),
      step('twice', 'job_dispatched', { state: 'dispatched', dispatch_id: 'd2', attempt: 2, pool: 'two' }),
    ]);
    const { state, execution } = await recordOf('twice');
    expect(state).toBe('dispatched');
    expect(execution).toEqual({ pool: 'two', worker: null, attempts: 2, status: 'dispatched', duration_ms: null });
  });

  test.each([
    ['approval_opened', ['approval']],
    ['approval_voted', ['approval.approver']],
    ['job_dispatched', ['execution']],
    ['job_running', ['execution.worker']],
    ['output_screened', ['output_safety', 'result_ref']],
  ])('without its %s names what is missing', async (kind, missing) => {
    await walk(`without-${kind}`, [kind]);
    expect((await recordOf(`without-${kind}`)).missing).toEqual(missing);
  });

  test('does not call a chain verified in which one byte was changed behind the ledger', async () => {
    await walk('forged');
    await run.ledger.admin.query('ALTER TABLE ledger.entry_rows DISABLE TRIGGER only_added');
    for (const text of changeEntries(
      (entries) =>
        `UPDATE ${entries} SET body = replace(body, '"w1"', '"w2"') WHERE chain = 'job:acme:forged' AND seq = 8`,
    ))
      await run.ledger.admin.query(text);
    await run.ledger.admin.query('ALTER TABLE ledger.entry_rows ENABLE ALWAYS TRIGGER only_added');
    const { proof, missing } = await recordOf('forged');
    expect(proof.verified).toBe(false);
    expect(missing).toEqual(['proof.verified']);
  });
});

describe('audit.decisions', () => {
  test('are newest first, rewrites included, each once', async () => {
    const [first, second, third] = [decide({ decision: 'remediate' }), decide(), decide({ gate: 'dispatch' })];
    await as('scheduler', [
      step('rewritten', 'job_admitted', { state: 'cleared', decisions: [first, second] }),
      step('rewritten', 'job_dispatched', { state: 'dispatched', decision: third }),
      step('rewritten', 'job_dispatched', { state: 'dispatched', decision: { ...third, cached: true } }),
    ]);
    const listed = async () =>
      (await run.ingress.call('audit.decisions', { tenant: 'acme', job_id: 'rewritten' })).decisions;
    expect(await listed()).toEqual([third, second, first]);
    const screening = {
      ...{ dispatch_id: randomUUID(), attempt: 1, rule_id: 'no-secrets', reason: 'a secret', fail_mode: null },
      ...{ policy_version: 1, policy_snapshot: 's', policy_epoch: 1, output_digest: `sha256:${'c'.repeat(64)}` },
      findings: [{ scanner: 'secrets', type: 'github-token', place: '/a', count: 1, severity: 'high' }],
    };
    await as('output_safety', [step('rewritten', 'output_screened', { ...screening, output_decision: 'redact' })]);
    const [output, ...others] = await listed();
    expect(output).toMatchObject({ ...screening, gate: 'output', decision: 'redact' });
    expect(others).toEqual([third, second, first]);
  });
});

describe('audit.timeline', () => {
  test('is the chain, oldest first, with the leaf of each entry once sealed', async () => {
    await walk('listed');
    await untilSealed('listed');
    const { entries } = await run.ingress.call('audit.timeline', { tenant: 'acme', job_id: 'listed' });
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(entries.map(({ kind }) => kind)[9]).toBe('job_succeeded');
    for (const [i, entry] of entries.entries()) {
      if (i > 0) expect(entry.prev_hash).toBe(entries[i - 1]!.hash);
      expect(entry.leaf_index).toBeGreaterThanOrEqual(0);
    }
  });
});

test.each(['audit.timeline', 'audit.decisions', 'audit.record'] as const)(
  '%s knows no job of another tenant, and none that was never there',
  async (verb) => {
    await as('scheduler', [step('mine', 'job_admitted', { state: 'cleared', decisions: [decide()] })]);
    for (const job of [
      { tenant: 'rival', job_id: 'mine' },
      { tenant: 'acme', job_id: 'never' },
    ]) {
      await expect(run.ingress.call(verb, job)).rejects.toMatchObject({ code: 'not_found' });
    }
  },
);
