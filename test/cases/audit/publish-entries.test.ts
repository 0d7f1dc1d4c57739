// From a commit to the audit stream: in leaf order, every entry at least once, through outages of the bus.

import { publishEntries } from '@countersign/audit/publish-entries';
import { CountersignError } from '@countersign/contracts/errors';
import type { PublishOptions } from '@countersign/platform/bus';
import type { Running } from '@countersign/platform/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendAll, entry, openLedger } from './ledger-database.ts';
import { type Published, type RunningAudit, runAudit } from './run-audit.ts';

describe('the service', () => {
  let run: RunningAudit;
  let service: Running;
  beforeAll(async () => {
    run = await runAudit();
    service = await run.startAudit();
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await run[Symbol.asyncDispose]();
  });

  const untilPublished = async (leaves: number): Promise<Published[]> => {
    for (;;) {
      const all = await run.published(leaves);
      if (new Set(all.map(({ msg_id }) => msg_id)).size >= leaves) return all;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const count = async (): Promise<number> =>
    (await run.ledger.admin.query<{ n: number }>('SELECT count(*) AS n FROM ledger.entries'))[0]!.n;
  /** Every leaf from 0 on, none after a later one that had not been there before. */
  const expectInOrder = (all: Published[], leaves: number): void => {
    let next = 0;
    for (const { entry: each, msg_id } of all) {
      expect(msg_id).toBe(`leaf-${each.leaf_index}`);
      expect(each.leaf_index).toBeLessThanOrEqual(next);
      if (each.leaf_index === next) next += 1;
    }
    expect(next).toBe(leaves);
  };

  test('publishes each entry under the subject of its kind and topic, as it stands in the ledger', async () => {
    const scheduler = run.ledger.as('scheduler');
    await appendAll(scheduler, [entry('job:acme:shown', 'job_admitted', { actor: 'bot' })]);
    await appendAll(scheduler, [{ ...entry('control', 'switch_set'), tenant: null, topic: null }]);
    const all = await untilPublished(2);
    expect(all.map(({ subject }) => subject)).toEqual([
      'audit.acme.job_admitted.desk.read',
      'audit._.switch_set.control',
    ]);
    const [row] = await run.ledger.admin.query<{ time_us: number; hash: Buffer; prev_hash: Buffer }>(
      `SELECT * FROM ledger.entries WHERE chain = 'job:acme:shown'`,
    );
    const shown = all[0]!.entry;
    expect(shown).toEqual({
      chain: 'job:acme:shown',
      seq: 1,
      kind: 'job_admitted',
      recorded_by: 'countersign_scheduler',
      tenant: 'acme',
      topic: 'job.desk.read',
      recorded_at: expect.any(String),
      prev_hash: row!.prev_hash.toString('hex'),
      hash: row!.hash.toString('hex'),
      body: '{"actor":"bot"}',
      leaf_index: 0,
    });
    // The hashed time can be had back, to the microsecond.
    expect(Date.parse(shown.recorded_at) * 1000 + Number(shown.recorded_at.slice(-4, -1))).toBe(row!.time_us);
  });

  test('goes on in order after the bus was killed, and loses nothing', async () => {
    const burst = (name: string) =>
      appendAll(
        run.ledger.as('scheduler'),
        Array.from({ length: 300 }, (_, i) => entry(`job:acme:${name}-${i}`)),
      );
    await burst('before');
    await run.nats.kill();
    await burst('during');
    await run.nats.start();
    await burst('after');
    const leaves = await count();
    expectInOrder(await untilPublished(leaves), leaves);
  });

  test('two of the service share the work without mixing it up', async () => {
    const second = await run.startAudit();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        appendAll(
          run.ledger.as('scheduler'),
          Array.from({ length: 30 }, (_, j) => entry(`job:acme:two-${i}-${j}`)),
        ),
      ),
    );
    const leaves = await count();
    expectInOrder(await untilPublished(leaves), leaves);
    await second[Symbol.asyncDispose]();
  });

  test('a stream that was lost goes on with what comes next; the ledger has the rest', async () => {
    const leaves = await count();
    await run.loseStreams();
    await appendAll(run.ledger.as('scheduler'), [entry('job:acme:anew'), entry('job:acme:anew', 'job_cleared')]);
    const all = await untilPublished(2);
    expect(all.map(({ entry: each }) => each.leaf_index)).toEqual([leaves, leaves + 1]);
  });

  test('the stream refuses a leaf whose predecessor was lost on the way, and drops one that it has', async () => {
    const before = await run.published(0);
    const last = before.at(-1)!;
    const subject = 'audit.acme.job_held.desk.read';
    const publish = (options: PublishOptions) => run.publisher.publish(subject, {}, options);
    // The server was started anew a moment ago.
    await expect
      .poll(() =>
        run.publisher.check().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const gap = publish({ msg_id: 'leaf-next-but-one', after_msg_id: 'leaf-next' });
    await expect(gap).rejects.toMatchObject({ code: 'bus_unavailable' });
    await publish({ msg_id: last.msg_id, after_msg_id: 'whatever' });
    expect(await run.published(0)).toEqual(before);
  });
});

describe('the cursor', () => {
  test('moves up to the first leaf that was not acknowledged, and says once that entries wait', async () => {
    await using ledger = await openLedger();
    await appendAll(
      ledger.as('scheduler'),
      Array.from({ length: 6 }, (_, i) => entry(`job:acme:${i}`)),
    );
    await ledger.as('audit').query('SELECT ledger.seal(100)');
    const sent: PublishOptions[] = [];
    const warnings: unknown[] = [];
    let lost: string | null = 'leaf-3';
    const pass = publishEntries({
      database: ledger.as('audit'),
      log: { warn: (fields: unknown) => void warnings.push(fields) },
      bus: {
        publish: async (_subject, _body, options = {}) => {
          sent.push(options);
          if (options.msg_id === lost) throw new CountersignError('bus_unavailable');
        },
      },
    });
    const cursor = async () =>
      (await ledger.admin.query<{ next_leaf: number }>('SELECT next_leaf FROM ledger.published'))[0]!.next_leaf;
    await pass();
    expect(await cursor()).toBe(3);
    await pass();
    expect(warnings).toHaveLength(1);
    lost = null;
    sent.length = 0;
    await pass();
    expect(await cursor()).toBe(6);
    expect(sent).toEqual([
      { msg_id: 'leaf-3' },
      { msg_id: 'leaf-4', after_msg_id: 'leaf-3' },
      { msg_id: 'leaf-5', after_msg_id: 'leaf-4' },
    ]);
    await pass();
    expect(sent).toHaveLength(3);
  });
});
