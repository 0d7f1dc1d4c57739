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
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actAs } from '../harness/act-as-role.ts';
import { editPolicy } from '../harness/edit-policy.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
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
const WIDE = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const effects: SideEffect[] = [];
const accepted: { job_id: string }[] = [];
/** Everything that is wrong with an answer. */
const faults: string[] = [];
let answers = 0;

function openToBoth(): string {
  const dir = editPolicy();
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
      return { mark: (payload as { mark: string }).mark };
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
      ],
      api_keys: [{ principal: 'second-agent', key: SECOND_KEY, permissions: [...PERMISSION_SETS.agent] }],
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
