/**
 * Nobody signed in time: from then on the door denies with its own reason, and what was accepted waits, runs nothing, and
 * goes on under the next version.
 */
import { waitUntil } from '@countersign/infra/wait-until';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { activateOverHttp, publishOverHttp, withPolicy } from '../harness/activate-policy.ts';
import { entriesOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForEnd } from '../harness/wait-for-job.ts';

const FILES = withPolicy((policy) => policy);
/** What goes out to the four slots of desk-write, and as much again as a window. */
const ROOM = 8;

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  system = cleanUp.use(await startSystem());
});
afterAll(() => cleanUp.disposeAsync());

function submit(customer: number) {
  return system.api('agent', 'POST', '/api/v1/jobs', { topic: 'job.desk.update.address', payload: { customer } });
}

it('denies at the door, waits at dispatch, and goes on when a new version is active', { timeout: 60_000 }, async () => {
  await publishOverHttp(system, FILES, 1, new Date(Date.now() + 5_000).toISOString());
  await activateOverHttp(system, 1);
  const accepted: string[] = [];
  for (let i = 0; i <= ROOM; i += 1) accepted.push((await submit(i)).body.job_id);
  const denied = await waitUntil(
    'the policy ends',
    async () => {
      const answer = await submit(99);
      return answer.status === 403 && answer.body;
    },
    { timeout_ms: 20_000 },
  );
  expect(denied).toMatchObject({ code: 'denied', rule_id: null, reason: expect.stringMatching(/^policy_expired: /) });
  const [entry] = await entriesOf(system, denied.job_id);
  expect(entry).toMatchObject({ kind: 'job_denied', body: { reason: denied.reason, state: 'denied' } });

  const ran: string[] = [];
  cleanUp.use(await startWorker(system, 'desk-write', ({ job_id }) => void ran.push(job_id)));
  await waitUntil('what was sent before has run', () => ran.length === ROOM, { timeout_ms: 20_000 });
  const waiting = accepted.find((job_id) => !ran.includes(job_id))!;
  expect((await system.api('auditor', 'GET', `/api/v1/jobs/${waiting}`)).body.state).toBe('cleared');

  await publishOverHttp(system, FILES, 2);
  const epoch = await activateOverHttp(system, 2);
  expect((await waitForEnd(system, waiting)).state).toBe('succeeded');
  const dispatched = (await entriesOf(system, waiting)).find(({ kind }) => kind === 'job_dispatched')!;
  expect(dispatched.body.decision.policy_epoch).toBe(epoch);
  expect((await submit(100)).status).toBe(202);
});
