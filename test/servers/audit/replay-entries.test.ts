/**
 * Replaying evidence by request: the tenant's own entries alone, from any point on, by topic, as often as asked, with a
 * plan that stays a look-up by key on a ledger that has grown.
 */
import { replayEntries } from '@countersign/audit/replay-entries';
import { REPLAY } from '@countersign/audit/store-evidence';
import { type ReplayPage, replayQuestion } from '@countersign/contracts/replay';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendAll, entry, type LedgerDatabase, openLedger } from './ledger-database.ts';
import { type RunningAudit, runAudit } from './run-audit.ts';

describe('a page', () => {
  let ledger: LedgerDatabase;
  beforeAll(async () => {
    ledger = await openLedger();
    const of = (tenant: string, i: number, topic: string | null) => ({ ...entry(`job:${tenant}:${i}`), tenant, topic });
    const topics = ['job.desk.read', 'job.deploy.apply', 'job.deploy.apply.now', null];
    for (let batch = 0; batch < 12; batch += 1) {
      const entries = Array.from({ length: 500 }, (_, i) => {
        const n = batch * 500 + i;
        return of(n % 50 === 0 ? 'acme' : 'rival', n, topics[(n / 50) % 4] ?? null);
      });
      await appendAll(ledger.as('scheduler'), entries);
      await ledger.as('audit').query('SELECT ledger.seal(1000)');
    }
  });
  afterAll(() => ledger[Symbol.asyncDispose]());

  const ask = (question: object, tenant = 'acme') =>
    replayEntries(ledger.as('audit'), tenant, replayQuestion.parse(question));
  const all = async (question: object): Promise<ReplayPage['entries']> => {
    const entries: ReplayPage['entries'] = [];
    for (let from = 0, end = 1; from < end; ) {
      const page = await ask({ ...question, from });
      expect(page.next).toBeGreaterThan(from);
      entries.push(...page.entries);
      [from, end] = [page.next, page.end];
    }
    return entries;
  };
  const leavesOf = (entries: ReplayPage['entries']) => entries.map(({ leaf_index }) => leaf_index);

  test('all of it, in order, each once, nobody else’s, and the same again', async () => {
    const first = await all({});
    expect(leavesOf(first)).toEqual(Array.from({ length: 120 }, (_, i) => i * 50));
    expect(first.every(({ tenant }) => tenant === 'acme')).toBe(true);
    expect(await all({ limit: 7 })).toEqual(first);
  });

  test('from any leaf on, and from behind the end', async () => {
    expect(leavesOf((await ask({ from: 101, limit: 2 })).entries)).toEqual([150, 200]);
    expect(await ask({ from: 6_000 })).toEqual({ entries: [], next: 6_000, end: 6_000 });
    expect(await ask({ from: 1e12 })).toEqual({ entries: [], next: 1e12, end: 6_000 });
    expect((await ask({}, 'nobody')).entries).toEqual([]);
  });

  test.each([
    ['job.desk.read', ['job.desk.read']],
    ['job.deploy.*', ['job.deploy.apply', 'job.deploy.apply.now']],
    ['job.*.apply', ['job.deploy.apply']],
    ['job.des', []],
  ])('by topic %s', async (topic, found) => {
    const entries = await all({ topic });
    expect([...new Set(entries.map((each) => each.topic))].sort()).toEqual(found);
  });

  test.each([[{ topic: 'job.(a|b)' }], [{ topic: '*' }], [{ limit: 0 }], [{ from: -1 }], [{ tenant: 'rival' }]])(
    '%j is no question',
    (question) => {
      expect(replayQuestion.safeParse(question).success).toBe(false);
    },
  );

  test('looks up leaves and entries by their keys, analysed or not, and at a bounded number of them', async () => {
    for (const prepare of ['SELECT 1', 'ANALYZE ledger.entries, ledger.sealed_leaves']) {
      await ledger.admin.query(prepare);
      const given = ['100', '4000', '5000', "'acme'", ...Array(5).fill('NULL'), '200'];
      const plan = await planOf(given.reduceRight((text, value, i) => text.replaceAll(`$${i + 1}`, value), REPLAY));
      expect(plan).not.toMatch(/Seq Scan/);
      expect(plan).toMatch(/Function Scan on leaves_from/);
      expect(plan).toMatch(/entries_pkey/);
      const [{ prosrc } = { prosrc: '' }] = await ledger.admin.query<{ prosrc: string }>(
        `SELECT prosrc FROM pg_proc WHERE proname = 'leaves_from'`,
      );
      const inside = await planOf(prosrc.replace(/\bfirst\b/g, '100').replace(/\bwanted\b/g, '3900'));
      expect(inside).not.toMatch(/Seq Scan/);
      expect(inside).toMatch(/Index Cond: .*first_leaf >= .* AND .*first_leaf < /);
    }

    async function planOf(text: string): Promise<string> {
      const rows = await ledger.as('audit').query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    }
  });
});

describe('over the bus', () => {
  let run: RunningAudit;
  beforeAll(async () => {
    run = await runAudit();
    run.cleanUp.use(await run.startAudit());
    await appendAll(run.ledger.as('scheduler'), [
      entry('job:acme:one'),
      { ...entry('job:rival:one'), tenant: 'rival' },
    ]);
    await run.published(2);
  });
  afterAll(() => run[Symbol.asyncDispose]());

  const ask = async (tenant: string, question: unknown) => {
    const auditor = await run.connectAs('auditor-acme');
    const body = typeof question === 'string' ? question : JSON.stringify(question);
    return (await auditor.request(`rpc.audit.replay.${tenant}`, body, { timeout: 1_500 })).json<{ ok: boolean }>();
  };

  test('an auditor hears of its own tenant, and asks for no other', async () => {
    await expect
      .poll(() => ask('acme', {}))
      .toMatchObject({ ok: true, value: { entries: [{ chain: 'job:acme:one', leaf_index: 0 }], next: 2, end: 2 } });
    await expect(ask('rival', {})).rejects.toThrow();
  });

  test.each([
    ['{', 'json_malformed'],
    ['{"limit":100000}', 'field_invalid'],
  ])('%s is refused with its code', async (text, code) => {
    expect(await ask('acme', text)).toMatchObject({ ok: false, error: { code } });
  });
});
