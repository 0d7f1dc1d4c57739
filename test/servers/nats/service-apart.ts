/** What stands around one service that a test starts by itself: a database, a nats-server, and connections as anybody. */
import { type Bus, connectBus } from '@countersign/platform/bus';
import type { Database } from '@countersign/platform/database';
import { connectIn } from '../../harness/connect-in.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';
import { type GuardedNats, startGuardedNats } from './connect-as.ts';

type Surroundings = {
  test_database: TestDatabase;
  nats: GuardedNats;
  databaseAs(url: string): Database;
  busAs(user: string): Promise<Bus>;
};

/** All of it ends with `cleanUp`. */
export async function openSurroundings(
  cleanUp: AsyncDisposableStack,
  workers: { pool: string; worker: string }[] = [],
): Promise<Surroundings> {
  const test_database = cleanUp.use(await createDatabase());
  const nats = cleanUp.use(await startGuardedNats({ workers, tenants: [], auditors: [] }));
  return {
    test_database,
    nats,
    databaseAs: (url) => connectIn(cleanUp, url, 4),
    async busAs(user) {
      const bus = await connectBus({ servers: nats.server.url, nkey_seed: nats.seedOf(user), user });
      cleanUp.defer(() => bus.close());
      return bus;
    },
  };
}
