/** The log's own name and keys, as its settings give them. Private keys never leave this process. */
import { createPrivateKey, sign } from 'node:crypto';
import type { NoteSigner } from '@countersign/ledger/checkpoint';
import { rawPublicKey } from '@countersign/platform/ed25519-keys';
import { z } from 'zod';

/** Old and new beside each other while a key is changed, and no more. */
const MOST_KEYS = 4;
const PEM = /-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END PRIVATE KEY-----/g;

/** C2SP: a name in a note holds neither spaces nor a plus. */
export const logOrigin = z.string().regex(/^[A-Za-z0-9._/:-]{1,200}$/, 'must be a name such as ledger.example.com');

/** Each a PKCS#8 PEM of an Ed25519 key, one behind the other; all of them sign. */
export const logKeys = z.string().refine((text) => readKeys(text) !== null, {
  message: `must be 1 to ${MOST_KEYS} Ed25519 keys as PKCS#8 PEM`,
});

/** The signers in the log's name. `keys` was checked by `logKeys`. */
export function logSigners(origin: string, keys: string): [NoteSigner, ...NoteSigner[]] {
  const signers = readKeys(keys)!.map(
    (key): NoteSigner => ({
      name: origin,
      public_key: Buffer.from(rawPublicKey(key), 'base64url'),
      sign: (message) => sign(null, message, key),
    }),
  );
  return signers as [NoteSigner, ...NoteSigner[]];
}

function readKeys(text: string): ReturnType<typeof createPrivateKey>[] | null {
  const blocks = text.match(PEM) ?? [];
  if (blocks.length === 0 || blocks.length > MOST_KEYS || text.replaceAll(PEM, '').trim() !== '') return null;
  try {
    const keys = blocks.map((pem) => createPrivateKey(pem));
    return keys.every(({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519') ? keys : null;
  } catch {
    return null;
  }
}
