/**
 * Publishes the development bundle, signed with this clone's own key, by the door that users take; an edited folder becomes
 * the active policy at the next start.
 */
import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TrustRoot } from '@countersign/contracts/policy';
import type { Principal } from '@countersign/contracts/rpc';
import type { Database, Tx } from '@countersign/platform/database';
import type { BundleSigner } from '@countersign/policy/build-bundle';
import { openCompiledPolicies } from '@countersign/policy-kernel/compiled-policies';
import { kernelDoor, type PolicyDoor, publishFiles } from '@countersign/policy-kernel/publish-files';
import type { DevelopmentKeys } from './development-keys.ts';
import { DEVELOPMENT_BUNDLE_DIR, DEVELOPMENT_TENANT } from './development-roster.ts';
import { SetUpError } from './set-up-error.ts';

const KEY_ID = 'development';

/** Who publishes before anybody can: no principal of a door, and named as what it is in the ledger. */
const SET_UP: Principal = {
  id: 'set-up',
  type: 'human',
  groups: [],
  owner: null,
  auth_method: 'set_up',
  key_id: null,
};

/** Obeys this clone's one key. */
export function developmentTrustRoot(keys: DevelopmentKeys): TrustRoot {
  return {
    threshold: 1,
    keys: [
      {
        key_id: KEY_ID,
        public_key: keys.bundle.public_key,
        not_before: '2020-01-01T00:00:00Z',
        not_after: '2100-01-01T00:00:00Z',
      },
    ],
  };
}

/** By path within the bundle; dot files are left out. */
export function readBundleFolder(dir: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dir, name);
    if (statSync(path).isFile() && !/(^|\/)\./.test(name)) files[relative(dir, path)] = readFileSync(path, 'utf8');
  }
  return files;
}

export function developmentSigner(keys: DevelopmentKeys): BundleSigner {
  return {
    key_id: KEY_ID,
    secret_key: seedOf(keys.bundle.private_pem),
  };
}

/** Before any service runs: as the kernel's role, by what answers at the kernel's door. Throws SetUpError. */
export async function publishBeforeStart(database: Database, keys: DevelopmentKeys, folder?: string): Promise<void> {
  const compiled = openCompiledPolicies(developmentTrustRoot(keys));
  // A refusal is thrown; the caller prints it.
  const parts = { database, compiled, metrics: { count: () => undefined }, log: { info: ignore, error: ignore } };
  try {
    await publishDevelopmentPolicy(database, kernelDoor(parts, DEVELOPMENT_TENANT, SET_UP), keys, folder);
  } finally {
    await compiled.stop();
  }
}

/** Ends with the year after next, so that a restart does not sign the same folder anew. Throws SetUpError with the faults. */
export async function publishDevelopmentPolicy(
  tx: Tx,
  door: PolicyDoor,
  keys: DevelopmentKeys,
  folder = DEVELOPMENT_BUNDLE_DIR,
): Promise<void> {
  const signer = developmentSigner(keys);
  const year = new Date().getUTCFullYear();
  const validity = { not_before: `${year - 1}-01-01T00:00:00Z`, not_after: `${year + 2}-01-01T00:00:00Z` };
  try {
    await publishFiles(tx, door, readBundleFolder(folder), { tenants: ['*'], signer, ...validity });
  } catch (cause) {
    throw new SetUpError(`${folder}: ${(cause as Error).message}`, { cause });
  }
}

function seedOf(pem: string): Uint8Array {
  return Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d as string, 'base64url');
}

function ignore(): void {}
