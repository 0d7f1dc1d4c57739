/** Deterministic CBOR (RFC 8949, section 4.2.1) of what COSE needs of it: integers, bytes, text, arrays, maps, null, tags. Pure. */
import { encodeUtf8 } from './digest.ts';

export type Cbor = number | bigint | string | null | Uint8Array | readonly Cbor[] | ReadonlyMap<number, Cbor> | Tagged;
export type Tagged = { readonly tag: number; readonly value: Cbor };

const NULL = Uint8Array.of(0xf6);

/** Keys of maps are integers; they come out in the order of their encodings. */
export function encodeCbor(value: Cbor): Uint8Array {
  if (value === null) return NULL;
  if (typeof value === 'number' || typeof value === 'bigint') return encodeInteger(BigInt(value));
  if (typeof value === 'string') return behindLength(3, encodeUtf8(value));
  if (value instanceof Uint8Array) return behindLength(2, value);
  if (value instanceof Map) return encodeMap(value);
  if (Array.isArray(value)) return Buffer.concat([head(4, BigInt(value.length)), ...value.map(encodeCbor)]);
  const { tag, value: inside } = value as Tagged;
  return Buffer.concat([head(6, BigInt(tag)), encodeCbor(inside)]);
}

function encodeInteger(value: bigint): Uint8Array {
  return value < 0n ? head(1, -1n - value) : head(0, value);
}

function encodeMap(map: ReadonlyMap<number, Cbor>): Uint8Array {
  const pairs = [...map].map(([key, value]) => [encodeCbor(key), encodeCbor(value)] as const);
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, BigInt(map.size)), ...pairs.flat()]);
}

function behindLength(major: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([head(major, BigInt(bytes.length)), bytes]);
}

/** Major type and argument, in as few bytes as hold it (section 3). */
function head(major: number, argument: bigint): Uint8Array {
  const type = major << 5;
  if (argument < 24n) return Uint8Array.of(type | Number(argument));
  const size = [1, 2, 4, 8].find((bytes) => argument < 1n << BigInt(8 * bytes));
  if (size === undefined) throw new RangeError('an integer of CBOR has at most 64 bits');
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(argument);
  return Buffer.concat([Uint8Array.of(type | (24 + Math.log2(size))), bytes.subarray(8 - size)]);
}
