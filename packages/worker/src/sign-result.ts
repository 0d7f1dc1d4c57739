/** Signs what a worker reports, so that output-safety knows whose word it is. The key never leaves this process. */
import { type KeyObject, sign } from 'node:crypto';
import type { UnsignedResult, WorkerResult } from '@countersign/contracts/worker';
import { canonicalize } from '@countersign/ledger/canonical-json';

/** Ed25519 over the canonical JSON of everything but `signature`. */
export function signResult(unsigned: UnsignedResult, key: KeyObject): WorkerResult {
  return { ...unsigned, signature: signed(unsigned, key) };
}

/** Base64url, of several results at once. */
export function signResults(results: readonly UnsignedResult[], key: KeyObject): string {
  return signed({ results }, key);
}

function signed(value: object, key: KeyObject): string {
  return sign(null, Buffer.from(canonicalize(value), 'utf8'), key).toString('base64url');
}
