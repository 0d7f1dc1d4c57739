/** Several approval services on one database and stream: nothing is asked, closed or counted twice. */
import { subjects } from '@countersign/contracts/subjects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningApproval, runApproval, TENANT, TOPIC } from './run-approval.ts';

let run: RunningApproval;
beforeAll(async () => {
  run = await runApproval();
});
afterAll(() => run[Symbol.asyncDispose]());

test('a question that another instance asks in the same moment is not asked again', async () => {
  await run.ask('theirs-first');
  await run.admin.transaction(async (tx) => {
    // Played by the test, it is silent for as long as the other one takes to come.
    await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await tx.query(
      `INSERT INTO approval.approvals
       SELECT (jsonb_populate_record(a, jsonb_build_object('approval_id', '01890000-0000-7000-8000-000000000001', 'job_id', 'theirs'))).*
         FROM approval.approvals a WHERE job_id = 'theirs-first'`,
    );
    await run.hold('theirs');
    await expect.poll(() => run.isBlocked()).toBe(true);
  });
  await run.ask('theirs-last');
  expect(await run.kinds('theirs')).toEqual([]);
});

test('two instances ask once, close once and count a vote once', async () => {
  await run.startAnother();
  const names = Array.from({ length: 20 }, (_, i) => `shared-${i}`);
  await Promise.all(
    names.map(async (job_id, i) => {
      await run.hold(job_id, { expires_ms: i % 2 === 0 ? 1 : 60_000 });
      run.schedulerBus.hint(subjects.held(TENANT, TOPIC), { tenant: TENANT, job_id });
    }),
  );
  const asked = await Promise.all(names.filter((_, i) => i % 2 === 1).map((job_id) => run.opened(job_id)));
  await Promise.all(asked.flatMap((shown) => [run.vote(shown, 'sam', ['sre']), run.vote(shown, 'sam', ['sre'])]));
  const granted = ['approval_opened', 'approval_voted', 'approval_granted'];
  const expired = ['approval_opened', 'approval_expired'];
  const expected = names.map((_, i) => (i % 2 === 1 ? granted : expired));
  await expect.poll(() => Promise.all(names.map(run.kinds))).toEqual(expected);
});
