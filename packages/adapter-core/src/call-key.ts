/** Names a tool call, so that the same call is one job however often a framework makes it. */
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import type { ToolCall } from './gate.ts';

/** SHA-256 in hex over the canonical JSON of `[adapter, agent, run, call_id]`. */
export function callKey(
  agent: string,
  { framework, run, call_id }: Pick<ToolCall, 'framework' | 'run' | 'call_id'>,
): string {
  return sha256Hex(encodeUtf8(canonicalize([framework, agent, run, call_id])));
}
