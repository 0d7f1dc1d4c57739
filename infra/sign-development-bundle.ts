// Builds the development bundle from its folder and signs it with this clone's own key. Its version is the time of
// signing, so that an edited folder becomes the active policy at the next start.
import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TrustRoot } from '@countersign/contracts/policy';
import { buildBundle, signBundle } from '@countersign/policy/build-bundle';
import type { DevelopmentKeys } from './development-keys.ts';
import { DEVELOPMENT_BUNDLE_DIR } from './development-roster.ts';
import { SetUpError } from './set-up-error.ts';

const KEY_ID = 'development';
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Obeys this clone's one key. */
export const developmentTrustRoot = (keys: DevelopmentKeys): TrustRoot => ({
  threshold: 1,
  keys: [
    {
      key_id: KEY_ID,
      public_key: keys.bundle.public_key,
      not_before: '2020-01-01T00:00:00Z',
      not_after: '2100-01-01T00:00:00Z',
    },
  ],
});

/** By path within the bundle; dot files are left out. */
export function readBundleFolder(dir: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dir, name);
    if (statSync(path).isFile() && !/(^|\/)\./.test(name)) files[relative(dir, path)] = readFileSync(path, 'utf8');
  }
  return files;
}

const seedOf = (pem: string): Uint8Array =>
  Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d as string, 'base64url');

/** Throws SetUpError that names each fault when the folder does not compile. Returns the signed document's text. */
export async function signDevelopmentBundle(keys: DevelopmentKeys, dir = DEVELOPMENT_BUNDLE_DIR): Promise<string> {
  const now = Date.now();
  const built = await buildBundle(readBundleFolder(dir), {
    version: Math.floor(now / 1000),
    tenants: ['*'],
    not_before: instant(now - 60_000),
    not_after: instant(now + YEAR_MS),
  });
  if (!built.ok)
    throw new SetUpError(
      `the policy in ${dir} does not compile:\n${built.faults.map((fault) => `  ${JSON.stringify(fault)}`).join('\n')}`,
    );
  return JSON.stringify(
    await signBundle(built.document, { key_id: KEY_ID, secret_key: seedOf(keys.bundle.private_pem) }),
  );
}
