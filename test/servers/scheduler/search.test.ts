/**
 * A search finds exactly what meets all of its filters, each once, whatever the pages; and no page looks at more jobs than
 * `search_rows`, along an index, however few of them meet the filters.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Database, Tx } from '@countersign/platform/database';
import { listJobs } from '@countersign/scheduler/view/read-jobs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectIn } from '../../harness/connect-in.ts';
import { createDatabase } from '../../harness/create-database.ts';

type Query = Omit<Partial<RpcParsed<'scheduler.list'>>, 'tenant'>;

const JOBS = 2_500;
const FILL = `
INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, state, decision, rule_id,
       policy_version, policy_snapshot, policy_epoch, job_hash, pool, deadline_at, traceparent, created_at)
SELECT CASE WHEN i % 10 = 0 THEN 'rival' ELSE 'acme' END, 'job-' || i,
       CASE WHEN i % 3 = 0 THEN 'job.desk.refund.order' WHEN i % 3 = 1 THEN 'job.desk.refund' ELSE 'job.deskrefund.order' END,
       'desk.read', CASE WHEN i % 100 = 1 THEN '{"env":"prod","run":"r1"}' WHEN i % 7 = 0 THEN '{"env":"prod"}' ELSE '{}' END,
       CASE WHEN i % 2 = 0 THEN 'ada' ELSE 'bob' END, 'api_key', CASE WHEN i = 7 THEN 'failed' ELSE 'succeeded' END,
       CASE WHEN i % 5 = 0 THEN 'require_approval' ELSE 'allow' END, CASE WHEN i % 4 = 0 THEN 'reads' END, 1, 's', 1, 'h',
       CASE WHEN i % 6 = 0 THEN 'desk-write' ELSE 'desk-read' END, now(), '', '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 second'
  FROM generate_series(1, ${JOBS}) AS i`;

const cleanUp = new AsyncDisposableStack();
let scheduler: Database;
let admin: Database;

beforeAll(async () => {
  const database = cleanUp.use(await createDatabase());
  admin = connectIn(cleanUp, database.admin_url);
  scheduler = connectIn(cleanUp, database.url_for('countersign_scheduler'));
  await admin.query(FILL);
});
afterAll(() => cleanUp.disposeAsync());

/** All pages, newest first. */
async function find(query: Query, limit = 200): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined, pages = 0; pages < 100; pages += 1) {
    const asked = { tenant: 'acme', actor: null, ...query, limit, ...(cursor && { cursor }) };
    const page = await listJobs(scheduler, asked);
    found.push(...page.jobs.map(({ job_id }) => job_id));
    if (page.next_cursor === null) return found;
    cursor = page.next_cursor;
  }
  throw new Error('the pages have no end');
}

/** The same by an answer that no index and no page has a part in. */
async function meant(where: string): Promise<string[]> {
  const rows = await admin.query<{ job_id: string }>(
    `SELECT job_id FROM scheduler.jobs WHERE tenant = 'acme' AND ${where} ORDER BY created_at DESC, job_id DESC`,
  );
  return rows.map(({ job_id }) => job_id);
}

const RUN = `labels::jsonb ->> 'run' = 'r1'`;
const CASES: [string, Query, string][] = [
  ['everything', {}, 'true'],
  ['a state that one has, further back than a page looks', { state: 'failed' }, `state = 'failed'`],
  ['a topic, and not what only starts like it', { topic: 'job.desk.refund' }, `topic = 'job.desk.refund'`],
  ['a pattern; its dot is no other character', { topic: 'job.desk.*' }, `topic LIKE 'job.desk.%'`],
  ['one token, not two', { topic: 'job.*.order' }, `topic = 'job.deskrefund.order'`],
  ['an actor', { actor: 'ada' }, `actor = 'ada'`],
  ['a run', { run: 'r1' }, RUN],
  ['a rule', { rule: 'reads' }, `rule_id = 'reads'`],
  ['a decision', { decision: 'require_approval' }, `decision = 'require_approval'`],
  ['a pool', { pool: 'desk-write' }, `pool = 'desk-write'`],
  ['a label', { label: 'env=prod' }, `labels::jsonb ->> 'env' = 'prod'`],
  [
    'a time',
    { from: '2026-01-01T00:10:00Z', to: '2026-01-01T00:20:00Z' },
    `created_at >= '2026-01-01T00:10:00Z' AND created_at < '2026-01-01T00:20:00Z'`,
  ],
  [
    'all at once',
    { run: 'r1', actor: 'bob', decision: 'allow', pool: 'desk-read', label: 'env=prod', from: '2026-01-01T00:10:00Z' },
    `${RUN} AND actor = 'bob' AND decision = 'allow' AND pool = 'desk-read' AND created_at >= '2026-01-01T00:10:00Z'`,
  ],
];

test.each(CASES)('by %s', async (_, query, where) => {
  const right = await meant(where);
  expect(right.length).toBeGreaterThan(0);
  expect(await find(query)).toEqual(right);
  expect(await find(query, 60)).toEqual(right);
});

test('nothing is found by what is no value of a filter, and nobody else’s', async () => {
  expect(await find({ label: "env=' OR true --" })).toEqual([]);
  expect(await find({ run: 'r1', actor: 'eve' })).toEqual([]);
  expect((await find({})).filter((id) => Number(id.slice(4)) % 10 === 0)).toEqual([]);
});

test('no statement of a search reads more than a page looks at', async () => {
  const read: number[] = [];
  const counting = {
    query: async (text: string, parameters: unknown[]) => {
      const [row] = await scheduler.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
        parameters,
      );
      read.push(rowsRead(row!['QUERY PLAN'][0].Plan));
      return scheduler.query(text, parameters);
    },
  } as unknown as Tx;
  for (const [, query] of CASES) await listJobs(counting, { tenant: 'acme', actor: null, ...query, limit: 5 });
  expect(read.length).toBeGreaterThan(CASES.length);
  expect(Math.max(...read)).toBeLessThanOrEqual(LIMITS.search_rows);
});

type Node = {
  'Node Type': string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Node[];
};

/** The rows of a scan, those that its filter removed included. */
function rowsRead(node: Node): number {
  const own =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return Math.max(own, ...(node.Plans ?? []).map(rowsRead));
}
