/** A job as it is shown, with what follows it: all of it as one statement saw it, whatever there is. */
import { randomUUID } from 'node:crypto';
import { offerView } from '@countersign/contracts/follow-ups';
import type { Tx } from '@countersign/platform/database';
import { admitJobs } from '@countersign/scheduler/admit/admit-jobs';
import { insertOffers, readOffers, settleOrigin } from '@countersign/scheduler/follow/store-follow-ups';
import { getJob, showJob } from '@countersign/scheduler/view/read-jobs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTOR, admitItem, TENANT as tenant } from '../../cases/scheduler/decided-job.ts';
import { runSteps, type StepRun } from './run-steps.ts';

let run: StepRun;
beforeAll(async () => {
  run = await runSteps(1_000);
  await run.activate();
});
afterAll(() => run[Symbol.asyncDispose]());

async function admit() {
  const job_id = randomUUID();
  await admitJobs(run.replicas[0]!, [admitItem(job_id, { epoch: run.epoch() })]);
  return { tenant, job_id };
}

/** Shows it, and counts the statements that this took. */
async function show(job: { tenant: string; job_id: string }) {
  const { database } = run.replicas[0]!;
  let statements = 0;
  const counting: Tx = {
    query(text, params) {
      statements += 1;
      return database.query(text, params);
    },
  };
  return { shown: await showJob(counting, job), statements };
}

async function offer(job: { tenant: string; job_id: string }, id: string): Promise<void> {
  const remediation = { id, title: 'read it instead', summary: 'no write', topic: 'job.desk.read', applied: false };
  const offered = { source: 'approver', offered_by: 'user:lena', reason: 'too much' } as const;
  await insertOffers(run.replicas[0]!.database, [{ ...job, ...offered, remediation }]);
}

async function follow(job_id: string, of: string, kind: 'compensates' | 'retries'): Promise<void> {
  const link = `INSERT INTO scheduler.follow_ups (tenant, job_id, kind, of_job_id, asked_by) VALUES ($1, $2, $3, $4, $5)`;
  await run.admin.query(link, [tenant, job_id, kind, of, ACTOR]);
}

test('a job that nothing follows is shown as it is', async () => {
  const job = await admit();
  const { shown, statements } = await show(job);
  expect(shown).toStrictEqual(await getJob(run.admin, job));
  expect(statements).toBe(1);
});

test('offers, and the jobs that are made of it, are shown in their order, by one statement', async () => {
  const [origin, job, first, second] = await Promise.all([admit(), admit(), admit(), admit()]);
  await offer(job, 'later');
  await offer(job, 'sooner');
  // As texts they would stand the other way round.
  for (const [id, at] of Object.entries({ later: '10:00:00.500001', sooner: '10:00:00.5' }))
    await run.admin.query(`UPDATE scheduler.offers SET offered_at = $1 WHERE job_id = $2 AND offer_id = $3`, [
      `2026-01-02T${at}Z`,
      job.job_id,
      id,
    ]);
  await follow(job.job_id, origin.job_id, 'retries');
  await follow(first.job_id, job.job_id, 'compensates');
  await settleOrigin(run.replicas[0]!.database, second, {
    kind: 'remediates',
    job_id: job.job_id,
    offer_id: 'later',
    asked_by: ACTOR,
  });

  const { shown, statements } = await show(job);
  expect(statements).toBe(1);
  expect(shown.offers).toStrictEqual(await readOffers(run.admin, job));
  expect(shown.offers?.map((each) => offerView.shape.offered_at.parse(each.offered_at))).toStrictEqual([
    '2026-01-02T10:00:00.5Z',
    '2026-01-02T10:00:00.500001Z',
  ]);
  expect(shown.offers?.map(({ taken_as }) => taken_as)).toStrictEqual([null, second.job_id]);
  expect(shown.follows).toStrictEqual({ kind: 'retries', job_id: origin.job_id, asked_by: ACTOR });
  expect(shown.followed_by).toStrictEqual([
    { kind: 'compensates', job_id: first.job_id, asked_by: ACTOR },
    { kind: 'remediates', job_id: second.job_id, asked_by: ACTOR },
  ]);
  expect((await show(origin)).shown).not.toHaveProperty('follows');
});

test('its review is due, then open, then signed', async () => {
  const job = await admit();
  const review = async () => (await show(job)).shown.review;
  await run.admin.query('INSERT INTO scheduler.run_reviews (tenant, job_id) VALUES ($1, $2)', [tenant, job.job_id]);
  expect(await review()).toStrictEqual({ state: 'due', review_id: null, outcome: null, signed_by: null });
  const review_id = randomUUID();
  await run.admin.query(
    `INSERT INTO approval.reviews (review_id, kind, tenant, job_id, topic, requester, auth_method, job_hash, traceparent, opened_at)
     VALUES ($1, 'run', $2, $3, 'job.desk.read', $4, 'api_key', '', '', now())`,
    [review_id, tenant, job.job_id, ACTOR],
  );
  expect(await review()).toStrictEqual({ state: 'open', review_id, outcome: null, signed_by: null });
  await run.admin.query(
    `UPDATE approval.reviews SET outcome = 'accepted', signed_by = 'user:lena', signed_at = now() WHERE review_id = $1`,
    [review_id],
  );
  expect(await review()).toStrictEqual({ state: 'signed', review_id, outcome: 'accepted', signed_by: 'user:lena' });
});

test('a job that is not there, or another tenant’s, is not found', async () => {
  const job = await admit();
  for (const missing of [
    { ...job, job_id: randomUUID() },
    { ...job, tenant: 'other' },
  ])
    await expect(show(missing)).rejects.toMatchObject({ code: 'not_found' });
});
