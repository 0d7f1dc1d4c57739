/**
 * What one job may cost the servers, and what a system may cost that has nothing to do. Counts do not depend on the
 * machine, so a step that asks more of them than before is seen here and not first in somebody's bill.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Counted, countCosts, loadStatementCounter } from '../../bench/count-costs.ts';
import { startSystem } from '../../harness/start-system.ts';
import { startWorker } from '../../harness/start-worker.ts';

const cleanUp = new AsyncDisposableStack();
let counted: Counted;

beforeAll(async () => {
  const system = cleanUp.use(
    await startSystem({
      separate: true,
      own_postgres: true,
      prepare_postgres: ({ admin_url, stop, start }) =>
        loadStatementCounter(admin_url, async () => {
          await stop();
          await start();
        }),
    }),
  );
  // With room for many, as a worker that is meant for load: one pull then serves many messages.
  cleanUp.use(await startWorker(system, 'demo-read', () => ({ ok: true }), 32));
  const submit = async (): Promise<string> => {
    const { body } = await system.api('agent', 'POST', '/api/v1/jobs', { topic: 'job.demo.read', prompt: 'status' });
    return body.job_id;
  };
  counted = await countCosts({ admin_url: system.admin_url, monitor_url: system.nats.monitor_url, submit }, 200);
}, 180_000);
afterAll(() => cleanUp.disposeAsync());

test('a job that shares no batch asks five statements of Postgres at most', () => {
  expect(counted.per_job.statements).toBeLessThanOrEqual(5);
});
test('and four and a half commits', () => {
  expect(counted.per_job.commits).toBeLessThanOrEqual(4.5);
});
// More than half of it is the evidence: five entries with their hashes, leaves and indexes (docs/benchmarks.md).
test('and thirteen and a half kilobytes of its log', () => {
  expect(counted.per_job.wal_bytes).toBeLessThanOrEqual(13_800);
});
test('and twenty-five messages of nats-server, in and out', () => {
  expect(counted.per_job.messages).toBeLessThanOrEqual(25);
});
test('a system with nothing to do commits five times a second at most', () => {
  expect(counted.idle_per_s.commits).toBeLessThanOrEqual(5);
});
