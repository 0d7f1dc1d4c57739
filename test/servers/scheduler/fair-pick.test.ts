/**
 * Whose job goes next, by the order of dispatch alone: a tenant that floods a pool at most doubles how many jobs another one
 * has to wait for, priority comes first, and a full pool keeps nobody else waiting.
 */
import { connectDatabase, type Database } from '@countersign/platform/database';
import { pickCleared } from '@countersign/scheduler/dispatch/store-dispatch';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';

const ROOM = 4;
const DIGEST = `sha256:${'0'.repeat(64)}`;

let database: TestDatabase;
let admin: Database;
beforeAll(async () => {
  database = await createDatabase();
  admin = connectDatabase({ url: database.admin_url, pool: 1, name: 'test' });
});
afterAll(async () => {
  await admin.close();
  await database[Symbol.asyncDispose]();
});
beforeEach(() => admin.query('TRUNCATE scheduler.jobs, scheduler.contexts, scheduler.attempts'));

type Wave = { tenant: string; jobs: number; pool?: string; priority?: number; after_s?: number; delayed?: boolean };

/** The jobs of one wave come one millisecond after the other. */
async function wait({ tenant, jobs, pool = 'p', priority = 5, after_s = 0, delayed = false }: Wave): Promise<void> {
  await admin.query(
    `WITH made AS (
       INSERT INTO scheduler.jobs (tenant, job_id, topic, labels, actor, auth_method, state, decision, policy_version,
         policy_snapshot, policy_epoch, job_hash, pool, priority, deadline_at, traceparent, created_at, not_before)
       SELECT $1, $4::text || '-' || $5::int || '-' || i, 'job.a', '{}', 'agent', 'api_key', 'cleared', 'allow', 1, $6, 1, $6, $4, $5::int,
              now() + interval '1 day', '', timestamptz '2026-01-01' + ($3 + i / 1000.0) * interval '1 second',
              CASE WHEN $7 THEN now() + interval '1 day' ELSE timestamptz '2026-01-01' END
         FROM generate_series(1, $2::int) AS i RETURNING tenant, job_id)
     INSERT INTO scheduler.contexts (tenant, job_id, rewritten, actor, decisions) SELECT tenant, job_id, '{}', '{}', '[]' FROM made`,
    [tenant, jobs, after_s, pool, priority, DIGEST, delayed],
  );
}

/** As the dispatch gate would: each pool takes what it has room for, and one attempt ends between two picks. */
async function dispatch(rounds: number, rooms: Record<string, number> = { p: ROOM }): Promise<string[]> {
  const order: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const picked = await pickCleared(admin, 128, new Map(Object.entries(rooms)));
    order.push(...picked.map(({ tenant }) => tenant));
    await admin.query(
      `WITH sent AS (
         UPDATE scheduler.jobs j SET state = 'dispatched' FROM unnest($1::text[], $2::text[]) AS k (tenant, job_id)
          WHERE j.tenant = k.tenant AND j.job_id = k.job_id RETURNING j.*)
       INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, state, decision_id, policy_snapshot,
         policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes, pool_concurrency, due_at)
       SELECT gen_random_uuid(), tenant, job_id, 1, pool, 'running', gen_random_uuid(), '', 1, '', '', 1, 1, 1, 1, now() FROM sent`,
      [picked.map(({ tenant }) => tenant), picked.map(({ job_id }) => job_id)],
    );
    await admin.query(
      `UPDATE scheduler.attempts SET state = 'ended' WHERE dispatch_id = (
         SELECT dispatch_id FROM scheduler.attempts WHERE under_way AND pool = 'p' ORDER BY dispatched_at, job_id LIMIT 1)`,
    );
  }
  return order;
}

test('a flood at most doubles how many jobs another tenant waits for', async () => {
  await wait({ tenant: 'flood', jobs: 500 });
  await dispatch(8);
  await wait({ tenant: 'quiet', jobs: 10, after_s: 60 });
  const order = await dispatch(30);
  const places = order.flatMap((tenant, place) => (tenant === 'quiet' ? [place + 1] : []));
  expect(places).toHaveLength(10);
  expect(places[0]).toBe(1);
  for (const [i, place] of places.entries()) expect(place).toBeLessThanOrEqual(2 * (i + 1));
});

test('three tenants share a pool in three parts, however much each has waiting and since when', async () => {
  await wait({ tenant: 'a', jobs: 300 });
  await wait({ tenant: 'b', jobs: 60, after_s: 10 });
  await wait({ tenant: 'c', jobs: 30, after_s: 20 });
  const order = await dispatch(57);
  expect(order).toHaveLength(60);
  for (const tenant of ['a', 'b', 'c']) expect(order.filter((each) => each === tenant)).toHaveLength(20);
});

test('priority comes first, and of one tenant the oldest', async () => {
  await wait({ tenant: 'flood', jobs: 20 });
  await wait({ tenant: 'low', jobs: 2, priority: 1 });
  await wait({ tenant: 'flood', jobs: 1, priority: 9, after_s: 60 });
  const picked = await pickCleared(admin, 128, new Map([['p', 23]]));
  expect(picked.map(({ job_id }) => job_id)).toEqual([
    'p-9-1',
    ...Array.from({ length: 20 }, (_, i) => `p-5-${i + 1}`),
    'p-1-1',
    'p-1-2',
  ]);
});

test('what is put off, and a pool without room, keep nobody waiting', async () => {
  await wait({ tenant: 'flood', jobs: 200, delayed: true });
  // More tenants than the pool has room for, of a higher priority or that never had a turn.
  for (const tenant of ['held-a', 'held-b', 'held-c', 'held-d']) await wait({ tenant, jobs: 2, delayed: true });
  await wait({ tenant: 'held-e', jobs: 2, delayed: true, priority: 9 });
  await wait({ tenant: 'quiet', jobs: 1, after_s: 60 });
  await wait({ tenant: 'other', jobs: 3, pool: 'full' });
  await wait({ tenant: 'more', jobs: 3, pool: 'unknown' });
  const picked = await pickCleared(
    admin,
    128,
    new Map([
      ['p', ROOM],
      ['full', 0],
    ]),
  );
  expect(picked.map(({ tenant }) => tenant).sort()).toEqual(['more', 'more', 'more', 'quiet']);
});
