/** A row that no code of ours would write: it must not hold up its neighbours, at any stage that works in batches. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForEnd } from '../harness/wait-for-job.ts';

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  cleanUp.use(await startWorker(system, 'demo-read', () => ({ ok: true })));
});
afterAll(() => cleanUp.disposeAsync());

/** Copies an ended job under another name, as a cleared one with the given content. */
async function plant(like: string, job_id: string, rewritten: string): Promise<void> {
  await system.sql(
    `INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, owner, state, decision, policy_version,
            policy_snapshot, policy_epoch, job_hash, effective_digest, pool, priority, deadline_at, traceparent)
     SELECT tenant, $2, topic, capability, labels, actor, auth_method, owner, 'cleared', decision, policy_version, policy_snapshot,
            policy_epoch, job_hash, effective_digest, pool, 9, deadline_at, traceparent FROM scheduler.jobs WHERE job_id = $1`,
    [like, job_id],
  );
  await system.sql(
    `INSERT INTO scheduler.contexts (tenant, job_id, request, rewritten, effective, actor, salt, plain_digest, decisions)
     SELECT tenant, $2, request, $3, effective, actor, salt, plain_digest, decisions FROM scheduler.contexts WHERE job_id = $1`,
    [like, job_id, rewritten],
  );
}

async function submit(): Promise<string> {
  const { status, body } = await system.api('agent', 'POST', '/api/v1/jobs', {
    topic: 'job.demo.read',
    prompt: 'status',
  });
  expect(status).toBe(202);
  return body.job_id;
}

it('a job whose content is broken waits alone; those behind it run', async () => {
  const first = await submit();
  expect((await waitForEnd(system, first)).state).toBe('succeeded');
  await plant(first, 'broken-json', '{');
  await plant(first, 'broken-shape', '{"topic":"job.*"}');
  const behind = await Promise.all(Array.from({ length: 5 }, submit));
  for (const job_id of behind) expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  const broken = await system.sql(
    `SELECT job_id, state FROM scheduler.jobs WHERE job_id LIKE 'broken-%' ORDER BY job_id`,
  );
  expect(broken).toEqual([
    { job_id: 'broken-json', state: 'cleared' },
    { job_id: 'broken-shape', state: 'cleared' },
  ]);
});
