// Who takes part in the development system besides the services: one worker in each pool of the development bundle, one
// tenant whose agents use the bus, one whose evidence is followed there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { poolsSource } from '@countersign/contracts/policy';
import { parse } from 'yaml';
import type { Roster } from './nats/permissions.ts';
import { PROJECT_DIR } from './project-folders.ts';

export const DEVELOPMENT_TENANT = 'default';
export const DEVELOPMENT_BUNDLE_DIR = join(PROJECT_DIR, 'examples/policies/development');
/** Name of the one worker in each pool. */
export const DEVELOPMENT_WORKER = 'w1';

/** Ids of the pools in the development bundle. */
export const developmentPools = (): string[] => {
  const text = readFileSync(join(DEVELOPMENT_BUNDLE_DIR, 'pools.yaml'), 'utf8');
  return poolsSource.parse(parse(text)).pools.map((pool) => pool.id);
};

export const DEVELOPMENT_ROSTER: Roster = {
  workers: developmentPools().map((pool) => ({ pool, worker: DEVELOPMENT_WORKER })),
  tenants: [DEVELOPMENT_TENANT],
  auditors: [DEVELOPMENT_TENANT],
};
