/** API keys: `cs_` and 32 random bytes in base64url. Only their SHA-256 is ever stored, and looking it up compares them. */
import { sha256 } from '@countersign/ledger/digest';
import { randomSecret } from '@countersign/platform/ids';

const API_KEY = /^cs_[A-Za-z0-9_-]{43}$/;

export function newApiKey(): string {
  return `cs_${randomSecret()}`;
}

export function isApiKey(text: string): boolean {
  return API_KEY.test(text);
}

/** 32 bytes. */
export function hashApiKey(key: string): Uint8Array {
  return sha256(Buffer.from(key, 'utf8'));
}

/** Names a key in evidence without giving anything of it away. */
export function keyIdOf(hash: Uint8Array): string {
  return `key_${Buffer.from(hash).toString('hex').slice(0, 16)}`;
}
