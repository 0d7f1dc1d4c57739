/**
 * What one job costs the servers, by their own counts: statements and commits of Postgres, bytes of its log, messages of
 * nats-server. One job at a time, so that nothing shares a batch; what an idle system does meanwhile is taken off.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

export type Costs = {
  /** Null where the server cannot count them (pg_stat_statements is not loaded). */
  statements: number | null;
  commits: number;
  wal_bytes: number;
  /** In and out. */
  messages: number;
};
export type Counted = { per_job: Costs; idle_per_s: Costs };

type Counts = Costs & { at_ms: number };
type CountedSystem = {
  admin_url: string;
  monitor_url: string;
  /** Submits one job and returns its id. */
  submit(): Promise<string>;
};

/** Idle backends report what they did within ten seconds. */
const REPORTED_MS = 11_000;
const WARM_UP = 30;
/** Messages are counted in so many parts, of which the least counts: pings and repeated questions only ever add. */
const PARTS = 4;
/** A job whose end does not come: as far as it matters here, never. */
const PATIENCE_MS = 30_000;

/** Reads the servers' counts; what it asks itself it leaves out. */
class Meter {
  readonly #client: pg.Client;
  readonly #monitor_url: string;
  #asked = 0;
  #counts_statements: boolean | null = null;

  constructor(client: pg.Client, monitor_url: string) {
    this.#client = client;
    this.#monitor_url = monitor_url;
  }

  async #ask<T extends pg.QueryResultRow>(text: string, params: unknown[] = []): Promise<T[]> {
    this.#asked += 1;
    return (await this.#client.query<T>(text, params)).rows;
  }

  async #untilNone(what: string, text: string, params: unknown[] = []): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; ; ) {
      if ((await this.#ask(text, params)).length === 0) return;
      if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
      await pause(10);
    }
  }

  untilEnded(job_id: string): Promise<void> {
    return this.#untilNone(
      `job ${job_id} ends`,
      `SELECT WHERE NOT EXISTS (SELECT FROM scheduler.jobs WHERE job_id = $1 AND state = 'succeeded')`,
      [job_id],
    );
  }

  /** Everything is sealed and published, and every backend has reported what it did. */
  async untilQuiet(): Promise<void> {
    await this.#untilNone(
      'all is published',
      `SELECT FROM ledger.published p WHERE p.next_leaf < ledger.leaf_count()
         OR (SELECT max(id) FROM ledger.entry_rows) > (SELECT max(up_to_id) FROM ledger.sealed_leaves)`,
    );
    await pause(REPORTED_MS);
  }

  async read(): Promise<Counts> {
    this.#counts_statements ??=
      (await this.#ask(`SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'`)).length > 0;
    const [row] = await this.#ask<{ commits: string; wal: string }>(
      `SELECT xact_commit::text AS commits, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS wal
         FROM pg_stat_database WHERE datname = current_database()`,
    );
    const statements = this.#counts_statements ? await this.#statements() : null;
    return {
      at_ms: performance.now(),
      statements,
      commits: Number(row!.commits) - this.#asked,
      wal_bytes: Number(row!.wal),
      messages: await this.messages(),
    };
  }

  /** In and out, so far. */
  async messages(): Promise<number> {
    const varz = (await (await fetch(`${this.#monitor_url}/varz`)).json()) as { in_msgs: number; out_msgs: number };
    return varz.in_msgs + varz.out_msgs;
  }

  /** Of the services' roles: the meter is the superuser. */
  async #statements(): Promise<number> {
    const [row] = await this.#ask<{ calls: string }>(
      `SELECT coalesce(sum(s.calls), 0)::text AS calls FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
        WHERE r.rolname LIKE 'countersign_%'`,
    );
    return Number(row!.calls);
  }
}

/** Of a cluster of its own that has no other databases in use; loads the extension, for which the server must restart. */
export async function loadStatementCounter(admin_url: string, restart: () => Promise<void>): Promise<void> {
  const run = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: admin_url });
    await client.connect();
    await client.query(text).finally(() => client.end());
  };
  await run(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
  // It writes when it likes, and nothing of a job's.
  await run('ALTER SYSTEM SET autovacuum = off');
  await restart();
  await run('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
}

/** `jobs`: how many are counted, one after the other; a multiple of four. `idle_ms`: for how long an idle system is watched. */
export async function countCosts(system: CountedSystem, jobs: number, idle_ms = 5_000): Promise<Counted> {
  const client = new pg.Client({ connectionString: system.admin_url });
  await client.connect();
  try {
    const meter = new Meter(client, system.monitor_url);
    for (let i = 0; i < WARM_UP; i += 1) await meter.untilEnded(await system.submit());
    await meter.untilQuiet();
    const before = await meter.read();
    await pause(idle_ms);
    await pause(REPORTED_MS);
    const idle = await meter.read();
    const parts: { messages: number; at_ms: number }[] = [idle];
    for (let i = 1; i <= jobs; i += 1) {
      await meter.untilEnded(await system.submit());
      if (i % (jobs / PARTS) === 0) parts.push({ at_ms: performance.now(), messages: await meter.messages() });
    }
    await meter.untilQuiet();
    const after = await meter.read();
    const idle_per_s = perSecond(before, idle);
    const messages = parts.slice(1).map((part, i) => {
      const idle_messages = (idle_per_s.messages * (part.at_ms - parts[i]!.at_ms)) / 1000;
      return (part.messages - parts[i]!.messages - idle_messages) / (jobs / PARTS);
    });
    const seconds = (after.at_ms - idle.at_ms) / 1000;
    const of = (key: 'commits' | 'wal_bytes'): number => (after[key] - idle[key] - idle_per_s[key] * seconds) / jobs;
    const statements =
      after.statements === null
        ? null
        : (after.statements - idle.statements! - idle_per_s.statements! * seconds) / jobs;
    return {
      idle_per_s,
      per_job: { statements, commits: of('commits'), wal_bytes: of('wal_bytes'), messages: Math.min(...messages) },
    };
  } finally {
    await client.end();
  }
}

function perSecond(before: Counts, after: Counts): Costs {
  const seconds = (after.at_ms - before.at_ms) / 1000;
  const of = (key: 'commits' | 'wal_bytes' | 'messages'): number => (after[key] - before[key]) / seconds;
  const statements = after.statements === null ? null : (after.statements - before.statements!) / seconds;
  return { statements, commits: of('commits'), wal_bytes: of('wal_bytes'), messages: of('messages') };
}
