/** API keys: `cs_` and 32 random bytes in base64url. Only their SHA-256 is ever stored, and looking it up compares them. */
import { sha256 } from '@countersign/ledger/digest';
import { randomSecret } from '@countersign/platform/ids';

const API_KEY = /^cs_[A-Za-z0-9_-]{43}$/;

export const newApiKey = (): string => `cs_${randomSecret()}`;
export const isApiKey = (text: string): boolean => API_KEY.test(text);

/** 32 bytes. */
export const hashApiKey = (key: string): Uint8Array => sha256(Buffer.from(key, 'utf8'));

/** Names a key in evidence without giving anything of it away. */
export const keyIdOf = (hash: Uint8Array): string => `key_${Buffer.from(hash).toString('hex').slice(0, 16)}`;
