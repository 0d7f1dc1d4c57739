/** The sealer against transactions that overlap in every way: nothing skipped, nothing twice, no chain backwards. */
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appendAll, entry, type LedgerDatabase, openLedger, type Session } from './ledger-database.ts';

type Leaf = {
  leaf_index: number;
  found: number;
  id: number;
  chain: string;
  seq: number;
  hash: Buffer;
  leaf_hash: Buffer;
};

let ledger: LedgerDatabase;
let unique = 0;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger[Symbol.asyncDispose]());
beforeEach(() => {
  unique += 1;
});

function chain(name: string): string {
  return `job:acme:${unique}-${name}`;
}

async function seal(max = 1_000, by: Tx = ledger.as('audit')): Promise<number> {
  const [row] = await by.query<{ sealed: number }>('SELECT sealed FROM ledger.seal($1)', [max]);
  return row!.sealed;
}

function leaves(): Promise<Leaf[]> {
  return ledger.admin.query<Leaf>(
    `SELECT l.leaf_index, ledger.leaf_of(e.id) AS found, e.id, e.chain, e.seq, e.hash, l.hash AS leaf_hash
     FROM ledger.leaves l JOIN ledger.entries e ON e.id = l.entry_id ORDER BY l.leaf_index`,
  );
}

async function sealedChains(): Promise<string[]> {
  return (await leaves())
    .filter((leaf) => leaf.chain.startsWith(`job:acme:${unique}-`))
    .map((leaf) => `${leaf.chain}#${leaf.seq}`);
}

async function expectSound(): Promise<void> {
  const all = await leaves();
  expect(all.map((leaf) => leaf.leaf_index)).toEqual(all.map((_, i) => i));
  expect(new Set(all.map((leaf) => leaf.id)).size).toBe(all.length);
  for (const leaf of all) {
    expect(leaf.leaf_hash).toEqual(leaf.hash);
    expect(leaf.found).toBe(leaf.leaf_index);
  }
  const heads = new Map<string, number>();
  for (const leaf of all) {
    expect(leaf.seq, `${leaf.chain} in leaf order`).toBe((heads.get(leaf.chain) ?? 0) + 1);
    heads.set(leaf.chain, leaf.seq);
  }
}

async function everythingIsSealed(): Promise<void> {
  const [row] = await ledger.admin.query<{ entries: number }>('SELECT count(*) AS entries FROM ledger.entries');
  expect((await leaves()).length).toBe(row!.entries);
}

async function began(): Promise<Session> {
  const session = await ledger.session('scheduler');
  await session.begin();
  // Takes the transaction's id now, before it appends anything.
  await session.query('SELECT pg_current_xact_id()');
  return session;
}

