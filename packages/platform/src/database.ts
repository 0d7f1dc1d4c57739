/** Postgres: one pool per service under its own role. Connection trouble is an outage, never a bug and never silence. */
import { createHash } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import type { PoolClient } from 'pg';
import pg from 'pg';
import { hasMoved, isUnavailable, isUndone, rejectTranslated, translate } from './database-errors.ts';

/** Statements are sent at once and answered in order: those that don't need each other's answers share a round trip. */
export type Tx = {
  query<T extends object = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<T[]>;
  /** In a transaction: the last statement, whose answer is awaited with the commit's. When it fails, nothing commits. */
  defer?(statement: Promise<unknown>): void;
};
export type Database = Tx & {
  /**
   * Commits what `work` did, or nothing. Deadlocks, serialization failures and sessions that were ended for their silence are
   * tried again, so `work` may run twice.
   */
  transaction<R>(work: (tx: Tx) => Promise<R>): Promise<R>;
  close(): Promise<void>;
};

const TRIES = 3;

const names = new Map<string, string>();

const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    if (oid === pg.types.builtins.INT8) return integerOf;
    if (oid === pg.types.builtins.TIMESTAMPTZ) return instantOf;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

type Corkable = { cork(): void; uncork(): void };
const corked = new WeakSet<Corkable>();

export type DatabaseOptions = { url: string; pool: number; name: string; onError?: (error: Error) => void };

/** Milliseconds after which whoever is silent on a connection is asked whether it is there, and how often before it is given up. */
const KEEPALIVE_MS = 5_000;
const KEEPALIVES = 2;

/**
 * A session that falls silent in a transaction ends soon: whatever it holds (a row, a pool's slots, the gate) holds back
 * others, and behind the gate a stop. `control.hold_gate` sets the same, and an end to the transaction as a whole.
 *
 * Every statement here looks up a batch of rows by key. A plan is prepared once, often while its tables are still empty,
 * so scans and hashes of whole tables are ruled out: what was cheapest then would be ruinous later.
 */
const SESSION: readonly (readonly [string, string | number])[] = [
  ['tcp_keepalives_idle', KEEPALIVE_MS / 1_000],
  ['tcp_keepalives_interval', KEEPALIVE_MS / 1_000],
  ['tcp_keepalives_count', KEEPALIVES],
  ['tcp_user_timeout', KEEPALIVE_MS * (KEEPALIVES + 1)],
  ['timezone', 'UTC'],
  ['statement_timeout', 10_000],
  ['lock_timeout', 8_000],
  ['idle_in_transaction_session_timeout', LIMITS.silent_transaction_ms],
  ['enable_seqscan', 'off'],
  ['enable_hashjoin', 'off'],
  ['enable_mergejoin', 'off'],
  // Gathers all of a key's rows before the first one: a page of a listing would read the whole listing.
  ['enable_bitmapscan', 'off'],
  ['jit', 'off'],
  ['plan_cache_mode', 'force_generic_plan'],
];

/** A session of its own, beside the pool: for what lasts as long as it does, notifications and session locks. */
export type Session = Tx & { close(): Promise<void> };

export type SessionOptions = {
  url: string;
  name: string;
  /** The channel it listens on. */
  channel: string;
  onNotify: () => void;
  /** It has ended without `close`; whatever it held is gone. */
  onEnd: () => void;
};

export function connectDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.pool,
    // Known to pg since 8.21 and not yet to its types.
    ...{ pipeline: true },
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    query_timeout: 15_000,
    idleTimeoutMillis: 60_000,
    options: SESSION.map(([name, value]) => `-c ${name}=${value}`).join(' '),
    types: types as never,
  });
  pool.on('error', (error) => options.onError?.(error));
  // A client changes hands with nobody listening for a moment: what a server says as it ends the session may come together
  // with the answer before. Unheard, it would end the process; whoever has the client hears of it by his next statement.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const { query } = txOf(pool);
  return {
    query,
    async transaction(work) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(pool, work);
        } catch (thrown) {
          if (tries >= TRIES || !isUndone(thrown)) throw thrown;
        }
      }
    },
    close: () => pool.end(),
  };
}

