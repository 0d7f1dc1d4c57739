/**
 * One entry's hash, which takes in the entry before it: the chain of a job, a policy scope, an identity or the
 * controls. The byte layout is fixed for good (`ledger.append` computes the same in the database); never reorder it.
 */
import type { LedgerEntry, ShownEntry } from '@countersign/contracts/ledger-entry';
import type { ChainEntry, HashedFields } from './chain-entry.ts';
import { domainPrefix, encodeUtf8, lengthPrefixed, sha256 } from './digest.ts';
import { toChainEntry } from './shown-entry.ts';

export const ENTRY_DOMAIN = 'countersign/ledger-entry/v1';
export const HASH_BYTES = 32;

/** `prev_hash` of a chain's first entry: 32 zero bytes. */
export const NO_PREVIOUS: Uint8Array = new Uint8Array(HASH_BYTES);

export type ChainFault = 'seq_gap' | 'other_chain' | 'time_ran_back' | 'prev_hash_mismatch' | 'hash_mismatch';

export type ChainVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly seq: bigint; readonly reason: ChainFault };

/**
 * sha256 of `domain ‖ 0x00 ‖ prev_hash ‖ len‖chain ‖ len‖kind ‖ len‖recorded_by ‖ seq ‖ time_us ‖ body`: each len u32,
 * seq and time_us u64, big endian, texts UTF-8. Throws RangeError when a field does not fit its width.
 */
export function entryHash(entry: HashedFields): Uint8Array {
  if (entry.prev_hash.length !== HASH_BYTES) throw new RangeError(`prev_hash has ${HASH_BYTES} bytes`);
  const counters = Buffer.alloc(16);
  counters.writeBigUInt64BE(entry.seq, 0);
  counters.writeBigUInt64BE(entry.time_us, 8);
  return sha256(
    Buffer.concat([
      domainPrefix(ENTRY_DOMAIN),
      entry.prev_hash,
      lengthPrefixed(encodeUtf8(entry.chain)),
      lengthPrefixed(encodeUtf8(entry.kind)),
      lengthPrefixed(encodeUtf8(entry.recorded_by)),
      counters,
      encodeUtf8(entry.body),
    ]),
  );
}

/**
 * Verifies one whole chain in the order given: gapless from 1, linked, time never running back, each hash recomputed.
 * It takes entries as the API and the evidence stream show them, too; throws TypeError for what is no entry at all.
 */
export function verifyChain(entries: readonly (LedgerEntry | ShownEntry | ChainEntry)[]): ChainVerdict {
  let previous: ChainEntry | null = null;
  for (const entry of entries.map(toChainEntry)) {
    const reason = faultOf(entry, previous);
    if (reason !== null) return { ok: false, seq: entry.seq, reason };
    previous = entry;
  }
  return { ok: true };
}

/** Plain comparison: hashes here are public, so its time tells nothing. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function faultOf(entry: ChainEntry, previous: ChainEntry | null): ChainFault | null {
  if (entry.seq !== (previous?.seq ?? 0n) + 1n) return 'seq_gap';
  if (previous !== null && entry.chain !== previous.chain) return 'other_chain';
  if (previous !== null && entry.time_us < previous.time_us) return 'time_ran_back';
  if (!sameBytes(entry.prev_hash, previous?.hash ?? NO_PREVIOUS)) return 'prev_hash_mismatch';
  return sameBytes(entry.hash, entryHash(entry)) ? null : 'hash_mismatch';
}
