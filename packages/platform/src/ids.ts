/** Random identifiers. */
import { randomBytes, randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4096);
let at = pool.length;

/** UUID version 7 (RFC 9562, section 5.7): ordered by time, so that indexes stay dense. */
export function uuidv7(): string {
  const bytes = take(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return format(bytes);
}

/** 16 random bytes, base64url: the salt of one job's digests or of one content. */
export function randomSalt(): string {
  return take(16).toString('base64url');
}

/** 32 random bytes, base64url: for secrets, never from the shared pool. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function randomHex(bytes: number): string {
  return take(bytes).toString('hex');
}

/** Random bytes from a refilled pool: one system call for many ids. */
function take(count: number): Buffer {
  if (at + count > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const bytes = Buffer.from(pool.subarray(at, at + count));
  at += count;
  return bytes;
}

function format(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
