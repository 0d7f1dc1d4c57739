/** Not ready on a database that only answers: one that refuses writes, one without room, one without a grant. */
import { connectDatabase } from '@countersign/platform/database';
import { proveDatabase } from '@countersign/platform/prove-database';
import { startSweep } from '@countersign/platform/sweep';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../harness/build-template.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';

const cleanUp = new AsyncDisposableStack();
let test_database: TestDatabase;
beforeAll(async () => {
  test_database = cleanUp.use(await createDatabase());
});
afterAll(() => cleanUp.disposeAsync());

function asAdmin(text: string) {
  return withClient(test_database.admin_url, (client) => client.query(text));
}

async function prove(functions: string[] = []) {
  const database = connectDatabase({ url: test_database.url_for('countersign_audit'), pool: 1, name: 'audit' });
  const stops = [() => database.close()];
  const gauge: number[] = [];
  let check = async (): Promise<void> => undefined;
  proveDatabase({
    name: 'audit',
    database,
    functions,
    log: { info: () => undefined, error: () => undefined },
    metrics: { set: (_name, _labels, value) => void gauge.push(value) },
    ready: (_name, run) => {
      check = run;
    },
    sweep(_name, every, run) {
      const sweep = startSweep(every, run, () => undefined);
      stops.unshift(() => sweep.stop());
      return sweep;
    },
  });
  const isReady = () =>
    check().then(
      () => true,
      () => false,
    );
  return {
    isReady,
    check: () => check(),
    gauge,
    [Symbol.asyncDispose]: async () => {
      for (const stop of stops) await stop();
    },
  };
}

test('ready where writes come through and every function may be called', async () => {
  await using at = await prove(['ledger.next_window', 'ledger.publish_from']);
  expect(await at.isReady()).toBe(true);
  expect(at.gauge).toEqual([0]);
  const { rows } = await asAdmin('SELECT service FROM control.write_probes');
  expect(rows).toEqual([{ service: 'audit' }]);
});

test('not ready on a server that only reads, and ready again without a restart', async () => {
  const name = new URL(test_database.admin_url).pathname.slice(1);
  await asAdmin(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await using at = await prove();
  await expect(at.check()).rejects.toMatchObject({ code: 'database_unavailable' });
  expect(at.gauge.at(-1)).toBe(1);
  await withClient(test_database.admin_url, async (client) => {
    await client.query('SET default_transaction_read_only = off');
    await client.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename = 'countersign_audit' AND datname = current_database()`,
    );
  });
  await expect.poll(at.isReady).toBe(true);
});

test('not ready without room for a file, however much room the row itself still has', async () => {
  const role = `ALTER ROLE countersign_audit IN DATABASE ${new URL(test_database.admin_url).pathname.slice(1)}`;
  await asAdmin(`${role} SET temp_file_limit = '64kB'`);
  try {
    await using at = await prove();
    await expect(at.check()).rejects.toMatchObject({ code: 'database_unavailable' });
  } finally {
    await asAdmin(`${role} RESET temp_file_limit`);
  }
});

test('not ready without a grant, which is named', async () => {
  await asAdmin('REVOKE EXECUTE ON FUNCTION ledger.publish_from FROM countersign_audit');
  await using at = await prove(['ledger.next_window', 'ledger.publish_from']);
  await expect(at.check()).rejects.toThrow(/not granted: ledger\.publish_from/);
  await asAdmin('GRANT EXECUTE ON FUNCTION ledger.publish_from TO countersign_audit');
  await expect.poll(at.isReady).toBe(true);
});
