/**
 * Whatever decides or stores goes away, one after the other: the answer is no or not yet, never yes; what was accepted
 * waits and goes on afterwards, and what was not leaves no trace.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrillReport } from '@countersign/cli/drill/drill-report';
import { EXIT } from '@countersign/cli/exit-codes';
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import { developmentEnv } from '@countersign/infra/development-env';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { playHttp } from '../cases/cli/play-receivers.ts';
import { newFolder, runCli, writeOne } from '../cases/cli/run-cli.ts';
import { allReady } from '../harness/all-ready.ts';
import { everyInstance } from '../harness/every-instance.ts';
import { playWorker } from '../harness/play-worker.ts';
import { countEverything, kindsOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd, waitForState } from '../harness/wait-for-job.ts';
import { checkSystem, countOpen, type SideEffect } from './check-system.ts';

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const effects: SideEffect[] = [];
const accepted: { job_id: string }[] = [];

beforeAll(async () => {
  system = cleanUp.use(await startSystem({ separate: true, own_postgres: true }));
  for (const pool of ['demo-read', 'desk-write']) {
    const worker = await startWorker(system, pool, ({ job_id, dispatch_id }) => {
      effects.push({ job_id, dispatch_id });
      return { ok: true };
    });
    cleanUp.use(worker);
  }
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

const READ = { topic: 'job.demo.read', prompt: 'status' };
const REFUND = { topic: 'job.desk.refund.order', payload: { customer_id: 7, amount_cents: 9_900 } };

function ask(body: unknown) {
  return system.api('agent', 'POST', '/api/v1/jobs', body);
}

async function submit(body: unknown): Promise<string> {
  const answer = await ask(body);
  expect(answer).toMatchObject({ status: 202 });
  accepted.push(answer.body);
  return answer.body.job_id;
}

function simulate() {
  return system.api('agent', 'POST', '/api/v1/policy/simulate', READ);
}

function program(service: ServiceName) {
  return everyInstance(system, service);
}

async function without(service: ServiceName, act: () => Promise<void>): Promise<void> {
  await program(service).kill();
  try {
    await act();
  } finally {
    await program(service).start();
  }
}

async function expectRefused(code: string): Promise<void> {
  expect(await ask(READ)).toMatchObject({ status: 503, body: { code } });
}

async function runsAgain(): Promise<void> {
  expect((await waitForEnd(system, await submit(READ))).state).toBe('succeeded');
}

async function approve(job_id: string) {
  const { approval_id, digest } = await waitForApproval(system, job_id);
  return () => system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
}

/** As people run it: the command, with commands of a shell that take the kernel down and bring it back. */
async function drill(report: string): Promise<{ code: number; out: string }> {
  const page = async () => (await Promise.all(system.services.health_urls.map(readPage))).join('\n');
  await using hand = await playHttp(async ({ path }) => {
    if (path === '/metrics') return { status: 200, text: await page() };
    await (path === '/down' ? program('policy-kernel').kill() : program('policy-kernel').start());
    return { status: 200 };
  });
  const url = `http://127.0.0.1:${hand.port}`;
  const by = (path: string) =>
    `'${process.execPath}' -e "fetch('${url}${path}').then(({ ok }) => process.exit(ok ? 0 : 1))"`;
  const { api_keys } = system.keys;
  const { LOG_VKEY } = developmentEnv(system.prepared, { url: '', metrics_url: '' });
  const { approval: _, ...cases } = JSON.parse(readFileSync(join(PROJECT_DIR, 'examples/drill.json'), 'utf8'));
  return await runCli(
    ...[
      '--url',
      system.url,
      '--key',
      api_keys.agent,
      'drill',
      writeOne('drill.json', JSON.stringify({ ...cases, approval: REFUND })),
    ],
    ...['--approver-keys', api_keys.approver, '--auditor-key', api_keys.auditor, '--log-key', LOG_VKEY!],
    ...['--metrics', `${url}/metrics`, '--outage', by('/down'), '--restore', by('/up'), '--report', report],
  );
}

