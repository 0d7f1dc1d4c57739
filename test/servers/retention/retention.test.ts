/** Content goes when its time is over or somebody asks for it, never under a legal hold and never of an open job; evidence stays. */
import { randomUUID } from 'node:crypto';
import { advanceCounts } from '@countersign/audit/kpi/advance-counts';
import { readErased } from '@countersign/audit/kpi/store-erased';
import { readJobChain } from '@countersign/audit/store';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { verifyChain } from '@countersign/ledger/chain-hash';
import { readOutput } from '@countersign/output-safety/read-output';
import type { Database, Tx } from '@countersign/platform/database';
import { admitJobs } from '@countersign/scheduler/admit/admit-jobs';
import { erasePayloads } from '@countersign/scheduler/retention/store-erased';
import { listOld } from '@countersign/scheduler/retention/store-listed';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitItem } from '../../cases/scheduler/decided-job.ts';
import { type LedgerDatabase, openLedger } from '../audit/ledger-database.ts';
import { runSteps } from '../scheduler/run-steps.ts';
import { askScheduler, counting, insertJob, keptOf, type OldJob, sweep, TENANT } from './old-jobs.ts';

const OLD = LIMITS.keep_days + 1;
const ALL = { request: true, salt: true, content: true, sealed: false, comment: true };
const NOTHING = { request: false, salt: false, content: false, sealed: false, comment: false };

let ledger: LedgerDatabase;
let ask: ReturnType<typeof askScheduler>;
beforeAll(async () => {
  ledger = await openLedger();
  ask = askScheduler(ledger);
});
afterAll(() => ledger[Symbol.asyncDispose]());

/** Behind what was looked at, too: nobody else admits a job into the past. */
async function job(changes: Partial<OldJob> = {}): Promise<string> {
  await ledger.admin.query('DELETE FROM scheduler.retention_cursors');
  return insertJob(ledger.admin, randomUUID(), { days: OLD, ...changes });
}

async function entriesOf(kind: string): Promise<Record<string, unknown>[]> {
  const rows = await ledger.admin.query<{ body: string }>(
    'SELECT body FROM ledger.entries WHERE kind = $1 ORDER BY id',
    [kind],
  );
  return rows.map(({ body }) => JSON.parse(body));
}

/** As a day later: what was put off is looked at again. */
async function lookAgain(): Promise<void> {
  await ledger.admin.query(`UPDATE scheduler.erasable SET look_at = now() - interval '1 second'`);
}

