/** Digests: the byte layout against one written out by hand, and that domain, salt and text can't be traded. */
import { createHash } from 'node:crypto';
import {
  JOB_DOMAIN,
  PAYLOAD_DOMAIN,
  plainDigest,
  saltedDigest,
  sha256Hex,
  snapshotOf,
} from '@countersign/ledger/digest';
import { describe, expect, it } from 'vitest';

const salt = new Uint8Array(16).fill(7);

function hashOfHex(hex: string): string {
  return createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
}

describe('digests', () => {
  it('hashes the known answer of FIPS 180-4', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256Hex(Buffer.from('abc'))).toBe(abc);
    expect(snapshotOf('abc')).toBe(`sha256:${abc}`);
  });

  it('lays out domain, zero byte, salt length, salt and text', () => {
    const domain = '636f756e7465727369676e2f6a6f622f763100'; // "countersign/job/v1" and 0x00
    expect(saltedDigest(JOB_DOMAIN, salt, '{"é":1}')).toBe(
      `sha256:${hashOfHex(`${domain}00000010${'07'.repeat(16)}7b22c3a9223a317d`)}`,
    );
    expect(plainDigest(JOB_DOMAIN, '{}')).toBe(`sha256:${hashOfHex(`${domain}7b7d`)}`);
  });

  it('differs by domain, by salt and by text', () => {
    const other = new Uint8Array(16).fill(8);
    const digests = [
      saltedDigest(JOB_DOMAIN, salt, '{}'),
      saltedDigest(PAYLOAD_DOMAIN, salt, '{}'),
      saltedDigest(JOB_DOMAIN, other, '{}'),
      saltedDigest(JOB_DOMAIN, salt, '[]'),
      plainDigest(JOB_DOMAIN, '{}'),
      snapshotOf('{}'),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('refuses a salt that could be guessed and a text that has no UTF-8', () => {
    expect(() => saltedDigest(JOB_DOMAIN, new Uint8Array(15), '{}')).toThrow(RangeError);
    expect(() => plainDigest(JOB_DOMAIN, '"\ud800"')).toThrow(TypeError);
  });
});
