/**
 * Moves out of the way what nats-server refuses of its own store, so that it starts with an empty one in its place. It
 * deletes nothing: a person may still want to look.
 */

import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isIntake } from '@countersign/contracts/streams';

export type RefusedStream = { account: string; stream: string };

/** The store as nats-server lays it out below the folder that its configuration names. */
const ACCOUNTS = 'jetstream';

/** nats-server stands or falls with these files. `refused` is empty when it said no stream's name. */
export class StoreRefusedError extends Error {
  override readonly name = 'StoreRefusedError';
  readonly refused: readonly RefusedStream[];
  constructor(refused: readonly RefusedStream[], reason: string) {
    super(reason);
    this.refused = refused;
  }
}

/** Answers what to tell a person. The server must not run. `refused`: these streams, or the whole store when empty. */
export function setStoreAside(store_dir: string, refused: readonly RefusedStream[], now = new Date()): string {
  const aside = join(dirname(store_dir), `refused-${now.toISOString().replaceAll(':', '-')}`);
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  if (refused.length === 0) {
    renameSync(store_dir, join(aside, 'store'));
    mkdirSync(store_dir, { recursive: true, mode: 0o700 });
  }
  for (const { account, stream } of refused) {
    const from = join(store_dir, ACCOUNTS, account, 'streams', stream);
    if (existsSync(from)) renameSync(from, join(aside, `${account}-${stream}`));
  }
  const lost = refused.length === 0 || refused.some(({ stream }) => isIntake(stream));
  const what = refused.length === 0 ? 'its store' : refused.map(({ stream }) => stream).join(', ');
  return (
    `nats-server refuses ${what} as it lies on the disk (a power cut can do that). Set aside in ${aside}; ` +
    'an empty one takes its place, and is filled again from Postgres.' +
    (lost ? ' Requests on INTAKE that ingress had not read yet are in what was set aside, and nowhere else.' : '')
  );
}
