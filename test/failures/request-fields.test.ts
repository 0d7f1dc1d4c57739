/**
 * What a request says about its own turn and its own end is kept: the higher priority goes first, and a job that has
 * waited past its deadline ends.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { waitForEnd, waitForState } from '../harness/wait-for-job.ts';

/** Of the pool `demo-read`, which no worker serves here: so many are sent, and the rest waits. */
const ROOM = 8 + LIMITS.dispatch_window;
let system: TestSystem;
const sent: string[] = [];

async function submit(more: object = {}): Promise<string> {
  const { status, body } = await system.api('agent', 'POST', '/api/v1/jobs', { topic: 'job.demo.read', ...more });
  expect(status).toBe(202);
  return body.job_id;
}

async function stateOf(job_id: string): Promise<string> {
  return (await system.api('agent', 'GET', `/api/v1/jobs/${job_id}`)).body.state;
}

beforeAll(async () => {
  system = await startSystem();
  for (let n = 0; n < ROOM; n += 1) sent.push(await submit());
  for (const job_id of sent) await waitForState(system, job_id, 'dispatched');
}, 120_000);
afterAll(() => system[Symbol.asyncDispose]());

test('of those that wait the one with the highest priority goes next, and the oldest among equals', async () => {
  const [low, low_later] = [await submit({ priority: 0 }), await submit({ priority: 0 })];
  const usual = await submit();
  const high = await submit({ priority: 9 });
  const waiting = [low, low_later, usual, high];
  const went: string[] = [];
  for (const next of [high, usual, low]) {
    for (const job_id of waiting.filter((each) => !went.includes(each))) expect(await stateOf(job_id)).toBe('cleared');
    await system.api('agent', 'POST', `/api/v1/jobs/${sent.pop()}/cancel`);
    await waitUntil('the next one is sent', async () => (await stateOf(next)) === 'dispatched');
    went.push(next);
  }
  expect(await stateOf(low_later)).toBe('cleared');
});

test('a job that waited past its deadline ends, and one without goes on waiting', async () => {
  const [short, long] = [await submit({ deadline_ms: 1, priority: 0 }), await submit({ priority: 0 })];
  expect(await waitForEnd(system, short)).toMatchObject({
    state: 'expired',
    reason: 'deadline passed while waiting',
  });
  expect(await stateOf(long)).toBe('cleared');
});
