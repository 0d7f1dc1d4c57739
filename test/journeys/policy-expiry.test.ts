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

it('denies at the door, waits at dispatch, and goes on when a new version is active', {
  timeout: 120_000,
}, async () => {
  const accepted: string[] = [];
  let version = 0;
  // A machine that takes long needs a later end.
  for (let seconds = 5; accepted.length <= ROOM; seconds *= 3) {
    version += 1;
    await publishOverHttp(system, FILES, version, new Date(Date.now() + seconds * 1_000).toISOString());
    await activateOverHttp(system, version);
    for (let ended = false; !ended && accepted.length <= ROOM; ) {
      const { status, body } = await submit(accepted.length);
      if (status === 202) accepted.push(body.job_id);
      else ended = true;
    }
  }
  const denied = await waitUntil(
    'the policy ends',
    async () => {
      const answer = await submit(99);
      return answer.status === 403 && answer.body;
    },
    { timeout_ms: 60_000 },
  );
  expect(denied).toMatchObject({ code: 'denied', rule_id: null, reason: expect.stringMatching(/^policy_expired: /) });
  const [entry] = await entriesOf(system, denied.job_id);
  expect(entry).toMatchObject({ kind: 'job_denied', body: { reason: denied.reason, state: 'denied' } });

  const ran: string[] = [];
  cleanUp.use(await startWorker(system, 'desk-write', ({ job_id }) => void ran.push(job_id)));
  await waitUntil('what was sent before has run', () => ran.length === ROOM);
  const waiting = accepted.find((job_id) => !ran.includes(job_id))!;
  expect((await system.api('auditor', 'GET', `/api/v1/jobs/${waiting}`)).body.state).toBe('cleared');

  await publishOverHttp(system, FILES, version + 1);
  const epoch = await activateOverHttp(system, version + 1);
  expect((await waitForEnd(system, waiting)).state).toBe('succeeded');
  const dispatched = (await entriesOf(system, waiting)).find(({ kind }) => kind === 'job_dispatched')!;
  expect(dispatched.body.decision.policy_epoch).toBe(epoch);
  expect((await submit(100)).status).toBe(202);
});
