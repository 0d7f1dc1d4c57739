/**
 * What whoever gets at the database can do to it, done on a real one: each login role is refused, and what its owner does
 * with triggers disabled is found in an export by the log's public key and a checkpoint that was kept.
 */
import { growTree } from '@countersign/audit/grow-tree';
import { listEntries } from '@countersign/audit/list-entries';
import { nextWindow } from '@countersign/audit/store';
import { countLeaves, readCheckpoint, readLeafHashes } from '@countersign/audit/store-tree';
import { LOGIN_ROLES } from '@countersign/infra/postgres/roles';
import { type LoggedEntry, LogVerifier } from '@countersign/ledger/verify-log';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashOf, history, LOG, topicOf } from '../../cases/ledger/log-history.ts';
import { changeEntries, entryAt } from '../../harness/change-entries.ts';
import { changeLeaves } from '../../harness/change-leaves.ts';
import { appendAll, type LedgerDatabase, openLedger, refusalOf } from './ledger-database.ts';

const TABLES = ['entry_rows', 'sealed_leaves', 'nodes', 'checkpoints', 'cosignatures'];
const SILENT = { log: { error() {}, warn() {} }, metrics: { count() {}, set() {} }, onSigned() {} };

let ledger: LedgerDatabase;
let kept: string;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  ledger = cleanUp.use(await openLedger());
  for (const { by, ...each } of history({ expires_at: '2999-01-01T00:00:00Z' }))
    await appendAll(ledger.as(by), [{ ...each, topic: topicOf(each.body) }]);
  await sealAndSign();
  kept = (await readCheckpoint(ledger.admin))!.note;
});
afterAll(() => cleanUp.disposeAsync());

async function sealAndSign(): Promise<void> {
  const database = ledger.as('audit');
  const tree = growTree({ ...SILENT, database, signers: [LOG] });
  tree.take(await nextWindow(database, 'me', null));
  await tree.stop();
}

/** As an export reads it, and as whoever verifies it sees it. */
async function faults(): Promise<string[]> {
  const database = ledger.as('audit');
  const size = await countLeaves(database);
  const question = { tenant: 'acme', all: true, from: 0, limit: 200 };
  const { entries } = await listEntries(database, question);
  const verifier = new LogVerifier({ log: [LOG], kept, witnesses: [], cosignatures: 0, selection: false });
  verifier.takeLeaves(0, await readLeafHashes(database, 0, size));
  for (const { recorded_at, ...entry } of entries) {
    const time_us = Date.parse(recorded_at) * 1000 + Number(recorded_at.slice(-4, -1));
    verifier.takeEntry({ ...entry, leaf_index: entry.leaf_index!, time_us });
  }
  return verifier
    .finish((await readCheckpoint(database))?.note ?? null)
    .faults.map(({ code, at }) => `${code} at ${at}`);
}

/** As the owner of the database, past every trigger; undone afterwards. */
async function withTampering(statements: readonly string[], check: (found: string[]) => void): Promise<void> {
  await ledger.admin.query('CREATE SCHEMA saved');
  for (const table of TABLES) {
    await ledger.admin.query(`CREATE TABLE saved.${table} AS SELECT * FROM ledger.${table}`);
    await ledger.admin.query(`ALTER TABLE ledger.${table} DISABLE TRIGGER USER`);
  }
  try {
    for (const text of statements) await ledger.admin.query(text);
    check(await faults());
  } finally {
    for (const table of TABLES) {
      await ledger.admin.query(`DELETE FROM ledger.${table}`);
      const into = table === 'entry_rows' ? `ledger.entry_rows OVERRIDING SYSTEM VALUE` : `ledger.${table}`;
      await ledger.admin.query(`INSERT INTO ${into} SELECT * FROM saved.${table}`);
      await ledger.admin.query(`ALTER TABLE ledger.${table} ENABLE TRIGGER USER`);
    }
    await ledger.admin.query('DROP SCHEMA saved CASCADE');
  }
}

test('an honest database holds', async () => {
  expect(await faults()).toEqual([]);
});