describe('retention', () => {
  test('what is older than its time goes, of every kind, with an entry that names count and jobs; nothing else does', async () => {
    const [old, sealed, young, open] = [
      await job(),
      await job({ decision: 'quarantine', state: 'quarantined' }),
      await job({ days: LIMITS.keep_days - 1 }),
      await job({ state: 'running' }),
    ];
    const { counted, metrics } = counting();
    await sweep(ledger, metrics);
    expect(await keptOf(ledger.admin, old)).toEqual(NOTHING);
    expect(await keptOf(ledger.admin, sealed)).toEqual(NOTHING);
    expect(await keptOf(ledger.admin, young)).toEqual(ALL);
    expect(await keptOf(ledger.admin, open)).toEqual(ALL);
    const [entry] = await entriesOf('payloads_erased');
    expect(entry).toEqual({
      ...{ tenant: TENANT, content: 'payloads', why: 'retention', keep_ms: LIMITS.keep_days * 86_400_000, count: 2 },
      job_ids: [old, sealed].toSorted(),
    });
    const outputs = await entriesOf('outputs_erased');
    expect(outputs.map(({ content, job_ids }) => [content, job_ids]).toSorted()).toEqual([
      ['quarantined', [sealed]],
      ['results', [old]],
    ]);
    expect(await entriesOf('comments_erased')).toMatchObject([{ count: 2 }]);
    expect(Object.fromEntries(counted)).toEqual({
      content_sweeps_total: 3,
      'content_erased_total payloads retention': 2,
      'content_erased_total results retention': 1,
      'content_erased_total quarantined retention': 1,
      'content_erased_total comments retention': 2,
    });
    await sweep(ledger);
    expect(await entriesOf('payloads_erased')).toHaveLength(1);
    const chain = await readJobChain(ledger.as('audit'), { tenant: TENANT, job_id: old });
    expect(chain.entries).toEqual([]);
  });

  test('the record says what, when, why and by whom, from entries that verify; a reader hears that it was erased', async () => {
    const id = await job();
    await sweep(ledger);
    await ledger.as('audit').query('SELECT ledger.seal(1000)');
    while (await advanceCounts(ledger.as('audit')));
    const erased = await readErased(ledger.as('audit'), { tenant: TENANT, job_id: id });
    expect(erased.map(({ content, why, asked_by }) => [content, why, asked_by])).toEqual(
      expect.arrayContaining(['payloads', 'results', 'comments'].map((content) => [content, 'retention', null])),
    );
    const entries = await ledger.admin.query<Record<string, never>>(
      `SELECT * FROM ledger.entries WHERE chain = 'content:acme' ORDER BY seq`,
    );
    const chain = entries.map((e) => ({ ...e, seq: BigInt(e.seq!), time_us: BigInt(e.time_us!) }));
    expect(verifyChain(chain as never)).toMatchObject({ ok: true });
    const read = readOutput(ledger.as('output_safety'), { tenant: TENANT, job_id: id });
    await expect(read).rejects.toMatchObject({ code: 'content_erased' });
  });

  test('killed in the middle, all of the batch stands and is taken up again', async () => {
    const id = await job();
    await listOld(ledger.as('scheduler'));
    const killed = {
      transaction: (act: (tx: Tx) => Promise<unknown>) =>
        ledger.as('scheduler').transaction(async (tx) => {
          await act(tx);
          throw new Error('killed');
        }),
    } as unknown as Database;
    const before = await entriesOf('payloads_erased');
    await expect(erasePayloads({ database: killed, metrics: counting().metrics as never })).rejects.toThrow('killed');
    expect(await keptOf(ledger.admin, id)).toEqual(ALL);
    expect(await entriesOf('payloads_erased')).toEqual(before);
    await sweep(ledger);
    expect(await keptOf(ledger.admin, id)).toEqual(NOTHING);
  });

  test('a tenant keeps its content for as long as it says, also what is on the list already', async () => {
    const id = await job();
    await listOld(ledger.as('scheduler'));
    const kept = await ask('scheduler.keep', { content: 'payloads', days: OLD + 10, reason: 'a contract' });
    expect(kept).toMatchObject({ content: 'payloads', days: OLD + 10, set_by: 'ada' });
    await sweep(ledger);
    expect(await keptOf(ledger.admin, id)).toMatchObject({ request: true, content: false });
    await ask('scheduler.keep', { content: 'payloads', days: LIMITS.keep_days, reason: 'over' });
    await lookAgain();
    await sweep(ledger);
    expect(await keptOf(ledger.admin, id)).toEqual(NOTHING);
    expect(await entriesOf('retention_set')).toMatchObject([
      { content: 'payloads', days: OLD + 10, former_days: LIMITS.keep_days, actor: 'ada', reason: 'a contract' },
      { content: 'payloads', days: LIMITS.keep_days, former_days: OLD + 10 },
    ]);
  });
});

