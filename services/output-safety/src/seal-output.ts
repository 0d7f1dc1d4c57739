/** Seals what nobody may read: AES-256-GCM under the service's key. Nothing here opens it again. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';

export const SEAL_KEY_BYTES = 32;
/** NIST SP 800-38D, section 8.2.2: random 96-bit nonces, far below 2^32 seals under one key. */
const IV_BYTES = 12;

export type Sealer = {
  /** Tells which key a seal needs, and nothing about it. */
  key_id: string;
  /** `iv ‖ tag ‖ ciphertext`; bound to its dispatch id, so that no seal can be moved to another job. */
  seal(dispatch_id: string, content: Uint8Array): Buffer;
};

export function createSealer(key: Buffer): Sealer {
  return {
    key_id: createHash('sha256').update('countersign/seal-key/v1\0').update(key).digest('hex').slice(0, 16),
    seal(dispatch_id, content) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(dispatch_id, 'utf8'));
      const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    },
  };
}