describe.each([...LOGIN_ROLES])('%s', (role) => {
  test.each(TABLES)('changes nothing in %s past the functions', async (table) => {
    const database = ledger.as(role.replace('countersign_', ''));
    const column = {
      entry_rows: 'body',
      sealed_leaves: 'hashes',
      nodes: 'hash',
      checkpoints: 'note',
      cosignatures: 'line',
    }[table];
    const tries = [
      `UPDATE ledger.${table} SET ${column} = ${column}`,
      `DELETE FROM ledger.${table}`,
      `TRUNCATE ledger.${table}`,
      `ALTER TABLE ledger.${table} DISABLE TRIGGER USER`,
      ...(table === 'cosignatures' ? [] : [`INSERT INTO ledger.${table} DEFAULT VALUES`]),
    ];
    for (const text of tries) expect(await refusalOf(database.query(text)), text).toBe('42501');
  });
});

describe('the owner of the database', () => {
  test.each<[string, string[], RegExp]>([
    [
      'edits an entry',
      changeEntries((entries) => `UPDATE ${entries} SET body = replace(body, 'bot', 'eve') WHERE ${entryAt(2)}`),
      /^hash_mismatch at leaf 2,/,
    ],
    [
      'deletes an entry',
      changeEntries((entries) => `DELETE FROM ${entries} WHERE ${entryAt(2)}`),
      /^seq_gap at leaf 3,/,
    ],
    [
      'changes a leaf',
      changeLeaves((leaves) => `UPDATE ${leaves} SET hash = sha256('x') WHERE leaf_index = 4`),
      /^(history_rewritten|leaf_mismatch)/,
    ],
    [
      'swaps two leaves',
      changeLeaves((leaves) => `UPDATE ${leaves} SET leaf_index = 7 - leaf_index WHERE leaf_index IN (3, 4)`),
      /^history_rewritten/,
    ],
    [
      'gives an entry to another tenant',
      changeEntries((entries) => `UPDATE ${entries} SET tenant = 'rival' WHERE ${entryAt(2)}`),
      /^tenant_mismatch at leaf 2,/,
    ],
    [
      'cuts the end off',
      [
        ...changeEntries(
          (entries) => `DELETE FROM ${entries} USING ledger.leaves l WHERE id = l.entry_id AND l.leaf_index > 9`,
        ),
        ...changeLeaves((leaves) => `DELETE FROM ${leaves} WHERE leaf_index > 9`),
      ],
      /^log_truncated/,
    ],
    [
      'sets the checkpoint back, too',
      [...changeLeaves((leaves) => `DELETE FROM ${leaves} WHERE leaf_index > 9`), 'DELETE FROM ledger.checkpoints'],
      /^(checkpoint_missing|log_truncated)/,
    ],
    ['empties everything', TABLES.map((table) => `DELETE FROM ledger.${table}`), /^(checkpoint_missing|log_truncated)/],
  ])('%s', async (_, statements, first) => {
    await withTampering(statements, (found) => expect(found[0]).toMatch(first));
  });

  test('computes a chain anew, with leaves to match', async () => {
    const [row] = await ledger.admin.query<LoggedEntry & { id: number; prev: string }>(
      `SELECT e.*, encode(e.prev_hash, 'hex') AS prev FROM ledger.entries e ORDER BY id DESC LIMIT 1`,
    );
    const body = row!.body.replace('deny', 'allow');
    const hash = hashOf({ ...row!, body, prev_hash: row!.prev });
    const statements = [
      ...changeEntries(
        (entries) => `UPDATE ${entries} SET body = '${body}', hash = '\\x${hash}' WHERE id = ${row!.id}`,
      ),
      ...changeLeaves((leaves) => `UPDATE ${leaves} SET hash = '\\x${hash}' WHERE entry_id = ${row!.id}`),
    ];
    await withTampering(statements, (found) =>
      expect(found.some((fault) => /^history_rewritten|root_mismatch/.test(fault))).toBe(true),
    );
  });
});
