/** As much of `node:crypto` as the ledger's verification uses, in a browser: the import map puts this in its place. */
import { toHex } from './node-buffer.ts';
import { sha256, sha512 } from './sha2.ts';

const ALGORITHMS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = { sha256, sha512 };

export function hash(algorithm: string, bytes: Uint8Array, _as: 'hex'): string {
  return toHex(ALGORITHMS[algorithm]!(bytes));
}

export function createHash(algorithm: string): { update(bytes: Uint8Array): { digest(): Uint8Array } } {
  return { update: (bytes) => ({ digest: () => ALGORITHMS[algorithm]!(bytes) }) };
}
