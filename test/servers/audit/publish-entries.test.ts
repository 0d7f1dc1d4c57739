/** From a commit to the audit stream: in leaf order, every entry at least once, through outages of the bus. */

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublisher } from '@countersign/audit/publish-entries';
import { CountersignError } from '@countersign/contracts/errors';
import type { LedgerEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import type { JetStream } from '@countersign/platform/jetstream-api';
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

  const untilPublished = (leaves: number): Promise<Published[]> =>
    waitUntil(
      `${leaves} leaves are published`,
      async () => {
        const all = await run.published(leaves);
        return new Set(all.map(({ entry: each }) => each.leaf_index)).size >= leaves && all;
      },
      { timeout_ms: 25_000 },
    );
  const count = async (): Promise<number> =>
    (await run.ledger.admin.query<{ n: number }>('SELECT count(*) AS n FROM ledger.entries'))[0]!.n;
  /** Every leaf from 0 on, none after a later one that had not been there before. */
  const expectInOrder = (all: Published[], leaves: number): void => {
    let next = 0;
    for (const { entry: each } of all) {
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

  test('a stream that was lost is filled again from the ledger, also when nothing new is recorded', async () => {
    const leaves = await count();
    await run.changeStore((dir) => rmSync(dir, { recursive: true }));
    expectInOrder(await untilPublished(leaves), leaves);
  });

  test('a stream that was set back goes on where it ends, and nothing is missing', async () => {
    const kept = mkdtempSync(join(tmpdir(), 'store-'));
    await run.changeStore((dir) => cpSync(dir, kept, { recursive: true }));
    await appendAll(
      run.ledger.as('scheduler'),
      Array.from({ length: 40 }, (_, i) => entry(`job:acme:after-${i}`)),
    );
    const leaves = await count();
    await untilPublished(leaves);
    await run.changeStore((dir) => {
      rmSync(dir, { recursive: true });
      cpSync(kept, dir, { recursive: true });
    });
    rmSync(kept, { recursive: true });
    const all = await untilPublished(leaves);
    expectInOrder(all, leaves);
    expect(all).toHaveLength(leaves);
  });

  test('what cannot be addressed or is too long does not hold back what comes after it', async () => {
    const strange = { ...entry('job:acme:strange'), tenant: 'No Tenant', topic: 'job..' };
    await appendAll(run.ledger.as('scheduler'), [strange, entry('job:acme:next')]);
    const all = await untilPublished(await count());
    expect(all.slice(-2).map(({ subject }) => subject)).toEqual([
      'audit._.job_admitted.job.acme.strange',
      'audit.acme.job_admitted.desk.read',
    ]);
    const long = { ...entry('job:acme:long'), body: { text: '"'.repeat(LIMITS.entry_bytes / 2) } };
    const refused = appendAll(run.ledger.as('scheduler'), [long]);
    await expect(refused).rejects.toMatchObject({ code: '23514', constraint: 'body_fits_a_message' });
    const fits = { ...entry('job:acme:fits'), body: { text: '"'.repeat(LIMITS.entry_bytes / 2 - 20) } };
    await appendAll(run.ledger.as('scheduler'), [fits, entry('job:acme:behind')]);
    await untilPublished(await count());
  });
});

describe('in order', () => {
  test('a message is taken only right behind the one before it, and only its own stream acknowledges', async () => {
    await using run = await runAudit();
    await (await run.startAudit())[Symbol.asyncDispose]();
    const { jetstream } = run.publisher;
    const messages = [0, 1, 2].map((leaf) => ({ subject: 'audit.acme.job_held.desk.read', body: { leaf } }));
    expect(await jetstream.publishInOrder('AUDIT', 0, messages)).toBe(3);
    await expect(jetstream.publishInOrder('AUDIT', 4, messages)).rejects.toMatchObject({ code: 'bus_unavailable' });
    await expect(jetstream.publishInOrder('INTAKE', 3, messages)).rejects.toMatchObject({ code: 'bus_unavailable' });
    expect(await run.published(6)).toHaveLength(6);
  });
});

describe('the cursor', () => {
  const openPublisher = async () => {
    /** Leaves by sequence; null where the message is gone. */
    const stored: (number | null)[] = [];
    const ledger = await openLedger();
    const sent: number[][] = [];
    const counted: Record<string, number> = {};
    const faults = { publish: false };
    const read = (seq: number) => {
      const leaf_index = stored[seq - 1];
      const data = Buffer.from(JSON.stringify({ leaf_index })).toString('base64');
      return leaf_index === null
        ? { error: { code: 404, err_code: 10037, description: 'gone' } }
        : { message: { seq, data } };
    };
    const jetstream: JetStream = {
      async ask(subject, body) {
        if (subject !== 'STREAM.INFO.AUDIT') return read((body as { seq: number }).seq);
        const num_deleted = stored.filter((leaf) => leaf === null).length;
        const messages = stored.length - num_deleted;
        return { state: { messages, first_seq: 1, last_seq: stored.length, num_deleted } };
      },
      async publishInOrder(_stream, after, messages) {
        const leaves = messages.map(({ body }) => (body as LedgerEntry).leaf_index!);
        sent.push(leaves);
        if (faults.publish || after !== stored.length) throw new CountersignError('bus_unavailable');
        stored.push(...leaves);
        return stored.length;
      },
    };
    const log = { warn: () => undefined, error: () => undefined };
    const metrics = {
      count: (name: string, _labels: object = {}, by = 1) => {
        counted[name] = (counted[name] ?? 0) + by;
      },
      set: () => undefined,
    };
    const open = () => createPublisher({ database: ledger.as('audit'), jetstream, log, metrics });
    const cursor = async () =>
      (await ledger.admin.query<{ next_leaf: number }>('SELECT next_leaf FROM ledger.published'))[0]!.next_leaf;
    const append = (count: number) =>
      appendAll(
        ledger.as('scheduler'),
        Array.from({ length: count }, (_, i) => entry(`job:acme:${i}`)),
      );
    return {
      ledger,
      stored,
      sent,
      counted,
      faults,
      open,
      cursor,
      append,
      [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
    };
  };

  test('moves with the next look past what was acknowledged, and what was refused is sent again', async () => {
    await using at = await openPublisher();
    await at.append(6);
    const publisher = at.open();
    at.faults.publish = true;
    await expect(publisher.pass()).rejects.toMatchObject({ code: 'bus_unavailable' });
    at.faults.publish = false;
    expect(await publisher.pass()).toBe('worked');
    expect(await at.cursor()).toBe(0);
    expect(await publisher.pass()).toBe('idle');
    expect(await at.cursor()).toBe(6);
    expect(at.stored).toEqual([0, 1, 2, 3, 4, 5]);
    expect(at.counted.audit_leaves_missing_total).toBeUndefined();
  });

  test('a window that was stored without our hearing of it is not sent twice', async () => {
    await using at = await openPublisher();
    await at.append(3);
    const publisher = at.open();
    at.stored.push(0, 1, 2);
    for (let i = 0; i < 3; i++) await publisher.pass();
    expect([await at.cursor(), at.sent]).toEqual([3, []]);
  });

  test('a gap in the middle is found, counted, and everything from there is there again', async () => {
    await using at = await openPublisher();
    await at.append(10);
    const publisher = at.open();
    for (let i = 0; i < 3; i++) await publisher.pass();
    expect(await publisher.fillGaps()).toBe(false);
    at.stored.fill(null, 4, 6);
    at.sent.length = 0;
    expect(await publisher.fillGaps()).toBe(true);
    for (let i = 0; i < 3; i++) await publisher.pass();
    expect(at.sent).toEqual([[4, 5, 6, 7, 8, 9]]);
    expect(at.counted.audit_leaves_missing_total).toBe(2);
    expect(new Set(at.stored)).toEqual(new Set([null, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(await publisher.fillGaps()).toBe(false);
    await at.append(1);
    for (let i = 0; i < 3; i++) await publisher.pass();
    expect(await publisher.fillGaps()).toBe(false);
    expect(await at.open().fillGaps()).toBe(false);
  });

  test('a gap that is found while another publishes is not forgotten: where that one is gone, it is filled all the same', async () => {
    await using at = await openPublisher();
    await at.append(10);
    const [first, second] = [at.open(), at.open()];
    for (let i = 0; i < 3; i++) await first.pass();
    expect(await second.fillGaps()).toBe(false);
    at.stored.fill(null, 4, 6);
    await at.ledger.admin.query(`UPDATE ledger.published SET held_until = 'infinity'`);
    expect(await second.fillGaps()).toBe(false);
    await at.ledger.admin.query(`UPDATE ledger.published SET held_until = '-infinity'`);
    expect(await second.fillGaps()).toBe(true);
    for (let i = 0; i < 3; i++) await second.pass();
    expect(new Set(at.stored)).toEqual(new Set([null, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  test('one publishes while another is at work, and its late word moves nothing', async () => {
    await using at = await openPublisher();
    await at.append(3);
    const [first, second] = [at.open(), at.open()];
    expect(await first.pass()).toBe('worked');
    expect(await second.pass()).toBe('elsewhere');
    // The first hangs; its lease ends, the second takes over, and the stream is lost.
    await at.ledger.admin.query(`UPDATE ledger.published SET held_until = '-infinity'`);
    at.stored.length = 0;
    await at.append(1);
    expect(await second.pass()).toBe('worked');
    expect(await first.pass()).toBe('elsewhere');
    await at.ledger.admin.query(`UPDATE ledger.published SET held_until = '-infinity'`);
    for (let i = 0; i < 4; i++) await first.pass();
    expect([...new Set(at.stored)]).toEqual([0, 1, 2, 3]);
    expect(await at.cursor()).toBe(4);
  });

  test('a look that finds nothing writes nothing', async () => {
    await using at = await openPublisher();
    await at.append(3);
    const publisher = at.open();
    for (let i = 0; i < 3; i++) await publisher.pass();
    const xid = async () =>
      (await at.ledger.admin.query<{ x: string }>('SELECT xmin::text AS x FROM ledger.published'))[0]!.x;
    const before = await xid();
    for (let i = 0; i < 3; i++) expect(await publisher.pass()).toBe('idle');
    expect(await xid()).toBe(before);
  });
});
