/** Signs what a worker reports, so that output-safety knows whose word it is. The key never leaves this process. */
import { type KeyObject, sign } from 'node:crypto';
import type { UnsignedResult, WorkerResult } from '@countersign/contracts/worker';
import { canonicalize } from '@countersign/ledger/canonical-json';

/** Ed25519 over the canonical JSON of everything but `signature`. */
export function signResult(unsigned: UnsignedResult, key: KeyObject): WorkerResult {
  return {
    ...unsigned,
    signature: sign(null, Buffer.from(canonicalize(unsigned), 'utf8'), key).toString('base64url'),
  };
}
