/**
 * The running service grows the tree over its leaves and signs it: every leaf covered, one history, whoever runs it, and
 * nothing signed on top of leaves that are not those it signed before.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { type GrowingTree, growTree } from '@countersign/audit/grow-tree';
import { logSigners } from '@countersign/audit/log-keys';
import { headOf, proveGrowth, proveLeaf, readTile } from '@countersign/audit/read-tiles';
import { nextWindow, type Window } from '@countersign/audit/store';
import { readCheckpoint } from '@countersign/audit/store-tree';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { type NoteSigner, verifyCheckpoint } from '@countersign/ledger/checkpoint';
import { appendLeaves, EMPTY_TREE, leafHash, rootOf, verifyConsistency } from '@countersign/ledger/merkle';
import { entryBundle } from '@countersign/ledger/tiles';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeLeaves } from '../../harness/change-leaves.ts';
import { codeOf } from '../../harness/code-of.ts';
import { appendAll, entry, type LedgerDatabase, openLedger } from './ledger-database.ts';
import { type RunningAudit, runAudit } from './run-audit.ts';

const SILENT = { log: { error() {}, warn() {} }, metrics: { count() {}, set() {} } };

function newSigner(name = 'log.test'): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const public_key = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
  return { name, public_key, sign: (message) => sign(null, message, privateKey) };
}

function burst(ledger: LedgerDatabase, name: string, count: number): Promise<void> {
  return appendAll(
    ledger.as('scheduler'),
    Array.from({ length: count }, (_, i) => entry(`job:acme:${name}-${i}`)),
  );
}

async function leavesOf(ledger: LedgerDatabase): Promise<Buffer[]> {
  return (await ledger.admin.query<{ hash: Buffer }>('SELECT hash FROM ledger.leaves ORDER BY leaf_index')).map(
    ({ hash }) => hash,
  );
}

async function notesOf(ledger: LedgerDatabase): Promise<string[]> {
  return (await ledger.admin.query<{ note: string }>('SELECT note FROM ledger.checkpoints ORDER BY tree_size')).map(
    ({ note }) => note,
  );
}

function rootOver(leaves: readonly Buffer[]): Uint8Array {
  return rootOf(appendLeaves(EMPTY_TREE, leaves.map(leafHash)).tree);
}

describe('the service', () => {
  let run: RunningAudit;
  beforeAll(async () => {
    run = await runAudit();
  });
  afterAll(() => run[Symbol.asyncDispose]());

  const untilSigned = async (): Promise<void> => {
    await waitUntil(
      'all entries are signed',
      async () => {
        const [row] = await run.ledger.admin.query<{ left: number }>(
          `SELECT (SELECT count(*) FROM ledger.entries)::int
                - coalesce((SELECT max(tree_size) FROM ledger.checkpoints), 0)::int AS left`,
        );
        return row!.left === 0;
      },
      { timeout_ms: 20_000 },
    );
  };
  /** Every checkpoint is the log's, over a beginning of the leaves as they stand. */
  const expectOneHistory = async (): Promise<void> => {
    const [leaves, notes] = [await leavesOf(run.ledger), await notesOf(run.ledger)];
    for (const note of notes) {
      const verdict = verifyCheckpoint(note, [run.log]);
      if (!verdict.ok) throw new Error(verdict.detail);
      const { size, root } = verdict.checkpoint;
      expect(Buffer.from(root)).toEqual(Buffer.from(rootOver(leaves.slice(0, Number(size)))));
    }
  };

  test('signs what it seals, says so to auditors, and keeps one root for each full tile', async () => {
    const auditor = await run.connectAs('auditor-acme');
    const heard: { tree_size: number; note: string }[] = [];
    auditor.subscribe('ledger.checkpoint', { callback: (_, message) => void heard.push(message.json()) });
    await auditor.flush();
    const service = await run.startAudit();
    await burst(run.ledger, 'first', 3);
    await untilSigned();
    await burst(run.ledger, 'many', 600);
    await untilSigned();
    await expectOneHistory();
    const notes = await notesOf(run.ledger);
    await waitUntil('the auditor has heard them', async () => heard.length >= notes.length);
    expect(heard.map(({ note }) => note)).toEqual(notes);
    const nodes = await run.ledger.admin.query<{ level: number; node_index: number }>(
      'SELECT level, node_index FROM ledger.nodes ORDER BY 1, 2',
    );
    expect(nodes).toEqual([
      { level: 8, node_index: 0 },
      { level: 8, node_index: 1 },
    ]);
    await service[Symbol.asyncDispose]();
  });

  test('two of it sign one history between them, and what is left when it ends is signed first', async () => {
    const both = [await run.startAudit(), await run.startAudit()];
    await burst(run.ledger, 'both', 300);
    await untilSigned();
    await burst(run.ledger, 'left', 50);
    await waitUntil('they are sealed', async () => {
      const [row] = await run.ledger.admin.query<{ sealed: boolean }>(
        'SELECT (SELECT count(*) FROM ledger.leaves) = (SELECT count(*) FROM ledger.entries) AS sealed',
      );
      return row!.sealed;
    });
    await Promise.all(both.map((service) => service[Symbol.asyncDispose]()));
    expect((await readCheckpoint(run.ledger.admin))!.tree_size).toBe((await leavesOf(run.ledger)).length);
    await expectOneHistory();
  });

  test.each([
    ['no key', { LOG_KEYS: '' }],
    ['a key that is none', { LOG_KEYS: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' }],
    ['a name with a space', { LOG_ORIGIN: 'my log' }],
  ])('does not start with %s', async (_, settings) => {
    await expect(run.startAudit(settings)).rejects.toThrow(/LOG_(KEYS|ORIGIN)/);
  });
});