/**
 * The answer of a step, or `otherwise` where it met another one that had changed or stored the same: nothing was written then, and
 * whoever asked looks again.
 */
export async function unlessMoved<T>(step: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await step;
  } catch (thrown) {
    if (hasMoved(thrown)) return otherwise;
    throw thrown;
  }
}

export async function connectSession(options: SessionOptions): Promise<Session> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: options.name,
    connectionTimeoutMillis: 3_000,
    query_timeout: 15_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    types: types as never,
  });
  let open = true;
  const end = () => {
    if (open) options.onEnd();
    open = false;
  };
  client.on('error', end);
  client.on('end', end);
  client.on('notification', () => options.onNotify());
  try {
    await client.connect();
    await client.query(`LISTEN ${client.escapeIdentifier(options.channel)}`);
  } catch (thrown) {
    open = false;
    await client.end().catch(() => undefined);
    throw translate(thrown);
  }
  return {
    query: async <T extends object>(text: string, params: readonly unknown[] = []) => {
      try {
        return (await client.query(text, [...params])).rows as T[];
      } catch (thrown) {
        throw translate(thrown);
      }
    },
    async close() {
      open = false;
      await client.end().catch(() => undefined);
    },
  };
}

function txOf(client: PoolClient | pg.Pool): Tx {
  return {
    query: async <T extends object>(text: string, params: readonly unknown[] = []) => {
      try {
        const { rows } = await client.query({ name: nameOf(text), text, values: [...params] });
        return rows as T[];
      } catch (thrown) {
        throw translate(thrown);
      }
    },
  };
}

/** Prepared once per connection: the name is the statement's own hash. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `s${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}

async function attempt<R>(pool: pg.Pool, work: (tx: Tx) => Promise<R>): Promise<R> {
  const client = await pool.connect().catch(rejectTranslated);
  let broken = false;
  let lost: unknown;
  /** When the server dies between two statements the client emits 'error'; unhandled, it would end the process. */
  const onLoss = (error: unknown) => {
    broken = true;
    lost ??= error;
  };
  client.on('error', onLoss);
  try {
    const deferred: Promise<unknown>[] = [];
    const defer = (statement: Promise<unknown>): void => {
      /** Looked at together with the commit; until then it must not become an unhandled rejection. */
      statement.catch(() => undefined);
      deferred.push(statement);
    };
    const { query } = txOf(client);
    const tx: Tx = {
      query(text, params) {
        sendTogether(client);
        return query(text, params);
      },
      defer,
    };
    sendTogether(client);
    defer(client.query('BEGIN').catch(rejectTranslated));
    const result = await work(tx);
    const [{ command }] = await Promise.all([client.query('COMMIT').catch(rejectTranslated), ...deferred]);
    /** Postgres answers ROLLBACK when a statement failed and `work` went on as if it had not: nothing was stored. */
    if (command !== 'COMMIT') throw new Error('a transaction went on past a statement that failed');
    return result;
  } catch (thrown) {
    broken ||= isUnavailable(thrown);
    if (!broken) {
      await client.query('ROLLBACK').catch(() => {
        broken = true;
      });
    }
    // What the server said as it ended the session tells more than the statement that came too late.
    throw isUndone(lost) ? translate(lost) : thrown;
  } finally {
    client.off('error', onLoss);
    client.release(broken);
  }
}

/** All that one turn of the event loop sends leaves in one write: each further statement saves a packet and a wake-up. */
function sendTogether(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Corkable } }).connection;
  if (corked.has(stream)) return;
  corked.add(stream);
  stream.cork();
  process.nextTick(() => {
    corked.delete(stream);
    stream.uncork();
  });
}

/** `2026-01-02 03:04:05.678901+00` → `2026-01-02T03:04:05.678901Z`: microseconds survive. */
function instantOf(text: string): string {
  return text.replace(' ', 'T').replace(/\+00(:00)?$/, 'Z');
}

function integerOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('an int8 beyond 2^53');
  return value;
}
