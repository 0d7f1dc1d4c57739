/**
 * What a browser can prove of a job by itself: every hash of its chain computed again, the chain's last entry in the log, and the
 * log's signature by a key that the reader holds. The server's word counts for nothing but the entries that it shows.
 */
import './node-buffer.ts';
import type { InclusionView } from '@countersign/contracts/evidence';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { verifyChain } from '@countersign/ledger/chain-hash';
import { parseCheckpoint, parseVerifierKey, verifyCheckpoint } from '@countersign/ledger/checkpoint';
import { leafHash, verifyInclusion } from '@countersign/ledger/merkle';
import { toChainEntry } from '@countersign/ledger/shown-entry';

export type Step = { ok: boolean; says: string };

export type Proof = {
  /** Whose entries they have to be: `job:<tenant>:<job>`. */
  chain: string;
  entries: readonly ShownEntry[];
  inclusion: InclusionView | null;
  /** The log's key as operators pass it on. */
  vkey: string;
};

/** Step by step, until one fails; all is proven when there are three and each is ok. */
export function verifyJob(proof: Proof): Step[] {
  const steps: Step[] = [];
  for (const step of [chainStep, inclusionStep, keyStep]) {
    const told = attempt(() => step(proof));
    steps.push(told);
    if (!told.ok) break;
  }
  return steps;
}

function attempt(step: () => Step): Step {
  try {
    return step();
  } catch (thrown) {
    return no(thrown instanceof Error ? thrown.message : 'what the server sent cannot be read');
  }
}

function chainStep({ chain, entries }: Proof): Step {
  if (entries[0]?.chain !== chain) return no('these are not the entries of this job');
  const verdict = verifyChain(entries);
  if (!verdict.ok) return no(`entry ${verdict.seq} does not follow: ${verdict.reason.replaceAll('_', ' ')}`);
  return yes(`all ${entries.length} entries hash to what they say, each over the one before`);
}

function inclusionStep({ entries, inclusion }: Proof): Step {
  if (inclusion === null) return no('no checkpoint covers the last entry yet: look again in a second');
  const head = leafHash(toChainEntry(entries.at(-1)!).hash);
  const { leaf_index, tree_size, hashes } = inclusion;
  const note = parseCheckpoint(inclusion.note);
  if (!note.ok) return no(note.detail);
  const { size, root } = note.checkpoint;
  if (size !== BigInt(tree_size)) return no('the proof is for another size of the log');
  const path = hashes.map((hex) => Buffer.from(hex, 'hex'));
  if (!verifyInclusion(head, BigInt(leaf_index), size, path, root)) return no('the last entry is not in the log');
  return yes(`the last entry is leaf ${leaf_index} of the log's ${tree_size}, and so is all that it hashes over`);
}

function keyStep({ inclusion, vkey }: Proof): Step {
  const key = parseVerifierKey(vkey.trim());
  if (key === null) return no("that is no key of a log: `name+id+base64`, as the log's operator passes it on");
  const verdict = verifyCheckpoint(inclusion!.note, [key]);
  return verdict.ok ? yes(`${key.name} signed that size and root with the key that you gave`) : no(verdict.detail);
}

function yes(says: string): Step {
  return { ok: true, says };
}

function no(says: string): Step {
  return { ok: false, says };
}
