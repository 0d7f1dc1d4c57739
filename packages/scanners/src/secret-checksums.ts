/**
 * The arithmetic by which some providers' tokens confirm themselves. Each takes the whole token and looks at nothing else. A
 * token that does not fit is reported all the same, as less certain: a provider may change the form, and a typed copy is a leak, too.
 */
export type TokenChecksum = 'crc32_base62' | 'crc32_base36' | 'crc16_base32' | 'bech32';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BECH32 = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L';
const BECH32_GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** Characters of a CRC-32 in base 62, and in base 36. */
const CRC62_CHARS = 6;
const CRC36_CHARS = 7;
/** A routable token of GitLab ends in the length of its payload and the sum. */
const ROUTABLE = /\.[0-9a-z]{9}$/;

const CHECKS: Readonly<Record<TokenChecksum, (token: string) => boolean>> = {
  crc32_base62,
  crc32_base36,
  crc16_base32,
  bech32,
};

/** Whether the sum is defined for a token of this length; `usual` is the one that the row gives. */
export function hasChecksum(checksum: TokenChecksum, token: string, usual: number): boolean {
  return checksum === 'crc32_base36' ? ROUTABLE.test(token) : token.length === usual;
}

export function fitsChecksum(checksum: TokenChecksum, token: string): boolean {
  return CHECKS[checksum](token);
}

/** GitHub and npm: after the prefix random characters, then their CRC-32 (ISO 3309) in base 62, in six characters. */
function crc32_base62(token: string): boolean {
  const body = token.slice(token.indexOf('_') + 1);
  const random = body.slice(0, -CRC62_CHARS);
  const sum = [...body.slice(-CRC62_CHARS)].reduce((value, digit) => value * 62 + BASE62.indexOf(digit), 0);
  return random.length > 0 && sum === crc32(random);
}

/** GitLab: the CRC-32 of all before it, prefix and all, in base 36, in seven characters. */
function crc32_base36(token: string): boolean {
  const sum = crc32(token.slice(0, -CRC36_CHARS)).toString(36).padStart(CRC36_CHARS, '0');
  return sum === token.slice(-CRC36_CHARS);
}

/** NATS nkeys: base 32 (RFC 4648) without padding, the last two bytes the CRC-16 (CCITT, XMODEM) of the others, low byte first. */
function crc16_base32(token: string): boolean {
  const bytes: number[] = [];
  let [held, bits] = [0, 0];
  for (const char of token) {
    held = ((held << 5) | BASE32.indexOf(char)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  const [low = -1, high = -1] = bytes.splice(-2);
  return crc16(bytes) === low + high * 256;
}

/** BIP 173, as age writes its keys: in capitals, with everything before the last 1 as the human-readable part. */
function bech32(token: string): boolean {
  const at = token.lastIndexOf('1');
  const name = [...token.slice(0, at).toLowerCase()].map((char) => char.charCodeAt(0));
  const data = [...token.slice(at + 1)].map((char) => BECH32.indexOf(char));
  return at > 0 && polymod([...name.map((code) => code >> 5), 0, ...name.map((code) => code & 31), ...data]) === 1;
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [i, generator] of BECH32_GENERATOR.entries()) if ((top >>> i) & 1) sum ^= generator;
  }
  return sum;
}

function crc32(text: string): number {
  let sum = ~0;
  for (let i = 0; i < text.length; i += 1) {
    sum ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

function crc16(bytes: readonly number[]): number {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) sum = ((sum << 1) ^ (sum & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return sum;
}
