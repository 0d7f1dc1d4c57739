/**
 * Postgres as the services see it: values in the shapes that contracts name, all or nothing, and every trouble of the
 * connection an outage, while what a statement or its caller did wrong stays what it is.
 */

import { execFileSync } from 'node:child_process';
import { instant } from '@countersign/contracts/names';
import { waitUntil } from '@countersign/infra/wait-until';
import { connectDatabase, type Database } from '@countersign/platform/database';
import { TextArray } from '@countersign/platform/text-array';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { createDatabase } from '../../harness/create-database.ts';

const cleanUp = new AsyncDisposableStack();
let url: string;
let database: Database;
let other: Database;

function open(pool = 4, onError: (error: Error) => void = () => {}): Database {
  const opened = connectDatabase({ url, pool, name: 'test', onError });
  cleanUp.defer(() => opened.close());
  return opened;
}
beforeAll(async () => {
  url = cleanUp.use(await createDatabase()).admin_url;
  database = open();
  other = open();
  await database.query('CREATE TABLE counts (id int PRIMARY KEY, n int NOT NULL)');
});
afterAll(() => cleanUp.disposeAsync());
beforeEach(async () => {
  await database.query('DELETE FROM counts');
  await database.query('INSERT INTO counts VALUES (1, 0), (2, 0)');
});

async function read<T>(expression: string, params: unknown[] = []): Promise<T> {
  const [row] = await database.query<{ value: T }>(`SELECT ${expression} AS value`, params);
  return row!.value;
}

async function countOf(id: number): Promise<number> {
  const [row] = await other.query<{ n: number }>('SELECT n FROM counts WHERE id = $1', [id]);
  return row!.n;
}

function add(id: number): [string, unknown[]] {
  return ['UPDATE counts SET n = n + 1 WHERE id = $1', [id]];
}

function raise(code: string): string {
  return `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; END $$`;
}

async function sqlstateOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (thrown: unknown) => (thrown as { code: string }).code,
  );
}

