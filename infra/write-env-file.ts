/**
 * Writes the development keys and addresses where a shell can source them. The only file that holds them together, so
 * nobody but its owner may read it.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `.dev/env` tells, in this order. */
const DEV_ENV_NAMES = [
  'COUNTERSIGN_URL',
  'COUNTERSIGN_METRICS_URL',
  'COUNTERSIGN_NATS_URL',
  'COUNTERSIGN_DATABASE_URL',
  'COUNTERSIGN_TENANT',
  'COUNTERSIGN_SCHEDULER_KEY',
  'AGENT_KEY',
  'APPROVER_KEY',
  'APPROVER2_KEY',
  'ADMIN_KEY',
  'AUDITOR_KEY',
  'AGENT_SIGNING_KEY',
  'AGENT_NKEY',
  'AUDITOR_NKEY',
  'LOG_VKEY',
  'POLICY_SIGNING_KEY',
] as const;

export type DevEnv = Record<(typeof DEV_ENV_NAMES)[number], string>;

/** Replaces the file as a whole and returns its path. */
export function writeEnvFile(dir: string, values: Partial<DevEnv>): string {
  const path = join(dir, 'env');
  const given = DEV_ENV_NAMES.filter((name) => values[name] !== undefined);
  const lines = given.map((name) => `${name}=${quote(values[name]!)}`);
  writeFileSync(`${path}.new`, `${lines.join('\n')}\nexport ${given.join(' ')}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return path;
}

function quote(value: string): string {
  return /^[\w:/.@+=-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
