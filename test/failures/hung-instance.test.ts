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
      // By chance each question, or each copy of one, goes to one of two: one in 2 ** 33 meets the hung one for two seconds. A
      // bunch of submissions is one question. On a machine so busy that only two of eight repeats go out, it is one in 512.
      expect(counts.submitted[202]).toBeGreaterThanOrEqual(ASKED - 2);
      expect(counts.listed[200]).toBeGreaterThanOrEqual(ASKED - 1);
    });
  },
);
