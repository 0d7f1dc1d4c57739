/**
 * Takes over the JetStream store of a version without accounts: the server keeps each account's streams in a folder of the
 * account's name, and requests that nobody has read yet would stay behind in the old one.
 */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';

/** The account of a server that is told of none. */
const GLOBAL_ACCOUNT = '$G';

/** Only while the server is stopped. Does nothing where the services' account has a store already. */
export function adoptStore(store_dir: string): void {
  const folderOf = (account: string): string => join(store_dir, 'jetstream', account);
  const [from, to] = [folderOf(GLOBAL_ACCOUNT), folderOf(SERVICES_ACCOUNT)];
  if (existsSync(from) && !existsSync(to)) renameSync(from, to);
}
