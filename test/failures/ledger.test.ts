/**
 * The evidence of real jobs against those who hold the database: no role may change it, and what a superuser changes past
 * the triggers is found offline, by somebody who kept one checkpoint and the log's public key.
 */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { LOGIN_ROLES, OWNER_ROLE } from '@countersign/infra/postgres/roles';
import { entryHash } from '@countersign/ledger/chain-hash';
import { type NoteSigner, signCheckpoint } from '@countersign/ledger/checkpoint';
import { appendLeaves, EMPTY_TREE, leafHash, rootOf } from '@countersign/ledger/merkle';
import { type LoggedEntry, LogVerifier } from '@countersign/ledger/verify-log';
import { append } from '@countersign/platform/ledger-append';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actAs } from '../harness/act-as-role.ts';
import { withClient } from '../harness/build-template.ts';
import { changeEntries } from '../harness/change-entries.ts';
import { changeLeaves } from '../harness/change-leaves.ts';
import { countEverything, entriesOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd } from '../harness/wait-for-job.ts';

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const log: NoteSigner = {
  name: 'countersign.example/log',
  public_key: Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'),
  sign: (message) => sign(null, message, createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))),
};

beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  cleanUp.use(await startWorker(system, 'demo-read', ({ payload }) => payload ?? 'done'));
  cleanUp.use(await startWorker(system, 'desk-write', () => ({ paid: true })));
  await runJobs();
});
afterAll(() => cleanUp.disposeAsync());

/** One that runs, one that is denied, one that is approved. */
async function runJobs(): Promise<void> {
  const payload = { customer_id: 7, amount_cents: 9_900 };
  const bodies = [
    { topic: 'job.demo.read', payload: { n: 1 } },
    { topic: 'job.exec.shell', prompt: 'rm -rf /' },
    { topic: 'job.desk.refund.order', payload },
  ];
  const jobs: string[] = [];
  for (const body of bodies) jobs.push((await system.api('agent', 'POST', '/api/v1/jobs', body)).body.job_id);
  const { approval_id, digest } = await waitForApproval(system, jobs[2]!);
  await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
  for (const job_id of jobs) await waitForEnd(system, job_id);
  await countEverything(system);
}

const TABLES = ['ledger.entry_rows', 'ledger.sealed_leaves', 'ledger.nodes', 'ledger.checkpoints'];
const CHANGES: Record<string, (table: string) => string> = {
  update: (table) => `UPDATE ${table} SET ${table === 'ledger.sealed_leaves' ? 'hashes = hashes' : 'hash = hash'}`,
  delete: (table) => `DELETE FROM ${table}`,
  truncate: (table) => `TRUNCATE ${table} CASCADE`,
};

async function inVain(client: pg.Client, statement: string): Promise<string> {
  await client.query('BEGIN');
  const outcome = await client.query(statement).then(
    () => 'done',
    (error: { code?: string; message: string }) => (error.code === '42501' ? 'not permitted' : error.message),
  );
  await client.query('ROLLBACK');
  return outcome;
}

describe('who may change what stands', () => {
  test.each([...LOGIN_ROLES, OWNER_ROLE])('not %s', (role) =>
    withClient(system.admin_url, async (client) => {
      await client.query(`SET ROLE ${role}`);
      for (const table of TABLES) {
        for (const [name, change] of Object.entries(CHANGES)) {
          const text = table === 'ledger.checkpoints' ? change(table).replaceAll('hash', 'root_hash') : change(table);
          expect([table, name, await inVain(client, text)]).toEqual([table, name, 'not permitted']);
        }
      }
    }),
  );

  test('not the superuser either, as long as the triggers stand, also when replication is feigned', () =>
    withClient(system.admin_url, async (client) => {
      for (const mode of ['origin', 'replica']) {
        await client.query(`SET session_replication_role = ${mode}`);
        for (const table of TABLES) {
          for (const change of Object.values(CHANGES)) {
            const text = table === 'ledger.checkpoints' ? change(table).replaceAll('hash', 'root_hash') : change(table);
            expect([mode, table, await inVain(client, text)]).not.toContain('done');
          }
        }
      }
    }));

  test('and nobody records what is not theirs to record', async () => {
    const [entry] = await system.sql<{ chain: string }>(`SELECT chain FROM ledger.entries WHERE kind = 'job_denied'`);
    const forged = {
      chain: entry!.chain,
      kind: 'job_succeeded',
      tenant: system.tenant,
      topic: 'job.exec.shell',
      body: {},
    };
    for (const service of ['approval', 'output-safety', 'ingress', 'policy-kernel', 'audit'] as const) {
      await expect(actAs(system, service, (tx) => append(tx, [forged]))).rejects.toThrow();
    }
    const job_id = entry!.chain.split(':')[2]!;
    expect((await entriesOf(system, job_id)).map(({ kind }) => kind)).toEqual(['job_denied']);
  });
});

const EXPORT = `
SELECT e.chain, e.seq::int AS seq, e.kind, e.recorded_by, e.tenant, e.topic, e.time_us::float8 AS time_us, e.body,
       encode(e.prev_hash, 'hex') AS prev_hash, encode(e.hash, 'hex') AS hash, l.leaf_index::int AS leaf_index
  FROM ledger.entries e LEFT JOIN ledger.leaves l ON l.entry_id = e.id ORDER BY l.leaf_index`;
const LEAVES = `SELECT encode(hash, 'hex') AS hash FROM ledger.leaves ORDER BY leaf_index`;

