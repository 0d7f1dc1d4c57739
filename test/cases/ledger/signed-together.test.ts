/** One signature over several texts: each is proven by itself, and nothing else is by its proof. */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { leafHash, nodeHash, proveEach, verifyInclusion } from '@countersign/ledger/merkle';
import { openTogether, signTogether } from '@countersign/ledger/signed-together';
import { describe, expect, test } from 'vitest';

const DOMAIN = 'countersign/test/v1';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const texts = Array.from({ length: 70 }, (_, i) => Buffer.from(`text ${i}`));
let signatures = 0;

function proofsOf(number: number, domain = DOMAIN): Uint8Array[] {
  return signTogether(domain, texts.slice(0, number), (signed) => {
    signatures += 1;
    return sign(null, signed, privateKey);
  });
}

function holds(text: Uint8Array, proof: Uint8Array, domain = DOMAIN): boolean {
  const opened = openTogether(domain, text, proof);
  return opened !== null && verify(null, opened.signed, publicKey, opened.signature);
}

test('of any number each text is proven by itself, under one signature of one and the same', () => {
  for (let number = 2; number <= texts.length; number += 1) {
    signatures = 0;
    const proofs = proofsOf(number);
    expect([signatures, proofs.length]).toEqual([1, number]);
    const opened = proofs.map((proof, i) => openTogether(DOMAIN, texts[i]!, proof)!);
    const said = opened.map((each) => Buffer.concat([each.signature, each.signed]).toString('hex'));
    expect(new Set(said).size).toBe(1);
    expect(holds(texts[0]!, proofs[0]!)).toBe(true);
  }
});

test('the tree is that of RFC 6962, as the log has it', () => {
  const leaves = texts.map(leafHash);
  const { root, paths } = proveEach(leaves);
  const isIn = (path: Uint8Array[], i: number) =>
    verifyInclusion(leaves[i]!, BigInt(i), BigInt(leaves.length), path, root);
  expect(paths.every(isIn)).toBe(true);
});

test('a proof carries nothing of the others but hashes: 68 bytes, and 32 for each level of the tree', () => {
  expect(proofsOf(2).map(({ length }) => length)).toEqual([100, 100]);
  expect(proofsOf(5).map(({ length }) => length)).toEqual([164, 164, 164, 164, 100]);
  const [proof] = proofsOf(2);
  expect(Buffer.from(proof!.subarray(68))).toEqual(Buffer.from(leafHash(texts[1]!)));
});

test('one text alone is signed as it stands', () => {
  expect(() => proofsOf(1)).toThrow(RangeError);
});

describe('proves nothing', () => {
  const number = 6;
  const proofs = proofsOf(number);
  const [text, proof] = [texts[2]!, proofs[2]!];

  test('for any other text, in the bunch or not', () => {
    for (const [i, other] of texts.entries()) expect(holds(other, proof)).toBe(i === 2);
  });

  test('with a bit flipped in any of its bytes', () => {
    for (const [at, byte] of proof.entries()) expect(holds(text, proof.with(at, byte ^ (1 << (at & 7))))).toBe(false);
  });

  test('at any other place, and of any other number', () => {
    const at = (place: number, of: number): Uint8Array => {
      const changed = Buffer.from(proof);
      changed.writeUInt16BE(place, 64);
      changed.writeUInt16BE(of, 66);
      return changed;
    };
    for (let place = 0; place < 9; place += 1)
      for (let of = 0; of < 9; of += 1) expect(holds(text, at(place, of))).toBe(place === 2 && of === number);
    expect(holds(text, at(65_535, 65_535))).toBe(false);
  });

  test('shorter or longer than its path', () => {
    for (let length = 0; length < proof.length; length += 1) expect(holds(text, proof.subarray(0, length))).toBe(false);
    for (const more of [1, 31, 32, 64, 32 * 2_000])
      expect(holds(text, Buffer.concat([proof, Buffer.alloc(more)]))).toBe(false);
  });

  test('under another domain, nor does a proof of another domain here', () => {
    expect(holds(text, proof, 'countersign/test/v2')).toBe(false);
    expect(holds(text, proofsOf(number, 'countersign/test/v2')[2]!)).toBe(false);
  });

  test('for a node of the tree that is given out as a text', () => {
    const leaves = texts.slice(0, 4).map(leafHash);
    const [left, right] = [nodeHash(leaves[0]!, leaves[1]!), nodeHash(leaves[2]!, leaves[3]!)];
    const [first] = proofsOf(4);
    const above = Buffer.concat([first!.subarray(0, 64), Buffer.from([0, 0, 0, 2]), right]);
    const inside = Buffer.concat([leaves[0]!, leaves[1]!]);
    for (const node of [left, inside, Buffer.concat([Buffer.from([1]), inside])])
      expect(holds(node, above)).toBe(false);
  });

  test('by a signature over one text alone, nor is one over several a signature over the text', () => {
    const alone = sign(null, text, privateKey);
    expect(holds(text, alone)).toBe(false);
    expect(holds(text, Buffer.concat([alone, proof.subarray(64)]))).toBe(false);
    expect(verify(null, text, publicKey, proof.subarray(0, 64))).toBe(false);
  });
});