describe('the tree', () => {
  let ledger: LedgerDatabase;
  const cleanUp = new AsyncDisposableStack();
  beforeAll(async () => {
    ledger = cleanUp.use(await openLedger());
  });
  afterAll(() => cleanUp.disposeAsync());

  const [old, fresh] = [newSigner(), newSigner()];
  const grow = (signers: readonly [NoteSigner, ...NoteSigner[]] = [old]): GrowingTree =>
    growTree({ ...SILENT, database: ledger.as('audit'), signers, onSigned() {} });
  const seal = async (): Promise<void> => {
    while ((await nextWindow(ledger.as('audit'), 'me', null)).sealed > 0);
  };
  /** Two looks, as the sweep makes them: the first one may be at work that is under way. */
  const healed = async (tree: GrowingTree): Promise<unknown> => {
    await tree.heal();
    const thrown = await tree.heal().catch((error: unknown) => error);
    await tree.stop();
    return thrown;
  };
  const signedSize = async (): Promise<number> => (await readCheckpoint(ledger.as('audit')))?.tree_size ?? 0;

  test('takes up a ledger that is older than it, in parts, and every tile and proof of it fits what it signed', async () => {
    const database = ledger.as('audit');
    // As many as make a part and some more, of which the last tile is not full.
    for (let i = 0; i < 6; i += 1) await burst(ledger, `old-${i}`, 1_000);
    await seal();
    await healed(grow());
    const leaves = await leavesOf(ledger);
    const last = (await readCheckpoint(database))!;
    expect(last.tree_size).toBe(6_000);
    expect(Buffer.from(last.root_hash)).toEqual(Buffer.from(rootOver(leaves)));
    for (const index of [0, 255, 256, 5_887, 5_888, 5_999]) {
      expect((await proveLeaf(database, leaves[index]!, index, last)).tree_size).toBe(6_000);
    }
    const older = (await readCheckpoint(database, 4_000))!;
    const proof = await proveGrowth(database, headOf(older), headOf(last));
    expect(verifyConsistency(headOf(older), headOf(last), proof)).toBe(true);
    const full = await readTile(database, 'tile/0/022');
    expect(full).toEqual(Buffer.concat(leaves.slice(22 * 256, 23 * 256).map(leafHash)));
    expect(await readTile(database, 'tile/0/023.p/112')).toEqual(Buffer.concat(leaves.slice(5_888).map(leafHash)));
    expect(await readTile(database, 'tile/entries/023.p/2')).toEqual(entryBundle(leaves.slice(5_888, 5_890)));
    const above = Array.from({ length: 23 }, (_, i) => rootOver(leaves.slice(i * 256, (i + 1) * 256)));
    expect(await readTile(database, 'tile/1/000.p/23')).toEqual(Buffer.concat(above));
    for (const none of ['tile/0/023', 'tile/0/024', 'tile/1/000', 'tile/0/23.p/112', 'tile/2/000.p/1', 'tile/9/000']) {
      expect(await codeOf(readTile(database, none)), none).toBe('not_found');
    }
  });

  test('a key is changed while both sign; a key that nobody knew signs nothing', async () => {
    const foreign = newSigner();
    await burst(ledger, 'overlap', 1);
    await seal();
    expect(await healed(grow([fresh, old]))).toBeUndefined();
    const note = (await notesOf(ledger)).at(-1)!;
    expect([old, fresh, foreign].map((key) => verifyCheckpoint(note, [key]).ok)).toEqual([true, true, false]);
    await burst(ledger, 'after', 1);
    await seal();
    const size = await signedSize();
    expect(await healed(grow([foreign]))).toMatchObject({ name: 'UnknownCheckpoint' });
    expect(await signedSize()).toBe(size);
    expect(await healed(grow([fresh]))).toBeUndefined();
    expect(await signedSize()).toBe(size + 1);
    // With nothing new there is nothing to sign.
    const notes = await notesOf(ledger);
    expect(await healed(grow([fresh]))).toBeUndefined();
    expect(await notesOf(ledger)).toEqual(notes);
  });

  test('of two that believe to be the one who signs, the slower one reads what the other signed and goes on behind it', async () => {
    const [one, two] = [grow([fresh]), grow([fresh, old])];
    for (const name of ['first', 'second', 'third']) {
      await burst(ledger, `pair-${name}`, 2);
      const window = await nextWindow(ledger.as('audit'), 'me', null);
      for (const tree of [one, two]) tree.take({ ...window, entries: window.entries.slice(-2) });
      await Promise.all([one.stop(), two.stop()]);
    }
    const leaves = await leavesOf(ledger);
    const last = (await readCheckpoint(ledger.as('audit')))!;
    expect(last.tree_size).toBe(leaves.length);
    expect(Buffer.from(last.root_hash)).toEqual(Buffer.from(rootOver(leaves)));
  });

  test('keys come as PEMs one behind the other', () => {
    const pems = [1, 2].map(
      () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    );
    expect(logSigners('log.test', pems.join('')).map(({ name }) => name)).toEqual(['log.test', 'log.test']);
  });

  test('signs nothing on top of leaves that were changed by hand, and hands out no proof of them', async () => {
    const change = changeLeaves((leaves) => `UPDATE ${leaves} SET hash = sha256('other') WHERE leaf_index = 5999`);
    await ledger.admin.query('ALTER TABLE ledger.sealed_leaves DISABLE TRIGGER only_added');
    for (const statement of change) await ledger.admin.query(statement);
    await ledger.admin.query('ALTER TABLE ledger.sealed_leaves ENABLE ALWAYS TRIGGER only_added');
    await burst(ledger, 'on-top', 1);
    await seal();
    const size = await signedSize();
    expect(await healed(grow([fresh]))).toMatchObject({ name: 'BrokenTree' });
    expect(await signedSize()).toBe(size);
    const database = ledger.as('audit');
    const last = (await readCheckpoint(database))!;
    const leaves = await leavesOf(ledger);
    await expect(proveLeaf(database, leaves[5_998]!, 5_998, last)).rejects.toMatchObject({ name: 'BrokenTree' });
  });

  test('the audit role keeps a checkpoint only behind the last one, over the leaves as they are', async () => {
    const database = ledger.as('audit');
    const keep = async (from: number, size: number, leaf: Buffer): Promise<unknown> => {
      const [row] = await database.query<{ kept: boolean }>(
        `SELECT ledger.keep_checkpoint($1, $2, $3, '', '', '{}', '{}', '{}') AS kept`,
        [from, size, leaf],
      );
      return row!.kept;
    };
    const size = await signedSize();
    const leaf = (await leavesOf(ledger))[size]!;
    expect(await keep(size - 1, size + 1, leaf)).toBe(false);
    expect(await keep(size, size, leaf)).toBe(false);
    expect(await keep(size, size + 1, Buffer.alloc(32))).toBe(false);
    expect(await keep(size, size + 2, leaf)).toBe(false);
    for (const table of ['nodes', 'checkpoints'])
      await expect(database.query(`INSERT INTO ledger.${table} DEFAULT VALUES`)).rejects.toMatchObject({
        code: '42501',
      });
  });
});

