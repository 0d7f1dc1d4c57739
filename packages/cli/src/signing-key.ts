/**
 * The Ed25519 keys that sign bundles: made, kept in a file that only its owner may read, and read back. A private key is
 * never printed, and never taken from the command line, where others could list it.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { basename } from 'node:path';
import { isToken } from '@countersign/contracts/names';
import type { TrustRoot } from '@countersign/contracts/policy';
import { type BundleSigner, publicKeyOf } from '@countersign/policy/build-bundle';
import { UsageError } from './exit-codes.ts';
import { nameOf, readText, writeText } from './read-file.ts';

const OWNER_ALONE = 0o600;

export type TrustedKey = TrustRoot['keys'][number];

/** Writes the private key as PKCS#8 PEM and returns what a trust root says of it. Never overwrites a key. */
export function createSigningKey(path: string, entry: Omit<TrustedKey, 'public_key'>): TrustedKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  writeText(path, pem, { mode: OWNER_ALONE, exclusive: true });
  const { key_id, not_before, not_after } = entry;
  return { key_id, public_key: publicKey.export({ format: 'jwk' }).x as string, not_before, not_after };
}

/** `path` may be `-` for standard input. A key's id is its file's name, unless it is given. */
export function readSigner(path: string, key_id: string | undefined): BundleSigner {
  const id = key_id ?? basename(path).replace(/\.[^.]*$/, '');
  if (!isToken(id)) throw new UsageError(`--key-id is needed: ${nameOf(path)} does not name the key`);
  const key = parseKey(readText(path).trim());
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new UsageError(`${nameOf(path)} holds no Ed25519 private key (PKCS#8, as keygen writes it)`);
  return { key_id: id, secret_key: Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url') };
}

/** Signing under somebody else's name would be refused by the kernel; it is said here already. Throws UsageError. */
export async function requireTrusted(signer: BundleSigner, root: TrustRoot): Promise<void> {
  const public_key = await publicKeyOf(signer.secret_key);
  const known = root.keys.find(({ key_id }) => key_id === signer.key_id);
  const ids = root.keys.map(({ key_id }) => key_id).join(', ');
  if (known === undefined) throw new UsageError(`the trust root names no key ${signer.key_id}; it names ${ids}`);
  if (known.public_key !== public_key)
    throw new UsageError(`wrong key: it is not the one that the trust root names ${signer.key_id}`);
}

/** PEM, or the same in one line: DER in base64url. */
function parseKey(text: string): KeyObject | null {
  try {
    if (text.startsWith('-----')) return createPrivateKey(text);
    return createPrivateKey({ key: Buffer.from(text, 'base64url'), format: 'der', type: 'pkcs8' });
  } catch {
    return null;
  }
}
