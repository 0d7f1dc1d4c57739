/**
 * Whether Postgres takes this service's writes and lets it do what it lives on. Reading tells neither: a server with a
 * full disk, or one that only reads, answers every question.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { Database } from './database.ts';
import { errorFields, type Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { prove } from './store-probe.ts';
import type { Sweep } from './sweep.ts';

export type DatabaseProof = {
  name: string;
  database: Database;
  /** Functions of others that it calls, as `schema.name`. */
  functions: readonly string[];
  log: Pick<Logger, 'info' | 'error'>;
  metrics: Pick<Metrics, 'set'>;
  ready(name: string, check: () => Promise<void>): void;
  sweep(name: string, every_ms: number, run: () => Promise<void>): Sweep;
};

/** Writes one row every `database_probe_ms`, which is all that it costs an idle system. */
export function proveDatabase({ name, database, functions, log, metrics, ready, sweep }: DatabaseProof): void {
  let fault: unknown = null;
  const tried = Promise.withResolvers<void>();
  const probe = async (): Promise<void> => {
    try {
      const missing = await prove(database, name, functions);
      if (missing.length > 0) throw new CountersignError('database_unavailable', `not granted: ${missing.join(', ')}`);
      if (fault !== null) log.info('Postgres takes writes again');
      fault = null;
    } catch (thrown) {
      if (fault === null) log.error(errorFields(thrown), 'Postgres takes no writes of this service');
      fault = thrown;
    }
    tried.resolve();
    metrics.set('database_refuses_writes', {}, fault === null ? 0 : 1);
  };
  const looking = sweep('writes to Postgres', LIMITS.database_probe_ms, probe);
  ready('writes to Postgres', async () => {
    await tried.promise;
    if (fault === null) return;
    looking.nudge();
    throw fault;
  });
}
