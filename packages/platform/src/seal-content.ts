/** Seals what nobody may read, and opens it for whoever may: AES-256-GCM under the service's keys, the first of which seals. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export const SEAL_KEY_BYTES = 32;
/** NIST SP 800-38D, section 8.2.2: random 96-bit nonces, far below 2^32 seals under one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

export type Sealer = {
  /** Tells which key a seal needs, and nothing about it. */
  key_id: string;
  /** `iv ‖ tag ‖ ciphertext`; `subject`: the id of what it belongs to, so that no seal can be moved. */
  seal(subject: string, content: Uint8Array): Buffer;
  /** Throws TypeError under a key that is not there, and whatever `node:crypto` throws for a seal that was changed. */
  open(subject: string, sealed: Buffer, key_id: string): Buffer;
};

/** `former`: keys that seal no more and still open. */
export function createSealer(key: Buffer, former: readonly Buffer[] = []): Sealer {
  const keys = new Map([key, ...former].map((each) => [keyIdOf(each), each]));
  return {
    key_id: keyIdOf(key),
    seal(subject, content) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(subject, 'utf8'));
      const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    },
    open(subject, sealed, key_id) {
      const under = keys.get(key_id);
      if (under === undefined) throw new TypeError(`there is no key ${key_id} among the present and the former ones`);
      const iv = sealed.subarray(0, IV_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', under, iv, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(subject, 'utf8'))
        .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    },
  };
}

function keyIdOf(key: Buffer): string {
  return createHash('sha256').update('countersign/seal-key/v1\0').update(key).digest('hex').slice(0, 16);
}
