/**
 * The servers under everything: one nats-server and one Postgres on free loopback ports, their data kept in `dir`.
 * What runs on them, and with which rights, is decided elsewhere.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findNatsServer } from './find-nats-server.ts';
import { findPostgresBinaries } from './find-postgres-binaries.ts';
import { adoptStore } from './nats/adopt-store.ts';
import { removePostgresCluster } from './open-postgres-cluster.ts';
import {
  type NatsHandle,
  type NatsServerOptions,
  natsProcess,
  runNatsServer,
  stopLeftoverNats,
} from './run-nats-server.ts';
import { type PostgresHandle, runPostgres, useGivenPostgres } from './run-postgres.ts';

type StackOptions = {
  /** An absolute folder; made when it isn't there. */
  dir: string;
  /** Deletes the kept data first. A Postgres given by `database_url` is left as it is. */
  fresh: boolean;
  mode: 'dev' | 'test';
  /** The superuser's URL of a Postgres to use instead of an own one. */
  database_url?: string | undefined;
  renderNats: NatsServerOptions['render'];
};

export type Stack = AsyncDisposable & { nats: NatsHandle; postgres: PostgresHandle };

export async function startLocalStack(options: StackOptions): Promise<Stack> {
  const { dir, mode, database_url } = options;
  const natsDir = join(dir, 'nats');
  mkdirSync(dir, { recursive: true });
  // Postgres may run as another user, who has to pass through, not look around.
  chmodSync(dir, 0o711);
  const program = natsProcess(await findNatsServer());
  if (options.fresh) await removeData(dir, natsDir, database_url);

  const servers = new AsyncDisposableStack();
  try {
    const postgres = servers.use(database_url ? useGivenPostgres(database_url) : await runPostgres({ dir, mode }));
    await stopLeftoverNats(natsDir);
    adoptStore(join(natsDir, 'jetstream'));
    const nats = servers.use(await runNatsServer({ program, dir: natsDir, render: options.renderNats }));
    return { nats, postgres, [Symbol.asyncDispose]: () => servers.disposeAsync() };
  } catch (error) {
    await servers.disposeAsync();
    throw error;
  }
}

async function removeData(dir: string, natsDir: string, database_url: string | undefined): Promise<void> {
  if (!database_url) await removePostgresCluster(dir, findPostgresBinaries());
  await stopLeftoverNats(natsDir);
  rmSync(natsDir, { recursive: true, force: true });
}