test('a tile that fills while a checkpoint is being kept is kept with the next one', async () => {
  await using ledger = await openLedger();
  const [database, fresh] = [ledger.as('audit'), newSigner()];
  const windowNow = async (): Promise<Window> => {
    const entries = (await leavesOf(ledger)).map((hash, leaf_index) => ({ leaf_index, hash: hash.toString('hex') }));
    return { entries, next_leaf: 0, unpublished: entries.length } as unknown as Window;
  };
  const grown = async (name: string, count: number): Promise<Window> => {
    await burst(ledger, name, count);
    while ((await nextWindow(database, 'me', null)).sealed > 0);
    return windowNow();
  };
  const before = await grown('before', 1);
  let meanwhile: Window | null = await grown('meanwhile', 300);
  const taking = {
    query: (text: string, values: unknown[]) => {
      if (text.includes('keep_checkpoint') && meanwhile !== null) tree.take(meanwhile);
      if (text.includes('keep_checkpoint')) meanwhile = null;
      // It is told of what came meanwhile, and finds no more of it than that.
      const looks = meanwhile !== null && text.includes('l.leaf_index >=') && values[1] === LIMITS.tree_leaves;
      return database.query(text, looks ? [values[0], 1] : values);
    },
  } as unknown as typeof database;
  const tree: GrowingTree = growTree({ ...SILENT, database: taking, signers: [fresh], onSigned() {} });
  tree.take({ ...before, entries: [] });
  await tree.stop();
  expect(meanwhile).toBeNull();
  expect((await readCheckpoint(database))?.tree_size).toBe((await windowNow()).unpublished);
  await grown('later', 1);
  const next = growTree({ ...SILENT, database, signers: [fresh], onSigned() {} });
  for (let look = 0; look < 2; look += 1) await next.heal();
  await next.stop();
  expect((await readCheckpoint(database))?.tree_size).toBe(302);
});
