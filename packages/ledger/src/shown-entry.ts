/**
 * One entry as the API and the evidence stream show it, back in the form that is hashed. It reads, and judges nothing.
 */
import type { LedgerEntry, ShownEntry } from '@countersign/contracts/ledger-entry';
import { canonicalize } from './canonicalize.ts';
import type { ChainEntry } from './chain-entry.ts';

const HEX = /^[0-9a-f]{64}$/;
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;

/** Throws TypeError, naming the field, for what is neither a shown entry nor one that was read before. */
export function toChainEntry(entry: LedgerEntry | ShownEntry | ChainEntry): ChainEntry {
  if (isRead(entry)) return entry;
  for (const field of ['chain', 'kind', 'recorded_by'] as const) {
    if (typeof entry[field] !== 'string') throw new TypeError(`a ledger entry's ${field} is a string`);
  }
  if (!Number.isSafeInteger(entry.seq)) throw new TypeError("a ledger entry's seq is an integer");
  const { chain, kind, recorded_by, seq, body } = entry;
  return {
    chain,
    kind,
    recorded_by,
    seq: BigInt(seq),
    time_us: microsecondsOf(entry.recorded_at),
    // The ledger stored RFC 8785 text, so an object has no other text than that.
    body: typeof body === 'string' ? body : canonicalize(body),
    prev_hash: bytesOf('prev_hash', entry.prev_hash),
    hash: bytesOf('hash', entry.hash),
  };
}

function isRead(entry: LedgerEntry | ShownEntry | ChainEntry): entry is ChainEntry {
  if (typeof entry !== 'object' || entry === null) throw new TypeError('a ledger entry is an object');
  return typeof entry.seq === 'bigint' && entry.hash instanceof Uint8Array;
}

/** RFC 3339 as the database wrote it, with up to six digits; a Date would drop three of them. */
function microsecondsOf(recorded_at: unknown): bigint {
  const [, seconds, micros = ''] = INSTANT.exec(String(recorded_at)) ?? [];
  const ms = Date.parse(`${seconds}Z`);
  if (Number.isNaN(ms)) throw new TypeError("a ledger entry's recorded_at is RFC 3339 in UTC");
  return BigInt(ms) * 1000n + BigInt(micros.padEnd(6, '0'));
}

function bytesOf(field: string, hex: unknown): Uint8Array {
  if (typeof hex !== 'string' || !HEX.test(hex)) throw new TypeError(`a ledger entry's ${field} is 64 hex digits`);
  return Buffer.from(hex, 'hex');
}
