/**
 * The nkeys by which NATS knows users and issuers: Ed25519 keys in NATS' own spelling (prefix, CRC-16, base32), on Node's
 * crypto, which verifies forty times as fast as the library in JavaScript. A seed leaves here once, to whoever keeps it.
 */
import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { privateKeyOf, publicKeyOf, rawPublicKey } from './ed25519-keys.ts';

export type NatsKey = {
  /** Secret, `SU…` or `SA…`. */
  seed: string;
  /** `U…` of a user, `A…` of an issuer. */
  nkey_public: string;
};
export type NatsKeyKind = 'user' | 'account';

/** https://github.com/nats-io/nkeys: a prefix byte is the letter's five bits and three zeros. */
const PREFIX: Readonly<Record<NatsKeyKind, number>> = { user: 20 << 3, account: 0 };
const SEED_PREFIX = 18 << 3;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Of a raw Ed25519 key. */
const KEY_BYTES = 32;

export function createNatsKey(kind: NatsKeyKind = 'user'): NatsKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(privateKey.export({ format: 'jwk' }).d as string, 'base64url');
  const prefix = PREFIX[kind];
  // A seed tells its own kind and its key's: five bits of each share the second byte.
  const seed = encode(Buffer.concat([Buffer.from([SEED_PREFIX | (prefix >> 5), (prefix & 31) << 3]), raw]));
  return { seed, nkey_public: publicNkeyOf(seed) };
}

/** Throws TypeError for a text that is no seed of a user or issuer. */
export function publicNkeyOf(seed: string): string {
  const { prefix, key } = openSeed(seed);
  const raw = Buffer.from(rawPublicKey(key), 'base64url');
  return encode(Buffer.concat([Buffer.from([prefix]), raw]));
}

/** Throws TypeError as above. Ed25519 over the text. */
export function nkeySigner(seed: string): (text: string) => Buffer {
  const { key } = openSeed(seed);
  return (text) => sign(null, Buffer.from(text), key);
}

/** Whether this user's key made the signature. False for whatever is no user's key. */
export function isSignedBy(nkey_public: string, text: string, signature: Uint8Array): boolean {
  const bytes = decode(nkey_public);
  if (bytes?.length !== 1 + KEY_BYTES || bytes[0] !== PREFIX.user) return false;
  const x = bytes.subarray(1).toString('base64url');
  return verify(null, Buffer.from(text), publicKeyOf(x), signature);
}

function encode(bytes: Buffer): string {
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE(crc16(bytes));
  let [text, held, bits] = ['', 0, 0];
  for (const byte of Buffer.concat([bytes, sum])) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
    held &= 31;
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
}

/** CRC-16/XMODEM. */
function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

function openSeed(seed: string): { prefix: number; key: KeyObject } {
  const bytes = decode(seed);
  const prefix = bytes === null ? -1 : ((bytes[0]! & 7) << 5) | ((bytes[1]! & 248) >> 3);
  if (bytes?.length !== 2 + KEY_BYTES || (bytes[0]! & 248) !== SEED_PREFIX || !Object.values(PREFIX).includes(prefix))
    throw new TypeError('not the seed of a NATS user or issuer');
  return { prefix, key: privateKeyOf(bytes.subarray(2)) };
}

/** Without the checksum; null when the text is not what `encode` writes. */
function decode(text: string): Buffer | null {
  const bytes: number[] = [];
  let [held, bits] = [0, 0];
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return null;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
    }
  }
  if (bytes.length < 3) return null;
  const [content, sum] = [Buffer.from(bytes.slice(0, -2)), Buffer.from(bytes.slice(-2))];
  // One spelling for one key: it is looked up as it is written.
  return sum.readUInt16LE() === crc16(content) && encode(content) === text ? content : null;
}
