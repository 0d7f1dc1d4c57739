/**
 * Two tenants on two instances of everything, under load: no answer to the one holds anything of the other, and every
 * answer is to the question that was asked.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import { DEVELOPMENT_TENANT } from '@countersign/infra/development-roster';
import { waitUntil } from '@countersign/infra/wait-until';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actAs } from '../harness/act-as-role.ts';
import { editPolicy } from '../harness/edit-policy.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd } from '../harness/wait-for-job.ts';
import { checkSystem, countOpen, type SideEffect } from './check-system.ts';

/** A word of its own marks everything that is a tenant's: names of jobs, payloads, results. */
const TENANTS = [
  { tenant: DEVELOPMENT_TENANT, mark: 'alder', foreign: 'birch' },
  { tenant: 'second', mark: 'birch', foreign: 'alder' },
] as const;
type Tenant = (typeof TENANTS)[number];
const CLIENTS = 8;
const ROUNDS = 25;
const SECOND_KEY = `cs_${'s'.repeat(43)}`;
const RUN_AGENTS = ['caller', 'leaker', 'reader', 'bystander'] as const;
type RunAgent = (typeof RUN_AGENTS)[number];
const WIDE = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const effects: SideEffect[] = [];
const accepted: { job_id: string }[] = [];
/** Everything that is wrong with an answer. */
const faults: string[] = [];
let answers = 0;

function keyOf(agent: RunAgent): string {
  return `cs_${agent.padEnd(43, 'x')}`;
}

/** Sends leave by a pool of its own, so that they can be made to wait for room. */
const RUN_RULES: [from: string, to: string][] = [
  [
    'topics:\n',
    `run: { by: agent, within: 1h }
topics:
  job.demo.customer: { capability: demo.read, data: [customer], required_labels: [run] }
  job.demo.page: { capability: demo.read, untrusted: true, required_labels: [run] }
  job.desk.send: { capability: desk.write, risk_tags: [external] }
`,
  ],
  [
    'rules:\n',
    `  - id: after-strangers
    match: { topics: [job.desk.send], run: { untrusted: true } }
    floor: { decision: require_approval, stages: [{ group: security, count: 1 }] }

rules:
  - { id: reads, match: { topics: [job.demo.customer, job.demo.page] }, decision: allow }
  - { id: no-send, match: { topics: [job.desk.send], run: { released: [customer] } }, decision: deny }
  - { id: asked-send, match: { topics: [job.desk.send], labels: { asked: "yes" } }, decision: require_approval }
  - { id: send, match: { topics: [job.desk.send] }, decision: allow }
`,
  ],
];

function openToBoth(): string {
  const dir = editPolicy(...RUN_RULES);
  const path = join(dir, 'pools.yaml');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('tenants: [default], concurrency: 8', `tenants: [default, second], concurrency: 8`));
  return dir;
}

