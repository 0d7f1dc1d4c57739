/**
 * While jobs flow through two kernels whose caches are warm, a denial becomes active: from its entry in the ledger on, no
 * dispatch and no start of a job stands on an older epoch.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { serviceSettings } from '@countersign/infra/development-environment';
import { waitUntil } from '@countersign/infra/wait-until';
import { type Running, start } from '@countersign/platform/service';
import { policyKernel } from '@countersign/policy-kernel/service';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { activateOverHttp, publishOverHttp, withPolicy } from '../harness/activate-policy.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';

const READS = withPolicy((policy) => policy);
const CLOSED = withPolicy((policy) =>
  policy.replace(
    'rules:\n',
    'rules:\n  - { id: closed, match: { topics: ["job.>"] }, decision: deny }\n'.replace('job.>', 'job.*'),
  ),
);

let system: TestSystem;
let second: Running;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  const settings = serviceSettings('policy-kernel', system.prepared);
  const STATE_DIR = mkdtempSync(join(inject('test_stack').run_dir, 'kernel-'));
  second = cleanUp.use(
    await start([policyKernel], { ...settings, POLICY_KERNEL_STATE_DIR: STATE_DIR, LOG_LEVEL: 'silent' }),
  );
  cleanUp.use(await startWorker(system, 'demo-read', () => ({ ok: true })));
  await publishOverHttp(system, READS, 1);
  await activateOverHttp(system, 1);
  await publishOverHttp(system, CLOSED, 2);
});
afterAll(() => cleanUp.disposeAsync());

type Row = { id: number; kind: string; body: any };

/** In the order in which they were recorded; the lock of `control` keeps ids and commits of a change in one order. */
async function ledger(): Promise<Row[]> {
  const rows = await system.sql<{ id: string; kind: string; body: string }>(
    'SELECT id, kind, body FROM ledger.entries ORDER BY id',
  );
  return rows.map(({ id, kind, body }) => ({ id: Number(id), kind, body: JSON.parse(body) }));
}

async function metricsOf(health_urls: readonly string[]): Promise<string> {
  return (await Promise.all(health_urls.map(async (url) => (await fetch(`${url}/metrics`)).text()))).join('\n');
}

function sumOf(text: string, line: RegExp): number {
  return [...text.matchAll(new RegExp(line, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
}

it('no dispatch stands on a decision of an older epoch', async () => {
  const seen = { accepted: 0, denied: 0, strange: [] as unknown[] };
  let running = true;
  const client = async (): Promise<void> => {
    while (running) {
      const body = { topic: 'job.demo.read', payload: { n: Math.random() } };
      const answer = await system.api('agent', 'POST', '/api/v1/jobs', body);
      if (answer.status === 202) seen.accepted += 1;
      else if (answer.status === 403) seen.denied += 1;
      else seen.strange.push(answer.body);
    }
  };
  const clients = Array.from({ length: 24 }, client);
  await waitUntil('jobs flow', () => seen.accepted > 200, { timeout_ms: 30_000 });
  const epoch = await activateOverHttp(system, 2);
  await waitUntil('the denial bites', () => seen.denied > 50, { timeout_ms: 20_000 });
  running = false;
  await Promise.all(clients);
  await waitUntil('every job ends', async () => {
    const [row] = await system.sql<{ open: string }>(
      `SELECT count(*) AS open FROM scheduler.jobs WHERE state IN ('held', 'cleared', 'dispatched', 'running')`,
    );
    return row!.open === '0';
  });

  const entries = await ledger();
  const activated = entries.find(({ kind, body }) => kind === 'policy_activated' && body.policy_epoch === epoch)!;
  const later = entries.filter(({ id }) => id > activated.id);
  const dispatched = (rows: Row[]) => rows.filter(({ kind }) => kind === 'job_dispatched');
  expect(dispatched(later).map(({ body }) => body.decision.policy_epoch)).toEqual([]);
  expect(later.filter(({ kind }) => kind === 'job_running')).toEqual([]);
  expect(later.filter(({ kind, body }) => kind === 'job_admitted' && body.state !== 'denied')).toEqual([]);
  expect(later.some(({ kind }) => kind === 'job_denied')).toBe(true);
  expect(seen.strange).toEqual([]);

  // The test would prove nothing if one kernel had stood by, or the cache had been cold.
  expect(dispatched(entries).filter(({ body }) => body.decision.cached).length).toBeGreaterThan(0);
  const here = await metricsOf(second.services.map(({ health_url }) => health_url));
  const there = await metricsOf(system.services.health_urls);
  for (const text of [here, there]) {
    expect(sumOf(text, /^countersign_decisions_total\{.*\} (\d+)/)).toBeGreaterThan(0);
  }
});