/** With a checkpoint signed over whatever stands there now: whoever holds the database may hold the log's key as well. */
async function exportFrom(client: pg.Client) {
  const { rows: entries } = await client.query<LoggedEntry>(EXPORT);
  const leaves = (await client.query<{ hash: string }>(LEAVES)).rows.map(({ hash }) => hash);
  return { entries, leaves, note: noteOver(leaves) };
}

function noteOver(leaves: readonly string[]): string {
  const { tree } = appendLeaves(
    EMPTY_TREE,
    leaves.map((leaf) => leafHash(Buffer.from(leaf, 'hex'))),
  );
  return signCheckpoint({ size: tree.size, root: rootOf(tree) }, log);
}

async function change(client: pg.Client, each: (leaves: string) => string): Promise<void> {
  for (const statement of changeLeaves(each)) await client.query(statement);
}

/** Links and hashes of a chain made anew from its bodies, and its leaves with them: as well as a forger can. */
async function recompute(client: pg.Client, chain: string): Promise<void> {
  const { rows } = await client.query<LoggedEntry & { id: string }>(
    `SELECT id, kind, recorded_by, time_us::float8 AS time_us, body FROM ledger.entries WHERE chain = $1 ORDER BY seq`,
    [chain],
  );
  let prev_hash: Uint8Array = Buffer.alloc(32);
  for (const [i, { id, kind, recorded_by, body, time_us }] of rows.entries()) {
    const seq = i + 1;
    const hash = entryHash({ chain, kind, recorded_by, body, time_us: BigInt(time_us), prev_hash, seq: BigInt(seq) });
    await client.query('UPDATE ledger.entry_rows SET seq = $2, prev_hash = $3, hash = $4 WHERE id = $1', [
      id,
      seq,
      prev_hash,
      hash,
    ]);
    const hex = Buffer.from(hash).toString('hex');
    await change(client, (leaves) => `UPDATE ${leaves} SET hash = '\\x${hex}' WHERE entry_id = ${id}`);
    prev_hash = hash;
  }
}

describe('what a superuser changes past the triggers', () => {
  let kept: string;
  let denied: string;
  beforeAll(async () => {
    for (const program of system.services.processes.values()) await program.stop();
    kept = await withClient(system.admin_url, async (client) => noteOver((await exportFrom(client)).leaves));
    const [entry] = await system.sql<{ chain: string }>(`SELECT chain FROM ledger.entries WHERE kind = 'job_denied'`);
    denied = entry!.chain;
  });

  const verdictAfter = (tamper: (client: pg.Client) => Promise<unknown>) =>
    withClient(system.admin_url, async (client) => {
      await client.query('BEGIN');
      for (const table of TABLES) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
      await tamper(client);
      const exported = await exportFrom(client);
      await client.query('ROLLBACK');
      const verifier = new LogVerifier({ log: [log], kept, witnesses: [], cosignatures: 0, selection: false });
      const leaves = exported.leaves.map((hash) => Buffer.from(hash, 'hex'));
      verifier.takeLeaves(0, leaves);
      for (const entry of exported.entries) verifier.takeEntry(entry);
      return verifier.finish(exported.note);
    });

  test('nothing: it holds, and every entry of it stands under the checkpoint that was kept', async () => {
    const verdict = await verdictAfter(async () => {});
    expect(verdict).toMatchObject({ verdict: 'holds', faults: [] });
    const { entries } = verdict;
    expect(verdict).toMatchObject({ leaves: entries, signed_size: entries, kept_size: entries });
    expect(entries).toBeGreaterThan(15);
  });

  const softened = (client: pg.Client) =>
    client.query(`UPDATE ledger.entry_rows SET body = replace(body, '"deny"', '"allow"') WHERE chain = $1`, [denied]);
  const attacks: [string, (client: pg.Client) => Promise<unknown>, string][] = [
    ['an edited body', softened, 'hash_mismatch'],
    [
      'an edited body, hashed anew',
      async (client) => [await softened(client), await recompute(client, denied)],
      'history_rewritten',
    ],
    [
      'another writer',
      (client) =>
        client.query(`UPDATE ledger.entry_rows SET recorded_by = 'countersign_audit' WHERE chain = $1`, [denied]),
      'hash_mismatch',
    ],
    [
      'another tenant',
      (client) => client.query(`UPDATE ledger.entry_rows SET tenant = 'other' WHERE chain = $1`, [denied]),
      'tenant_mismatch',
    ],
    [
      'a deleted job',
      (client) => client.query('DELETE FROM ledger.entry_rows WHERE chain = $1', [denied]),
      'leaf_without_entry',
    ],
    [
      'a cut end',
      async (client) => {
        const last = '(SELECT entry_id FROM ledger.leaves ORDER BY leaf_index DESC LIMIT 1)';
        for (const text of changeEntries((entries) => `DELETE FROM ${entries} WHERE id = ${last}`))
          await client.query(text);
        await change(
          client,
          (leaves) => `DELETE FROM ${leaves} WHERE leaf_index = (SELECT max(leaf_index) FROM ${leaves})`,
        );
      },
      'log_truncated',
    ],
    [
      'two leaves exchanged',
      (client) =>
        change(client, (leaves) => `UPDATE ${leaves} SET leaf_index = 3 - leaf_index WHERE leaf_index IN (1, 2)`),
      'history_rewritten',
    ],
  ];
  test.each(attacks)('%s: found', async (_, tamper, code) => {
    const { verdict, faults } = await verdictAfter(tamper);
    expect(verdict).toBe('broken');
    expect(faults.map((fault) => fault.code)).toContain(code);
  });
});