beforeAll(async () => {
  system = cleanUp.use(await startSystem({ replicas: 2, bundle_dir: openToBoth() }));
  const worker = await startWorker(
    system,
    'demo-read',
    ({ job_id, dispatch_id, payload }) => {
      effects.push({ job_id, dispatch_id });
      const { mark, leak } = payload as { mark: string; leak?: true };
      return leak ? { mark, key: `AKIA${'ZEBRAZEBRA2Z7XQW'}` } : { mark };
    },
    8,
  );
  cleanUp.use(worker);
  await actAs(system, 'ingress', (tx) =>
    registerIdentities(tx, {
      tenants: ['second'],
      principals: [
        { type: 'human', id: 'second-owner', tenant: 'second', groups: [] },
        {
          type: 'agent',
          id: 'second-agent',
          tenant: 'second',
          owner: 'second-owner',
          ceiling: WIDE,
          signing_key: null,
        },
        ...RUN_AGENTS.map((id) => ({
          type: 'agent' as const,
          ...{ id, tenant: DEVELOPMENT_TENANT, owner: 'admin', ceiling: WIDE, signing_key: null },
        })),
      ],
      api_keys: [
        { principal: 'second-agent', key: SECOND_KEY, permissions: [...PERMISSION_SETS.agent] },
        ...RUN_AGENTS.map((id) => ({ principal: id, key: keyOf(id), permissions: [...PERMISSION_SETS.agent] })),
      ],
    }),
  );
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

async function ask({ tenant, foreign }: Tenant, method: string, path: string, body?: object) {
  const key = tenant === 'second' ? SECOND_KEY : system.keys.api_keys.agent;
  const headers = { 'x-api-key': key, 'x-tenant-id': tenant };
  const answer = await system.api('agent', method, `/api/v1${path}`, body, headers);
  answers += 1;
  if (JSON.stringify(answer.body).includes(foreign)) faults.push(`${tenant} ${method} ${path}: a foreign byte`);
  return answer;
}

/** One job that runs and one that is denied, then everything that tells of them. */
async function playRound(who: Tenant, client: number, round: number): Promise<void> {
  const nameOf = (kind: string): string => `${who.mark}-${kind}-${client}-${round}-${randomUUID()}`;
  const runs = nameOf('runs');
  const denied = nameOf('denied');
  const payload = { mark: who.mark };
  const [yes, no] = await Promise.all([
    ask(who, 'POST', '/jobs', { job_id: runs, topic: 'job.demo.read', prompt: 'status', payload }),
    ask(who, 'POST', '/jobs', { job_id: denied, topic: 'job.exec.shell', prompt: 'rm -rf /', payload }),
  ]);
  if (yes.status !== 202 || yes.body.job_id !== runs) faults.push(`${runs}: heard ${yes.status} ${yes.body.job_id}`);
  else accepted.push({ job_id: runs });
  if (no.status !== 403 || no.body.job_id !== denied) faults.push(`${denied}: heard ${no.status} ${no.body.job_id}`);
  const [job, list, decisions] = await Promise.all([
    ask(who, 'GET', `/jobs/${runs}`),
    ask(who, 'GET', '/jobs?limit=20'),
    ask(who, 'GET', `/jobs/${denied}/decisions`),
  ]);
  if (job.status !== 200 || job.body.job_id !== runs) faults.push(`${runs}: shown ${job.status} ${job.body.job_id}`);
  if (list.status !== 200) faults.push(`${who.tenant}: the list is ${list.status}`);
  if (decisions.status !== 200) faults.push(`${denied}: its decisions are ${decisions.status}`);
  await waitUntil(`${runs} has a result`, async () => {
    const { status, body } = await ask(who, 'GET', `/jobs/${runs}/result`);
    if (status === 200 && body.output?.mark !== who.mark) faults.push(`${runs}: the result is not its own`);
    return status === 200;
  });
}

test('no answer to one tenant holds a byte of the other, and each is to its question', {
  timeout: 180_000,
}, async () => {
  const client = async (who: Tenant, number: number): Promise<void> => {
    for (let round = 0; round < ROUNDS; round += 1) await playRound(who, number, round);
  };
  const clients = TENANTS.flatMap((who) => Array.from({ length: CLIENTS }, (_, number) => client(who, number)));
  await Promise.all(clients);
  expect(faults).toEqual([]);
  expect(answers).toBeGreaterThan(TENANTS.length * CLIENTS * ROUNDS * 6);
  await waitUntil('every job ends', async () => (await countOpen(system)) === 0);
  expect(await checkSystem(system, accepted, effects)).toEqual([]);
});

// A recorded decision names its job's hash only where the entry names another.
test('every decision stands on the job that it was made for', async () => {
  const [row] = await system.sql<{ compared: number; wrong: number }>(
    `WITH made AS (
       SELECT j.job_hash, coalesce(d.value ->> 'job_hash', e.body::jsonb ->> 'job_hash') AS decided
         FROM scheduler.jobs j JOIN ledger.entries e ON e.chain = 'job:' || j.tenant || ':' || j.job_id,
              jsonb_array_elements(coalesce(e.body::jsonb -> 'decisions', jsonb_build_array(e.body::jsonb -> 'decision'))) d
        WHERE e.kind IN ('job_admitted', 'job_denied', 'job_dispatched'))
     SELECT count(decided)::int AS compared, (count(*) FILTER (WHERE decided <> job_hash))::int AS wrong FROM made`,
  );
  // Of each job that ran the submit gate's and the dispatch gate's, of each denied one the submit gate's.
  expect(row!.compared).toBeGreaterThanOrEqual(3 * accepted.length);
  expect(row!.wrong).toBe(0);
});

/** Each agent is a run of its own here, whatever it calls it. */
describe('a rule over what a run did', () => {
  const SEND = { topic: 'job.desk.send', labels: { run: 'other' } };
  const ASKED = { topic: 'job.desk.send', labels: { run: 'other', asked: 'yes' } };
  const CUSTOMER = { topic: 'job.demo.customer', labels: { run: 'read' }, payload: { mark: 'alder' } };
  const as = (who: RunAgent, body: object, path = '/jobs') =>
    system.api('agent', 'POST', `/api/v1${path}`, body, { 'x-api-key': keyOf(who) });
  const accepted = async (who: RunAgent, body: object): Promise<string> => {
    const answer = await as(who, body);
    expect([who, answer.status, answer.body.code]).toEqual([who, 202, undefined]);
    return answer.body.job_id;
  };
  const approve = async (job_id: string): Promise<string> => {
    const { approval_id, digest } = await waitForApproval(system, job_id);
    const voted = await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
    expect(voted.status).toBe(200);
    return approval_id;
  };
  const lastGate = async (job_id: string) =>
    (await system.api('auditor', 'GET', `/api/v1/jobs/${job_id}/decisions`)).body.find(
      ({ gate }: { gate: string }) => gate === 'dispatch',
    );
  // An ended job is kept as it ended; as if the time had passed.
  const makeOlder = (job_id: string, set: string) =>
    system.sql(`ALTER TABLE scheduler.jobs DISABLE TRIGGER keep_ended; UPDATE scheduler.jobs SET ${set} WHERE job_id = '${job_id}';
      ALTER TABLE scheduler.jobs ENABLE ALWAYS TRIGGER keep_ended`);
  let read: string;

  test('denies at the second gate what the first one let in, and names the job that brought the data in', async () => {
    // Nobody works for desk-write yet: its slots and their window are full, so what comes next waits at the gate.
    for (let i = 0; i < 8; i += 1) await accepted('bystander', SEND);
    const waits = await accepted('caller', SEND);
    const held = await accepted('caller', ASKED);
    read = await accepted('caller', CUSTOMER);
    expect((await waitForEnd(system, read)).state).toBe('succeeded');
    await approve(held);
    cleanUp.use(await startWorker(system, 'desk-write', () => ({ sent: true })));
    for (const job_id of [waits, held]) {
      expect(await waitForEnd(system, job_id)).toMatchObject({ state: 'denied', rule_id: 'no-send' });
      expect(await lastGate(job_id)).toMatchObject({
        ...{ decision: 'deny', rule_id: 'no-send', cached: false, reads_now: true },
        run: { released: [{ data: 'customer', job_id: read }] },
      });
    }
    const { body } = await as('caller', SEND, '/policy/explain');
    expect(body).toMatchObject({ decision: 'deny', run: { released: [{ data: 'customer', job_id: read }] } });
    expect(body.text).toContain(`released customer (job ${read})`);
    expect(await as('caller', SEND)).toMatchObject({ status: 403, body: { rule_id: 'no-send' } });
    expect((await as('caller', { topic: 'job.desk.send' })).body.reason).toContain('run_unknown');
    expect((await waitForEnd(system, await accepted('bystander', SEND))).state).toBe('succeeded');
  });

  test('sees what is quarantined once people release it, also of a job from before its time', async () => {
    const leaked = await accepted('leaker', { ...CUSTOMER, payload: { mark: 'alder', leak: true } });
    expect((await waitForEnd(system, leaked)).state).toBe('quarantined');
    expect((await waitForEnd(system, await accepted('leaker', SEND))).state).toBe('succeeded');
    await makeOlder(leaked, `created_at = created_at - interval '9 days', updated_at = updated_at - interval '9 days'`);
    const path = `/api/v1/quarantine/${leaked}`;
    const { output_digest: digest } = (await system.api('approver', 'GET', path)).body;
    await system.api('approver', 'POST', `${path}/open`, { reason: 'asked for' });
    const released = await system.api('approver', 'POST', `${path}/release`, { reason: 'fine', digest });
    expect(released.body.state).toBe('released');
    expect(await as('leaker', SEND)).toMatchObject({ status: 403, body: { rule_id: 'no-send' } });
  });

  test('counts its time from the release, not from the asking; a chain has the history of all in it; no tenant another', async () => {
    await makeOlder(read, `created_at = created_at - interval '2 hours'`);
    expect(await as('caller', SEND)).toMatchObject({ status: 403, body: { rule_id: 'no-send' } });
    expect((await as('caller', { to: 'bystander' }, '/delegations')).status).toBe(201);
    const onBehalf = await as('bystander', { ...SEND, on_behalf_of: 'caller' });
    expect(onBehalf).toMatchObject({ status: 403, body: { rule_id: 'no-send' } });
    const [row] = await system.sql<{ of: unknown }>(
      `SELECT scheduler.run_history('{default,second,second}', '{caller,caller,caller}', '{read,read,read}', '{x,x,x}',
         '{3600000,3600000,NULL}', '{NULL,NULL,NULL}', 1000) AS of`,
    );
    expect(row!.of).toMatchObject([expect.arrayContaining([expect.objectContaining({ released: read })]), [], []]);
  });

  test('that asks for more people than agreed takes them too', async () => {
    const held = await accepted('reader', ASKED);
    const page = await accepted('reader', { ...CUSTOMER, topic: 'job.demo.page' });
    expect((await waitForEnd(system, page)).state).toBe('succeeded');
    const first = await approve(held);
    const second = await waitUntil('it is asked for again', async () => {
      const asked = await waitForApproval(system, held);
      return asked.approval_id !== first && asked;
    });
    expect(second.stages.map(({ group }: { group: string }) => group).toSorted()).toEqual(['approvers', 'security']);
  });
});