describe('ledger.seal', () => {
  test('an earlier transaction with lower ids that commits later is sealed later, not skipped', async () => {
    const slow = await began();
    await append(slow, [entry(chain('slow'))]);
    await appendAll(ledger.as('scheduler'), [entry(chain('quick'))]);
    expect(await seal()).toBe(1);
    expect(await sealedChains()).toEqual([`${chain('quick')}#1`]);
    await slow.commit();
    expect(await seal()).toBe(1);
    expect(await sealedChains()).toEqual([`${chain('quick')}#1`, `${chain('slow')}#1`]);
    expect(await seal()).toBe(0);
    await expectSound();
  });

  test('a transaction that began first but appended second keeps its place in the chain', async () => {
    // The one in the middle stays open, so that a cut between the ids of the other two is possible.
    const [first, middle, last] = [await began(), await began(), await began()];
    await append(middle, [entry(chain('middle'))]);
    await append(last, [entry(chain('shared'), 'job_admitted')]);
    await last.commit();
    await append(first, [entry(chain('shared'), 'job_cleared')]);
    await first.commit();
    expect(await seal()).toBe(2);
    expect(await sealedChains()).toEqual([`${chain('shared')}#1`, `${chain('shared')}#2`]);
    await middle.commit();
    expect(await seal()).toBe(1);
    await expectSound();
  });

  test('what commits while a window is being drained waits for the next window', async () => {
    const straggler = await began();
    await append(straggler, [entry(chain('straggler'))]);
    await appendAll(
      ledger.as('scheduler'),
      [1, 2, 3, 4].map((n) => entry(chain(`job${n}`))),
    );
    expect(await seal(3)).toBe(3);
    await straggler.commit();
    await appendAll(ledger.as('scheduler'), [entry(chain('job4'), 'job_cleared')]);
    expect(await seal(3)).toBe(1);
    expect(await seal(3)).toBe(2);
    expect(await seal(3)).toBe(0);
    expect(await sealedChains()).toEqual([
      ...[1, 2, 3, 4].map((n) => `${chain(`job${n}`)}#1`),
      `${chain('straggler')}#1`,
      `${chain('job4')}#2`,
    ]);
    await expectSound();
  });

  test('a transaction that is rolled back leaves nothing, and holds nothing up', async () => {
    const undone = await began();
    await append(undone, [entry(chain('undone'))]);
    await appendAll(ledger.as('scheduler'), [entry(chain('done'))]);
    expect(await seal()).toBe(1);
    await undone.rollback();
    expect(await seal()).toBe(0);
    await expectSound();
  });

  test('two sealers never seal the same: the second finds the first at work and does nothing', async () => {
    const sealer = await ledger.session('audit');
    await appendAll(ledger.as('scheduler'), [entry(chain('once'))]);
    await sealer.begin();
    expect(await seal(1_000, sealer)).toBe(1);
    expect(await seal()).toBe(0);
    await sealer.commit();
    expect(await seal()).toBe(0);
    expect(await sealedChains()).toEqual([`${chain('once')}#1`]);
  });

  test('a sealer that dies before its commit has sealed nothing', async () => {
    const sealer = await ledger.session('audit');
    await appendAll(ledger.as('scheduler'), [entry(chain('again'))]);
    await sealer.begin();
    await seal(1_000, sealer);
    await sealer.rollback();
    expect(await seal()).toBe(1);
    await expectSound();
  });

  test('under writers that overlap at random, every entry is sealed once and every chain in its order', async () => {
    const chains = ['u', 'v', 'w', 'x', 'y', 'z'].map(chain);
    const write = async (writer: number): Promise<void> => {
      const session = await ledger.session('scheduler');
      for (let round = 0; round < 15; round += 1) {
        await session.begin();
        await session.query('SELECT pg_current_xact_id()');
        const own = chains.filter((_, i) => (writer * 7 + round * 3 + i * 5) % 4 === 0);
        await append(
          session,
          // Some twice, and so two to a row: a turn of the sealer may end between them.
          [...own, `${chain(`own${writer}`)}`, ...own.slice(1)].map((name) => entry(name, 'job_held')),
        );
        await (round % 5 === 4 ? session.rollback() : session.commit());
      }
    };
    let writing = true;
    const sealing = (async () => {
      while (writing) await seal(7);
    })();
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    writing = false;
    await sealing;
    while ((await seal(7)) > 0);
    await expectSound();
    await everythingIsSealed();
  });
});

describe('the publishing cursor', () => {
  test('is held by one publisher at a time and never moves back', async () => {
    const publisher = await ledger.session('audit');
    const start = async (by: Tx) =>
      (await by.query<{ next: string | number | null }>('SELECT ledger.start_publishing() AS next'))[0]!.next;
    await publisher.begin();
    expect(Number(await start(publisher))).toBe(0);
    expect(await start(ledger.as('audit'))).toBeNull();
    await publisher.query('SELECT ledger.finish_publishing(5)');
    await publisher.query('SELECT ledger.finish_publishing(3)');
    await publisher.commit();
    expect(await start(ledger.as('audit'))).toBe(5);
  });
});
