/**
 * A model that asks again makes a new id for the call. While the first one waits, the same arguments in the same run are that
 * call: one job, one approval, and the result to whoever asks once it is there. In memory: a restarted process asks anew.
 */
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Gate } from './gate.ts';

export function findHeld(gate: Gate): Gate {
  const held = new Map<string, string>();
  return async (call) => {
    const { framework, run, tool, input } = call;
    const wish = canonicalize([framework, run, tool, input]);
    const call_id = held.get(wish) ?? call.call_id;
    const outcome = await gate({ ...call, call_id });
    held.delete(wish);
    if (outcome.kind === 'pending' || outcome.kind === 'unavailable') held.set(wish, call_id);
    if (held.size > HELD) held.delete(held.keys().next().value!);
    return outcome;
  };
}

/** Calls that are remembered; beyond it the oldest is asked for anew. */
const HELD = 1_000;
