/**
 * One of two instances hangs, as a stopped machine does: it keeps its connection and its place in the queue group. What
 * people and agents ask is answered all the same, by the other one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSystem, type TestSystem } from '../harness/start-system.ts';

const ASKED = 120;
/** In flight at once. */
const CLIENTS = 6;

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  system = cleanUp.use(await startSystem({ separate: true, replicas: 2 }));
}, 180_000);
afterAll(() => cleanUp.disposeAsync());

async function submit(): Promise<number> {
  return (await system.api('agent', 'POST', '/api/v1/jobs', { topic: 'job.demo.read', payload: {} })).status;
}

async function list(): Promise<number> {
  return (await system.api('auditor', 'GET', '/api/v1/jobs?limit=1')).status;
}

/** How often each status was answered. */
async function askMany(ask: () => Promise<number>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  let left = ASKED;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const status = await ask();
      counts[status] = (counts[status] ?? 0) + 1;
      await nextTurn();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return counts;
}

async function whileOneHangs(service: ServiceName, act: () => Promise<void>): Promise<void> {
  const [hung] = system.services.instancesOf(service);
  process.kill(hung!.pid!, 'SIGSTOP');
  try {
    await act();
  } finally {
    process.kill(hung!.pid!, 'SIGCONT');
  }
}

test.each(['policy-kernel', 'scheduler'] as const)(
  'of two of %s one hangs: every submission and every listing is answered',
  { timeout: 120_000 },
  async (service) => {
    await waitUntil('jobs are taken', async () => (await submit()) === 202);
    await whileOneHangs(service, async () => {
      const counts = { submitted: await askMany(submit), listed: await askMany(list) };
      console.info(service, JSON.stringify(counts));
      // Each question is asked up to nine times of one of two by chance: one in five hundred meets the hung one each time.
      expect(counts.submitted[202]).toBeGreaterThanOrEqual(ASKED - 2);
      expect(counts.listed[200]).toBeGreaterThanOrEqual(ASKED - 1);
    });
  },
);