async function readPage(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

describe('the policy kernel', () => {
  test('drill: every step passes on a system that holds', { timeout: 120_000 }, async () => {
    const file = join(newFolder(), 'report.json');
    const { code, out } = await drill(file);
    const report = JSON.parse(readFileSync(file, 'utf8')) as DrillReport;
    expect(report.steps.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(report).toMatchObject({ failed: 0, skipped: 0, policy: { version: 1 } });
    expect(report.steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['policy kernel away', 'policy kernel back', 'counters moved', 'ledger verified']),
    );
    expect({ code, out }).toEqual({ code: EXIT.done, out: expect.stringMatching(/\d+ passed, 0 failed, 0 skipped/) });
    for (const { name, job_id } of report.steps) if (/submit/.test(name)) accepted.push({ job_id: job_id! });
  });

  test('down at the submit gate: 503, no row, no message', async () => {
    await runsAgain();
    await waitUntil('nothing is open', async () => (await countOpen(system)) === 0);
    const before = await countEverything(system);
    await without('policy-kernel', async () => {
      for (let tries = 0; tries < 3; tries += 1) await expectRefused('policy_unavailable');
      expect(await simulate()).toMatchObject({ status: 503, body: { code: 'policy_unavailable' } });
      expect(await countEverything(system)).toEqual(before);
    });
    await runsAgain();
  });

  test('hangs: 503 in bounded time, and what it says afterwards admits nothing', async () => {
    const before = await countEverything(system);
    program('policy-kernel').pause();
    try {
      await expectRefused('policy_unavailable');
    } finally {
      program('policy-kernel').resume();
    }
    await waitUntil('it answers again', async () => (await simulate()).status === 200);
    expect(await countEverything(system)).toEqual(before);
  });

  test('down at the dispatch gate: the job stays cleared and runs when it is back', async () => {
    const job_id = await submit(REFUND);
    const vote = await approve(job_id);
    await without('policy-kernel', async () => {
      expect((await vote()).status).toBe(200);
      await waitForState(system, job_id, 'cleared');
      /** Two more sweeps of the gate have come and gone. */
      await waitUntil('the gate has tried', async () => gateFailures() >= 2);
      expect(await kindsOf(system, job_id)).not.toContain('job_dispatched');
      expect(effects.some((effect) => effect.job_id === job_id)).toBe(false);
    });
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  });
});

/** How often the scheduler's log tells of a dispatch sweep that failed. */
function gateFailures(): number {
  return program('scheduler').log().split('"sweep":"dispatch"').length - 1;
}

test('the scheduler is down: 503 for what comes, and what runs is reported and ends afterwards', async () => {
  await using worker = await playWorker(system, 'desk-read');
  const job_id = await submit({ topic: 'job.desk.read.ticket' });
  const held = await worker.hold(job_id);
  await without('scheduler', async () => {
    const before = await countEverything(system);
    await expectRefused('scheduler_unavailable');
    expect(await countEverything(system)).toEqual(before);
    const seen = await system.api('agent', 'GET', `/api/v1/jobs/${job_id}`);
    expect(seen).toMatchObject({ status: 503, body: { code: 'scheduler_unavailable' } });
    await worker.report(held, { ok: true });
  });
  expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
});

test('output-safety is down: the result waits, and nobody can read it', async () => {
  let job_id = '';
  await without('output-safety', async () => {
    job_id = await submit(READ);
    await waitUntil('the job has run', () => effects.some((effect) => effect.job_id === job_id) || undefined);
    const result = await system.api('agent', 'GET', `/api/v1/jobs/${job_id}/result`);
    expect(result).toMatchObject({ status: 503, body: { code: 'output_unavailable' } });
    expect((await waitForState(system, job_id, 'running')).state).toBe('running');
  });
  expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
});

test('approval is down: held jobs stay held, votes get 503, and the question comes afterwards', async () => {
  const asked = await submit(REFUND);
  const vote = await approve(asked);
  let unasked = '';
  await without('approval', async () => {
    expect(await vote()).toMatchObject({ status: 503, body: { code: 'approval_unavailable' } });
    unasked = await submit(REFUND);
    expect((await waitForState(system, unasked, 'held')).state).toBe('held');
  });
  expect((await vote()).status).toBe(200);
  expect((await (await approve(unasked))()).status).toBe(200);
  expect((await waitForEnd(system, asked)).state).toBe('succeeded');
  expect((await waitForEnd(system, unasked)).state).toBe('succeeded');
});

test('audit is down: jobs go on, their records come afterwards', async () => {
  let job_id = '';
  await without('audit', async () => {
    job_id = await submit(READ);
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    const record = await system.api('auditor', 'GET', `/api/v1/jobs/${job_id}/record`);
    expect(record).toMatchObject({ status: 503, body: { code: 'audit_unavailable' } });
  });
  const record = await system.api('auditor', 'GET', `/api/v1/jobs/${job_id}/record`);
  expect(record).toMatchObject({ status: 200, body: { missing: [], proof: { verified: true } } });
});

/** By whichever ingress is back first; what is asked after that may meet the other one. */
async function countsAgain(vote: Awaited<ReturnType<typeof approve>>): Promise<void> {
  await waitUntil('votes count again', async () => (await vote()).status === 200, { timeout_ms: 20_000 });
  await waitUntil('all are ready', () => allReady(system));
}

test('Postgres is down: 503, and everything goes on when it is back', async () => {
  const waiting = await submit(REFUND);
  const vote = await approve(waiting);
  await system.postgres!.kill();
  await expectRefused('database_unavailable');
  expect((await vote()).status).toBe(503);
  await system.postgres!.start();
  await countsAgain(vote);
  expect((await waitForEnd(system, waiting)).state).toBe('succeeded');
  await runsAgain();
});

test('NATS is down: 503 and no row, and everything goes on when it is back', async () => {
  const waiting = await submit(REFUND);
  const vote = await approve(waiting);
  await system.nats.kill();
  const before = await system.sql('SELECT count(*) FROM scheduler.jobs');
  /** Without the bus there is nobody to ask for a decision. */
  await expectRefused('policy_unavailable');
  expect(await system.sql('SELECT count(*) FROM scheduler.jobs')).toEqual(before);
  await system.nats.start();
  await countsAgain(vote);
  expect((await waitForEnd(system, waiting)).state).toBe('succeeded');
  await waitUntil('jobs are accepted again', async () => {
    const answer = await ask(READ);
    if (answer.status === 202) accepted.push(answer.body);
    return answer.status === 202;
  });
});

test('nothing was lost, and nothing ran unproven', async () => {
  await waitUntil('every job ends', async () => (await countOpen(system)) === 0, { timeout_ms: 20_000 });
  expect(await checkSystem(system, accepted, effects)).toEqual([]);
});
