/**
 * The secrets of a compose system, kept in a volume that only the one-shots see. What was made stays, so that a kept
 * database still knows its passwords.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DevelopmentKeys, loadDevelopmentKeys } from '../development-keys.ts';
import { DEVELOPMENT_ROSTER } from '../development-roster.ts';

export type KeptSecrets = {
  keys: DevelopmentKeys;
  /** Of Postgres' superuser. */
  password: string;
  /** Of the example's own role in Postgres. */
  desk_password: string;
};

/** Makes what is missing in `dir`. */
export function loadKeptSecrets(dir: string): KeptSecrets {
  return {
    keys: loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER),
    password: keepPassword(join(dir, 'postgres-password')),
    desk_password: keepPassword(join(dir, 'desk-password')),
  };
}

function keepPassword(path: string): string {
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8');
}
