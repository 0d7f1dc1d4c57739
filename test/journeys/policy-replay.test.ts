/** What a candidate would have made of yesterday: real jobs, decided again, with what could not be asked counted. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withPolicy } from '../harness/activate-policy.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { waitForState } from '../harness/wait-for-job.ts';

let system: TestSystem;
const jobs: Record<string, string> = {};
const begun = new Date(Date.now() - 3_600_000).toISOString();
let from: string;
let to: string;

function refund(amount_cents: number) {
  return {
    topic: 'job.desk.refund.issue',
    payload: { customer_id: 'c-1', amount_cents },
  };
}
/** In this order. */
const UPDATE = { topic: 'job.desk.update.address', payload: { customer: 'c-1' } };
const OF_A_RUN = {
  early: { ...UPDATE, labels: { run: 'r1' } },
  looked: { topic: 'job.demo.read', prompt: 'status', labels: { run: 'r1' } },
  late: { ...UPDATE, labels: { run: 'r1' } },
  other: { ...UPDATE, labels: { run: 'r2' } },
};

beforeAll(async () => {
  system = await startSystem();
  for (const [name, body] of Object.entries(OF_A_RUN)) {
    const { status, body: answer } = await system.api('agent', 'POST', '/api/v1/jobs', body);
    expect(status).toBe(202);
    jobs[name] = answer.job_id;
    // Only what was dispatched is of the run's history.
    await waitForState(system, answer.job_id, 'dispatched');
  }
  from = new Date().toISOString();
  const bodies: Record<string, object> = {
    read: { topic: 'job.demo.read', prompt: 'status' },
    erased: { topic: 'job.demo.read', prompt: 'forget me' },
    update: { topic: 'job.desk.update.address', payload: { customer: 'c-1' } },
    small: refund(1_000),
    large: refund(9_000),
    denied: { topic: 'job.exec.shell', prompt: 'rm -rf /' },
  };
  for (const [name, body] of Object.entries(bodies)) {
    const answer = await system.api('agent', 'POST', '/api/v1/jobs', body);
    expect([202, 403]).toContain(answer.status);
    jobs[name] = answer.body.job_id;
  }
  await system.sql(
    `UPDATE scheduler.contexts SET request = NULL, rewritten = NULL, effective = NULL, salt = NULL WHERE job_id = $1`,
    [jobs.erased],
  );
  to = new Date(Date.now() + 60_000).toISOString();
});
afterAll(() => system?.[Symbol.asyncDispose]());

function replay(body: object, who: 'admin' | 'agent' = 'admin') {
  return system.api(who, 'POST', '/api/v1/policy/replay', { from, to, ...body });
}

it('the policy that decided them finds no difference', async () => {
  const { status, body } = await replay({});
  expect(status).toBe(200);
  expect(body).toMatchObject({
    jobs: 6,
    replayed: 4,
    skipped: { denied: 1, erased: 1 },
    beyond_limit: 0,
    complete: false,
    same: 4,
    groups: [],
  });
  expect(body.policy.epoch).not.toBeNull();
});

const CANDIDATE = {
  files: withPolicy((policy) =>
    policy
      .replace('    decision: allow\n    reason: the demo only reads', '    decision: deny\n    reason: no more')
      .replace('when: payload.amount_cents > 5000', 'when: payload.amount_cents > 50000')
      .replace('when: payload.amount_cents > 100000', 'when: payload.amount_cents > 1000000')
      .replace('set: { max_rows: 1 }', 'set: { max_rows: 2 }'),
  ),
};

it('a candidate shows what would change, by rule and topic, with jobs to open', async () => {
  const { body } = await replay({ candidate: CANDIDATE });
  expect(body.changes).toEqual({
    newly_blocked: 1,
    newly_allowed: 1,
    newly_held: 0,
    changed_constraints: 1,
    changed_job: 0,
    changed_rule: 0,
  });
  expect(body.groups).toHaveLength(3);
  expect(body.groups).toContainEqual({
    kind: 'newly_blocked',
    topic: 'job.demo.read',
    before: { decision: 'allow', rule_id: 'allow-demo-read' },
    after: { decision: 'deny', rule_id: 'allow-demo-read' },
    jobs: 1,
    examples: [jobs.read],
  });
  expect(body.groups).toContainEqual(
    expect.objectContaining({
      kind: 'newly_allowed',
      before: { decision: 'require_approval', rule_id: 'approve-large-refund' },
      after: { decision: 'allow_with_constraints', rule_id: 'constrain-small-refund' },
      examples: [jobs.large],
    }),
  );
});

it('is deterministic, bounded, and says what it left out', async () => {
  const [first, second] = [await replay({ candidate: CANDIDATE }), await replay({ candidate: CANDIDATE })];
  expect(second.body).toEqual(first.body);
  const { body } = await replay({ limit: 2 });
  expect(body).toMatchObject({
    jobs: 6,
    replayed: 1,
    skipped: { denied: 0, erased: 1 },
    beyond_limit: 4,
    complete: false,
  });
  expect((await replay({ to: from })).status).toBe(400);
});

it('is not for agents, and shows nothing of any job', async () => {
  expect(await replay({}, 'agent')).toMatchObject({ status: 403, body: { code: 'permission_missing' } });
  const { body } = await replay({ candidate: CANDIDATE });
  expect(JSON.stringify(body)).not.toMatch(/status"?:|forget me|"(c|o)-1"/);
});

it('a candidate that asks about runs is told each as it stood when its job was decided', async () => {
  const files = withPolicy((policy) =>
    policy
      .replace('default_decision: deny', 'default_decision: deny\nrun: { by: run }')
      .replace(
        '  - id: constrain-desk-update\n',
        '  - { id: no-update-after-read, match: { topics: ["job.desk.update.*"], run: { ran: [job.demo.read] } }, decision: deny }\n  - id: constrain-desk-update\n',
      ),
  );
  const { body } = await replay({ from: begun, to: from, candidate: { files } });
  expect(body).toMatchObject({ jobs: 4, replayed: 4, same: 3, changes: { newly_blocked: 1 } });
  expect(body.groups).toMatchObject([{ after: { rule_id: 'no-update-after-read' }, examples: [jobs.late] }]);
});
