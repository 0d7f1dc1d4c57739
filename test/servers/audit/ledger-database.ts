/** A migrated database with connections under the services' own roles, as the ledger sees its writers. */
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import type { Database, Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import pg from 'pg';
import { connectIn } from '../../harness/connect-in.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';

export type LedgerDatabase = AsyncDisposable & {
  test: TestDatabase;
  as(role: string): Database;
  admin: Database;
  /** One connection, for transactions that overlap under the test's hand. */
  session(role: string): Promise<Session>;
};

export type Session = Tx & {
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Server process, as `pg_locks` names it. */
  pid: number;
};

export async function openLedger(): Promise<LedgerDatabase> {
  const cleanUp = new AsyncDisposableStack();
  const test = cleanUp.use(await createDatabase());
  const opened = new Map<string, Database>();
  const connectTo = (url: string): Database => connectIn(cleanUp, url, 8);
  return {
    test,
    admin: connectTo(test.admin_url),
    as(role) {
      if (!opened.has(role)) opened.set(role, connectTo(test.url_for(`countersign_${role}`)));
      return opened.get(role)!;
    },
    async session(role) {
      const client = new pg.Client({ connectionString: test.url_for(`countersign_${role}`) });
      await client.connect();
      cleanUp.defer(() => client.end());
      const run = async (text: string): Promise<void> => void (await client.query(text));
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      return {
        pid: rows[0]!.pid,
        query: async <T>(text: string, params: readonly unknown[] = []) =>
          (await client.query(text, [...params])).rows as T[],
        begin: () => run('BEGIN'),
        commit: () => run('COMMIT'),
        rollback: () => run('ROLLBACK'),
      };
    },
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
}

export function entry(chain: string, kind = 'job_admitted', body: Record<string, unknown> = {}): NewEntry {
  return {
    chain,
    kind,
    tenant: 'acme',
    topic: 'job.desk.read',
    body,
  };
}

export function appendAll(database: Database, entries: readonly NewEntry[]): Promise<void> {
  return database.transaction((tx) => append(tx, entries));
}

/** SQLSTATE of the refusal, or null when nothing was refused. */
export async function refusalOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

/** Resolves when the session waits for a lock. */
export async function untilWaiting(admin: Tx, { pid }: Session): Promise<void> {
  for (;;) {
    const waiting = await admin.query('SELECT 1 FROM pg_locks WHERE pid = $1 AND NOT granted', [pid]);
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
