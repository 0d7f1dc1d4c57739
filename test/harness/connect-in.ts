/** A connection of a test's own that is closed with the rest of what the test opened. */
import { connectDatabase, type Database } from '@countersign/platform/database';

export function connectIn(cleanUp: AsyncDisposableStack, url: string, pool = 2): Database {
  return cleanUp.adopt(connectDatabase({ url, pool, name: 'test' }), (database) => database.close());
}
