/**
 * Who takes part in the development system besides the services: one worker in each pool of the development bundle, one
 * tenant whose agents use the bus, one whose evidence is followed there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BusUser } from '@countersign/contracts/bus-users';
import { poolsSource } from '@countersign/contracts/policy-pools';
import { parse } from 'yaml';
import { PROJECT_DIR } from './project-folders.ts';

export const DEVELOPMENT_TENANT = 'default';
export const DEVELOPMENT_BUNDLE_DIR = join(PROJECT_DIR, 'examples/policies/development');
/** Name of the one worker in each pool. */
export const DEVELOPMENT_WORKER = 'w1';

export type Roster = {
  workers: readonly { pool: string; worker: string }[];
  /** Tenants whose agents use the bus. */
  tenants: readonly string[];
  /** Tenants whose evidence somebody follows on the bus. */
  auditors: readonly string[];
};

export const DEVELOPMENT_ROSTER: Roster = {
  workers: developmentPools().map((pool) => ({ pool, worker: DEVELOPMENT_WORKER })),
  tenants: [DEVELOPMENT_TENANT],
  auditors: [DEVELOPMENT_TENANT],
};

/** Ids of the pools in the development bundle. */
export function developmentPools(): string[] {
  const text = readFileSync(join(DEVELOPMENT_BUNDLE_DIR, 'pools.yaml'), 'utf8');
  return poolsSource.parse(parse(text)).pools.map((pool) => pool.id);
}

/** Each of them, as the registry knows it. */
export function busUsersOf({ workers, tenants, auditors }: Roster): BusUser[] {
  return [
    ...workers.map((each) => ({ kind: 'worker' as const, ...each })),
    ...tenants.map((tenant) => ({ kind: 'agent' as const, tenant })),
    ...auditors.map((tenant) => ({ kind: 'auditor' as const, tenant })),
  ];
}