describe('legal holds', () => {
  const window = { from: '2020-01-01T00:00:00Z', until: '2020-12-31T00:00:00Z' };
  const in2020 = Math.floor((Date.now() - Date.parse('2020-06-01T00:00:00Z')) / 86_400_000);
  test.each([
    ['job', {}, (id: string) => ({ kind: 'job', target: id })],
    ['run', { labels: { run: 'r-1' } }, () => ({ kind: 'run', target: 'r-1' })],
    ['agent', { actor: 'carla' }, () => ({ kind: 'agent', target: 'carla' })],
    ['person behind it', { on_behalf_of: 'dora/olga' }, () => ({ kind: 'agent', target: 'dora' })],
    ['window', { days: in2020 }, () => ({ kind: 'window', ...window })],
  ])(
    'of a %s: it is not erased, an erasure is refused by name, and once lifted it goes',
    async (_, changes, holdOf) => {
      const [id, beside] = [await job(changes as Partial<OldJob>), await job()];
      const hold_id = `hold-${randomUUID().slice(0, 8)}`;
      await ask('scheduler.hold', { hold_id, ...holdOf(id), reason: 'a suit' } as never);
      await sweep(ledger);
      expect(await keptOf(ledger.admin, id)).toEqual(ALL);
      expect(await keptOf(ledger.admin, beside)).toEqual(NOTHING);
      const refused = ask('scheduler.erase', { job_id: id, reason: 'x' } as never);
      await expect(refused).rejects.toMatchObject({ code: 'content_held', message: expect.stringContaining(hold_id) });
      await ask('scheduler.lift_hold', { hold_id, reason: 'settled' } as never);
      await lookAgain();
      await sweep(ledger);
      expect(await keptOf(ledger.admin, id)).toEqual(NOTHING);
      expect((await entriesOf('hold_lifted')).at(-1)).toMatchObject({ hold_id, actor: 'ada', reason: 'settled' });
    },
  );

  test('whoever sets one waits for what is being erased in this moment, and then nothing more is', async () => {
    const id = await job();
    await listOld(ledger.as('scheduler'));
    const eraser = await ledger.session('scheduler');
    await eraser.begin();
    await eraser.query(`SELECT * FROM scheduler.take_erasable('{results}', 1, 1000)`);
    const setting = ask('scheduler.hold', { hold_id: 'hold-late', kind: 'job', target: id, reason: 'x' } as never);
    await waitUntil('the hold waits', async () => {
      const [row] = await ledger.admin.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE NOT granted AND locktype = 'advisory' AND classid = 1279607886 AND datname = current_database()`,
      );
      return row!.n === 1;
    });
    await eraser.rollback();
    await setting;
    await lookAgain();
    await sweep(ledger);
    expect(await keptOf(ledger.admin, id)).toEqual(ALL);
  });
});

describe('erasure on request', () => {
  test('of one job: once it has ended, whatever its age; who asked and why is evidence', async () => {
    const [id, open] = [await job({ days: 1, decision: 'redact' }), await job({ days: 1, state: 'running' })];
    await expect(ask('scheduler.erase', { job_id: open, reason: 'x' } as never)).rejects.toMatchObject({
      code: 'state_conflict',
    });
    await expect(ask('scheduler.erase', { job_id: 'none', reason: 'x' } as never)).rejects.toMatchObject({
      code: 'not_found',
    });
    const asked = await ask('scheduler.erase', { job_id: id, reason: 'asked by its subject' } as never);
    expect(asked).toMatchObject({ job_id: id, subject: null, found: 4, waiting: 4, done: false });
    await sweep(ledger);
    expect(await keptOf(ledger.admin, id)).toEqual(NOTHING);
    expect(await keptOf(ledger.admin, open)).toEqual(ALL);
    expect((await ask('scheduler.erasures', {})).erasures![0]).toMatchObject({ waiting: 0, refused: 0, done: true });
    const cause = { why: 'request', erasure_id: asked.erasure_id, actor: 'ada', reason: 'asked by its subject' };
    expect((await entriesOf('payloads_erased')).at(-1)).toMatchObject({ ...cause, job_ids: [id] });
  });

  test('of a person: every job until then that they asked for or that was done for them, but for what a hold keeps', async () => {
    const mine = { days: 1, actor: 'erna' };
    const [one, behind, held, other] = [
      await job(mine),
      await job({ days: 1, on_behalf_of: 'frank erna/olga' }),
      await job(mine),
      await job({ days: 1, on_behalf_of: 'frank/erna' }),
    ];
    const hold = { hold_id: 'hold-one', kind: 'job', target: held, reason: 'a suit' };
    await ask('scheduler.hold', hold as never);
    await ask('scheduler.erase', { subject: 'erna', reason: 'she asked' } as never);
    await sweep(ledger);
    expect(await keptOf(ledger.admin, one)).toEqual(NOTHING);
    expect(await keptOf(ledger.admin, behind)).toEqual(NOTHING);
    expect(await keptOf(ledger.admin, held)).toEqual(ALL);
    expect(await keptOf(ledger.admin, other)).toEqual(ALL);
    // A job of this moment may not have committed yet: the list is complete a little later.
    await ledger.admin.query(
      `UPDATE scheduler.erasures SET asked_at = asked_at - interval '1 minute' WHERE subject = 'erna'`,
    );
    await sweep(ledger);
    const [erasure] = ((await ask('scheduler.erasures', {})).erasures as unknown as { subject: string }[]).filter(
      ({ subject }) => subject === 'erna',
    );
    expect(erasure).toMatchObject({ found: 9, refused: 3, held_by: 'hold-one', waiting: 0, done: true });
    await ask('scheduler.hold', { hold_id: 'hold-her', kind: 'agent', target: 'erna', reason: 'x' } as never);
    await expect(ask('scheduler.erase', { subject: 'erna', reason: 'x' } as never)).rejects.toMatchObject({
      code: 'content_held',
      message: expect.stringContaining('hold-her'),
    });
  });

  test('whether a request is the same as one that was erased, nobody can tell: neither a replay nor a conflict', async () => {
    await using steps = await runSteps(10, ledger.test);
    const item = admitItem(randomUUID(), { epoch: steps.epoch() });
    const [admitted] = await admitJobs(steps.replicas[0]!, [item]);
    expect(admitted).toMatchObject({ replayed: false });
    await ledger.admin.query('UPDATE scheduler.contexts SET plain_digest = NULL WHERE job_id = $1', [
      item.request.job_id,
    ]);
    expect(await admitJobs(steps.replicas[0]!, [item])).toMatchObject([{ code: 'content_erased' }]);
  });
});
