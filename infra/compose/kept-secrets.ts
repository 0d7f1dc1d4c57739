// The secrets of a compose system, kept in a volume that only the one-shots see. What was made stays, so that a kept
// database still knows its passwords.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DevelopmentKeys, loadDevelopmentKeys } from '../development-keys.ts';
import { DEVELOPMENT_ROSTER } from '../development-roster.ts';

export type KeptSecrets = {
  keys: DevelopmentKeys;
  /** Of Postgres' superuser. */
  password: string;
};

/** Makes what is missing in `dir`. */
export function loadKeptSecrets(dir: string): KeptSecrets {
  const path = join(dir, 'postgres-password');
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return { keys: loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER), password: readFileSync(path, 'utf8') };
}
