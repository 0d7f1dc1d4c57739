/** A process that hangs in the middle of a transaction holds back nobody for long, a stop least of all. */
import { LIMITS } from '@countersign/contracts/limits';
import { gate } from '@countersign/platform/control-gate';
import { connectDatabase, type Tx } from '@countersign/platform/database';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';

const cleanUp = new AsyncDisposableStack();
let database: TestDatabase;
beforeAll(async () => {
  database = cleanUp.use(await createDatabase());
});
afterAll(() => cleanUp.disposeAsync());

/** Fails (55P03) when somebody holds it back for longer. */
async function setStopWithin(ms: number): Promise<void> {
  const client = new pg.Client({ connectionString: database.url_for('countersign_scheduler') });
  await client.connect();
  try {
    await client.query(`SET lock_timeout = ${ms}`);
    await client.query(`SELECT control.set_switch('drill', 'all', '*', NULL, true, 'drill')`);
  } finally {
    await client.end();
  }
}

/** A service's transaction that takes hold of something, says so, and is never heard of again. */
function hang(take: (tx: Tx) => Promise<unknown>): { taken: Promise<void>; ended: Promise<unknown> } {
  const hung = connectDatabase({ url: database.url_for('countersign_scheduler'), pool: 1, name: 'test' });
  cleanUp.defer(() => hung.close());
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  const never = Promise.withResolvers<never>();
  const work = hung.transaction(async (tx) => {
    await take(tx);
    resolve();
    await Promise.race([never.promise, untilEnded(tx)]);
  });
  return { taken, ended: codeOf(work) };
}

/** Asks nothing for as long as a silence lasts, and then once. */
async function untilEnded(tx: Tx): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LIMITS.silent_transaction_ms * 2));
  await tx.query('SELECT 1');
}

describe('a transaction that falls silent', () => {
  test('under the gate does not hold back a stop for as long as a stop may take, and commits nothing', async () => {
    const { taken, ended } = hang((tx) => gate(tx, ['default']));
    await taken;
    await setStopWithin(LIMITS.stop_ms);
    expect(await ended).toBe('database_unavailable');
  });

  test('with anything that a gate may have to wait for ends as soon', async () => {
    const { taken, ended } = hang((tx) => tx.query(`SELECT pg_advisory_xact_lock(42)`));
    await taken;
    const other = connectDatabase({ url: database.url_for('countersign_approval'), pool: 1, name: 'test' });
    cleanUp.defer(() => other.close());
    await other.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = ${LIMITS.stop_ms}`);
      await tx.query('SELECT pg_advisory_xact_lock(42)');
    });
    expect(await ended).toBe('database_unavailable');
  });

  test('in the middle of a statement ends too, where the server can bound a transaction', async () => {
    const client = new pg.Client({ connectionString: database.url_for('countersign_scheduler') });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query(`SELECT current_setting('transaction_timeout', true) IS NOT NULL AS bounded`);
    if (!rows[0].bounded) return;
    await client.query('BEGIN');
    await client.query(`SELECT control.gate('{}', '{}')`);
    // A Parse without the Sync that would make the server idle: for the server the client is in the midst of speaking.
    const body = Buffer.from('\0SELECT 1\0\0\0', 'latin1');
    const head = Buffer.alloc(5);
    head.write('P');
    head.writeInt32BE(body.length + 4, 1);
    const { stream } = (client as unknown as { connection: { stream: { write(bytes: Buffer): void } } }).connection;
    stream.write(Buffer.concat([head, body]));
    await setStopWithin(4_000);
  });
});
