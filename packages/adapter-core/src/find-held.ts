/**
 * A model that asks again makes a new id for the call. While the first one waits, the same arguments in the same run are that
 * call: one job, one approval, and the result to whoever asks once it is there. Without a store a restarted process asks anew.
 */
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import type { Gate } from './gate.ts';

/** Outlives the process: what is asked for, and has not been answered with more than that it waits. `wish` is a SHA-256 in hex. */
export type HeldStore = {
  all(): Iterable<[wish: string, call_id: string]>;
  /** Before the call is asked for. One that is kept already stays as it is. */
  keep(wish: string, run: string, call_id: string): void;
  drop(wish: string): void;
};

export function findHeld(gate: Gate, store?: HeldStore): Gate {
  const held = new Map<string, string>(store?.all() ?? []);
  return async (call) => {
    const { framework, run, tool, input } = call;
    const wish = sha256Hex(encodeUtf8(canonicalize([framework, run, tool, input])));
    const call_id = held.get(wish) ?? call.call_id;
    store?.keep(wish, run, call_id);
    const outcome = await gate({ ...call, call_id });
    held.delete(wish);
    if (outcome.kind === 'pending' || outcome.kind === 'unavailable') held.set(wish, call_id);
    else store?.drop(wish);
    if (held.size > HELD) held.delete(held.keys().next().value!);
    return outcome;
  };
}

/** Calls that are remembered; beyond it the oldest is asked for anew. */
const HELD = 1_000;