function endServerWhileNothingIsRead(pid: number): void {
  const program = `
    import pg from 'pg';
    const client = new pg.Client({ connectionString: process.argv[1] });
    await client.connect();
    const idle = async () =>
      (await client.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'idle'", [process.argv[2]])).rowCount;
    while (!(await idle()));
    await client.query('SELECT pg_terminate_backend($1, 5000)', [process.argv[2]]);
    await client.end();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', program, url, String(pid)], { timeout: 20_000 });
}

function endServerOf(pid: number): Promise<unknown> {
  return other.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
}

function untilServerEnded(pid: number): Promise<unknown> {
  return waitUntil(
    'the session is ended',
    async () => (await other.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).length === 0,
  );
}

describe('values', () => {
  test('int8 is a number as long as it is exact, and an error beyond', async () => {
    expect(await read('$1::int8', [Number.MAX_SAFE_INTEGER])).toBe(Number.MAX_SAFE_INTEGER);
    expect(await read('(-9007199254740991)::int8')).toBe(-9007199254740991);
    expect(await read('count(*)')).toBe(1);
    await expect(read('9007199254740992::int8')).rejects.toThrow(RangeError);
    expect(await read('1::int8')).toBe(1);
  });

  test('timestamptz is RFC 3339 in UTC, to the microsecond, whatever zone it was written in', async () => {
    const written = '2026-01-02T03:04:05.678901Z';
    expect(await read('$1::timestamptz', [written])).toBe(written);
    expect(await read("'2026-01-02 05:04:05.678901+02'::timestamptz")).toBe(written);
    expect(await read("'2026-01-02 03:04:05+00'::timestamptz")).toBe('2026-01-02T03:04:05Z');
    expect(instant.safeParse(await read('clock_timestamp()')).success).toBe(true);
  });

  test('bytea is the bytes, jsonb is parsed, null is null', async () => {
    const bytes = Buffer.from([0, 1, 0xff, 0x5c, 0x27]);
    expect(await read('$1::bytea', [bytes])).toEqual(bytes);
    expect(await read(`'{"a":[1,"ü"]}'::jsonb`)).toEqual({ a: [1, 'ü'] });
    expect(await read('NULL::timestamptz')).toBeNull();
  });

  test('texts in binary are the texts, each a text or null, and no array is an empty one', async () => {
    const texts = ['{"a":"\\"b\\\\"}', '', null, '{NULL}', 'NULL', ',"\u0001%', 'ü€😀', 'x'.repeat(100_000), '\n'];
    expect(await read('$1::text[]', [new TextArray(texts)])).toEqual(texts);
    expect(await read('$1::text[] = $2::text[]', [new TextArray(texts), texts])).toBe(true);
    expect(await read('$1::text[] = $2', [new TextArray([]), []])).toBe(true);
    expect(await sqlstateOf(read('$1::text[]', [new TextArray(['a\0b'])]))).toBe('22021');
    expect(await sqlstateOf(read('$1::uuid[]', [new TextArray(['a'])]))).toBe('42804');
  });
});

describe('a transaction', () => {
  test('commits what was done, and hands on what it returned', async () => {
    expect(await database.transaction(async (tx) => (await tx.query(...add(1))).length)).toBe(0);
    expect(await countOf(1)).toBe(1);
  });

  test('undoes everything when its work throws, and throws that', async () => {
    const reason = new Error('the connection is closed after a timeout');
    const failed = database.transaction(async (tx) => {
      await tx.query(...add(1));
      throw reason;
    });
    // Words of a bug are no outage.
    await expect(failed).rejects.toBe(reason);
    expect(await countOf(1)).toBe(0);
  });

  test('that goes on past a failed statement is no success', async () => {
    const deceived = database.transaction(async (tx) => {
      await tx.query(...add(1));
      await tx.query('SELECT 1 / 0').catch(() => {});
      return 'done';
    });
    await expect(deceived).rejects.toThrow('went on past a statement that failed');
    expect(await countOf(1)).toBe(0);
    await database.transaction((tx) => tx.query(...add(1)));
  });

  test('whose deferred last statement fails commits nothing, and throws what failed', async () => {
    const work = database.transaction(async (tx) => {
      await tx.query(...add(1));
      tx.defer!(tx.query('INSERT INTO counts VALUES (2, 0)'));
      return 'as if all were well';
    });
    await expect(work).rejects.toMatchObject({ code: '23505' });
    expect(await countOf(1)).toBe(0);
  });

  test('statements sent together are carried out in order, and each gets its own answer', async () => {
    const answers = await database.transaction((tx) =>
      Promise.all([
        tx.query('UPDATE counts SET n = 5 WHERE id = 1'),
        tx.query<{ n: number }>('SELECT n FROM counts WHERE id = 1'),
        tx.query<{ n: number }>('SELECT n FROM counts WHERE id = 2'),
      ]),
    );
    expect(answers).toEqual([[], [{ n: 5 }], [{ n: 0 }]]);
  });

  test('caught in a deadlock is run again, and both end', async () => {
    const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let runs = 0;
    const cross = (first: number, second: number, mine: number) =>
      database.transaction(async (tx) => {
        runs += 1;
        await tx.query("SET LOCAL deadlock_timeout = '20ms'");
        await tx.query(...add(first));
        arrived[mine]!.resolve();
        await arrived[1 - mine]!.promise;
        await tx.query(...add(second));
      });
    await Promise.all([cross(1, 2, 0), cross(2, 1, 1)]);
    expect([await countOf(1), await countOf(2)]).toEqual([2, 2]);
    expect(runs).toBeGreaterThan(2);
  });

  test.each(['another statement', 'nothing but the commit'])(
    'whose session was ended for its silence before %s is run again, and stored once',
    async (what) => {
      let runs = 0;
      await database.transaction(async (tx) => {
        runs += 1;
        if (runs === 1) await tx.query("SET LOCAL idle_in_transaction_session_timeout = '20ms'");
        await tx.query(...add(1));
        const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        if (runs === 1) await untilServerEnded(row!.pid);
        if (what === 'another statement') await tx.query(...add(2));
      });
      expect([await countOf(1), await countOf(2)]).toEqual([1, what === 'another statement' ? 1 : 0]);
      expect(runs).toBeGreaterThan(1);
    },
  );

  test('that cannot be serialized is tried three times, and no more', async () => {
    let runs = 0;
    const work = database.transaction(async (tx) => {
      runs += 1;
      await tx.query(raise('40001'));
    });
    expect(await sqlstateOf(work)).toBe('40001');
    expect(runs).toBe(3);
  });
});

describe('trouble', () => {
  test.each([
    '08006',
    '08P01',
    '53100',
    '53300',
    '53200',
    '58030',
    '58P01',
    '57P01',
    '57P03',
    '57014',
    '55P03',
    '25P03',
    '25P04',
  ])('with SQLSTATE %s is an outage', async (code) => {
    expect(await codeOf(database.query(raise(code)))).toBe('database_unavailable');
    expect(await codeOf(database.transaction((tx) => tx.query(raise(code))))).toBe('database_unavailable');
  });

  test.each(['23505', '42501', 'P0001', '22P02', '40P01', 'CS001', '57000'])(
    'with SQLSTATE %s stays what it is',
    async (code) => {
      expect(await sqlstateOf(database.query(raise(code)))).toBe(code);
      expect(await sqlstateOf(database.transaction((tx) => tx.query(raise(code))))).toBe(code);
    },
  );

  test('of a statement that takes too long is an outage', async () => {
    const slow = database.transaction(async (tx) => {
      await tx.query("SET LOCAL statement_timeout = '30ms'");
      await tx.query('SELECT pg_sleep(10)');
    });
    expect(await codeOf(slow)).toBe('database_unavailable');
  });

  test.each(['another statement', 'nothing but the commit'])(
    'when the server’s process dies and there comes %s: an outage, nothing stored, the next one works',
    async (what) => {
      const died = database.transaction(async (tx) => {
        await tx.query(...add(1));
        const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await endServerOf(row!.pid);
        if (what === 'another statement') await tx.query(...add(2));
      });
      expect(await codeOf(died)).toBe('database_unavailable');
      expect([await countOf(1), await countOf(2)]).toEqual([0, 0]);
      await database.transaction((tx) => tx.query(...add(1)));
      expect(await countOf(1)).toBe(1);
    },
  );

  test('that comes in one read with an answer, as the connection changes hands, ends no process', async () => {
    const one = open(1);
    const [row] = await one.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const uncaught: unknown[] = [];
    const hear = (thrown: unknown) => uncaught.push(thrown);
    process.on('uncaughtException', hear);
    const answered = one.query('SELECT 1 AS one');
    const waits = codeOf(one.transaction((tx) => tx.query('SELECT 2')));
    // Let the first leave, then read nothing until the server has answered it and ended the session.
    await new Promise((resolve) => setImmediate(resolve));
    endServerWhileNothingIsRead(row!.pid);
    expect(await answered).toEqual([{ one: 1 }]);
    expect(await waits).toBe('database_unavailable');
    expect(await one.query('SELECT 3 AS three')).toEqual([{ three: 3 }]);
    process.off('uncaughtException', hear);
    expect(uncaught).toEqual([]);
  });

  test('of an idle connection is told, and what was prepared on it is prepared again on the next', async () => {
    const errors: Error[] = [];
    const single = open(1, (error) => void errors.push(error));
    const ask = () => single.query<{ n: number; pid: number }>('SELECT $1::int AS n, pg_backend_pid() AS pid', [7]);
    const [first] = await ask();
    expect((await ask())[0]!.pid).toBe(first!.pid);
    await endServerOf(first!.pid);
    await waitUntil('the pool hears of it', () => errors.length === 1);
    const [second] = await ask();
    expect(second!.n).toBe(7);
    expect(second!.pid).not.toBe(first!.pid);
  });
});

test('a plan never reads a whole table, not even one that was empty when it was made', async () => {
  const [row] = await database.query<{ scan: string }>("SELECT current_setting('enable_seqscan') AS scan");
  expect(row!.scan).toBe('off');
});
