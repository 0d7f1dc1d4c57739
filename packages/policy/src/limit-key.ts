/** What is counted together: the limit of one policy scope, for one set of the parts that it counts apart. */
import type { LimitAsked } from '@countersign/contracts/counted-limits';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';

/** Of one length whatever a label says. It is the same after a new version, so that publishing gives nothing back. */
export function limitKey(scope: string, { id, per }: Pick<LimitAsked, 'id' | 'per'>): string {
  return sha256Hex(encodeUtf8(canonicalize([scope, id, per])));
}
