/** Signature verification: the first answer of RFC 8032 section 7.1, agreement with OpenSSL, and strictness. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { verifyEd25519 } from '@countersign/ledger/verify-ed25519';
import { describe, expect, it } from 'vitest';

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}
const message = Buffer.from('a checkpoint');

describe('verifyEd25519', () => {
  it('accepts the answer of RFC 8032', () => {
    const key = bytes('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    const signature = bytes(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
    expect(verifyEd25519(signature, new Uint8Array(0), key)).toBe(true);
    expect(verifyEd25519(signature, Uint8Array.of(0), key)).toBe(false);
  });

  it('accepts what OpenSSL signs, and nothing near it', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
    const signature = sign(null, message, privateKey);
    expect(verifyEd25519(signature, message, key)).toBe(true);
    for (let at = 0; at < signature.length; at += 7) {
      expect(verifyEd25519(signature.with(at, signature[at]! ^ 1), message, key)).toBe(false);
    }
    expect(verifyEd25519(signature.subarray(1), message, key)).toBe(false);
    expect(verifyEd25519(signature, message, key.subarray(1))).toBe(false);
  });

  it('refuses the key under which everything would verify', () => {
    const identity = bytes(`01${'00'.repeat(31)}`);
    expect(verifyEd25519(Buffer.concat([identity, new Uint8Array(32)]), message, identity)).toBe(false);
  });
});
