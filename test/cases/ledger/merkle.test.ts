/**
 * The Merkle tree against RFC 6962 written down naively: roots, what a proof holds, and that no forged proof passes.
 */
import { createHash } from 'node:crypto';
import {
  appendLeaves,
  EMPTY_TREE,
  type HashReader,
  leafHash,
  type NodeId,
  nodeHash,
  proveConsistency,
  proveInclusion,
  restoreTree,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '@countersign/ledger/merkle';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const LARGEST = 70;
const leaves = Array.from({ length: LARGEST }, (_, i) => leafHash(Buffer.from(`entry ${i}`)));

function hash(hexBytes: string): string {
  return createHash('sha256').update(Buffer.from(hexBytes, 'hex')).digest('hex');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function hexes(list: readonly Uint8Array[]): string[] {
  return list.map(hex);
}

/** k of RFC 6962: the largest power of two smaller than n. */
function split(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

function naiveRoot(of: readonly Uint8Array[]): Uint8Array {
  if (of.length === 0) return createHash('sha256').digest();
  if (of.length === 1) return of[0]!;
  const k = split(of.length);
  return nodeHash(naiveRoot(of.slice(0, k)), naiveRoot(of.slice(k)));
}

function naivePath(m: number, of: readonly Uint8Array[]): Uint8Array[] {
  if (of.length === 1) return [];
  const k = split(of.length);
  if (m < k) return [...naivePath(m, of.slice(0, k)), naiveRoot(of.slice(k))];
  return [...naivePath(m - k, of.slice(k)), naiveRoot(of.slice(0, k))];
}

function naiveSubproof(m: number, of: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (m === of.length) return isWhole ? [] : [naiveRoot(of)];
  const k = split(of.length);
  if (m <= k) return [...naiveSubproof(m, of.slice(0, k), isWhole), naiveRoot(of.slice(k))];
  return [...naiveSubproof(m - k, of.slice(k), false), naiveRoot(of.slice(0, k))];
}

function nameOf({ level, index }: NodeId): string {
  return `${level}/${index}`;
}
const stored = new Map(appendLeaves(EMPTY_TREE, leaves).completed.map((node) => [nameOf(node), node.hash]));
const read: HashReader = (nodes) => nodes.map((node) => stored.get(nameOf(node))!);

/** A tree size, and one at most as large. */
const sizes = fc.tuple(fc.integer({ min: 1, max: LARGEST }), fc.nat()).map(([n, m]) => [1 + (m % n), n] as const);

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  flipped[(bit >> 3) % 32]! ^= 1 << (bit & 7);
  return flipped;
}

describe('roots', () => {
  it('gives the answers that follow from the text of RFC 6962', () => {
    const [a, b, c] = [hash('00'), hash('0061'), hash('006263')]; // leaves "", "a", "bc"
    expect(hex(rootOf(EMPTY_TREE))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex(leafHash(new Uint8Array(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    const data = ['', 'a', 'bc'].map((text) => leafHash(Buffer.from(text)));
    expect(hexes(data)).toEqual([a, b, c]);
    expect(hex(rootOf(appendLeaves(EMPTY_TREE, data).tree))).toBe(hash(`01${hash(`01${a}${b}`)}${c}`));
  });

  it('equals MTH at every size, however the leaves were batched, and from a stored state', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 7 }), (batches) => {
        let tree = EMPTY_TREE;
        let size = 0;
        for (const batch of batches) {
          const grown = appendLeaves(restoreTree(tree.size, tree.hashes), leaves.slice(size, size + batch)).tree;
          expect(grown.hashes.length).toBeLessThanOrEqual(7);
          tree = grown;
          size += batch;
        }
        expect(tree.size).toBe(BigInt(size));
        expect(hex(rootOf(tree))).toBe(hex(naiveRoot(leaves.slice(0, size))));
      }),
    );
  });

  it('hands out each completed subtree once', () => {
    const { completed } = appendLeaves(EMPTY_TREE, leaves.slice(0, 7));
    expect(completed.map(nameOf)).toEqual([
      '0/0',
      '0/1',
      '1/0',
      '0/2',
      '0/3',
      '1/1',
      '2/0',
      '0/4',
      '0/5',
      '1/2',
      '0/6',
    ]);
    expect(hex(completed[6]!.hash)).toBe(hex(naiveRoot(leaves.slice(0, 4))));
  });

  it('refuses a state that cannot be, and leaves that are no hashes', () => {
    expect(() => restoreTree(3n, leaves.slice(0, 1))).toThrow(RangeError);
    expect(() => appendLeaves(EMPTY_TREE, [new Uint8Array(31)])).toThrow(RangeError);
  });
});

describe('inclusion', () => {
  it('proves every leaf of every tree with PATH', async () => {
    for (let n = 1; n <= LARGEST; n++) {
      const tree = leaves.slice(0, n);
      for (let m = 0; m < n; m++) {
        const proof = await proveInclusion(BigInt(m), BigInt(n), read);
        expect(hexes(proof)).toEqual(hexes(naivePath(m, tree)));
        expect(verifyInclusion(leaves[m]!, BigInt(m), BigInt(n), proof, naiveRoot(tree))).toBe(true);
      }
    }
  });

  it('refuses another leaf, place, size, root, and a proof with any bit changed, cut or grown', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async ([m, n], bit) => {
        const [index, size] = [BigInt(m - 1), BigInt(n)];
        const [leaf, root] = [leaves[m - 1]!, naiveRoot(leaves.slice(0, n))];
        const proof = await proveInclusion(index, size, read);
        const edited = proof.map((step, i) => (i === bit % proof.length ? flip(step, bit) : step));
        expect(verifyInclusion(flip(leaf, bit), index, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof, flip(root, bit))).toBe(false);
        expect(verifyInclusion(leaf, index + 1n, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index - 1n, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, size, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size * 2n, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, [...proof, root], root)).toBe(false);
        if (proof.length === 0) return;
        expect(verifyInclusion(leaf, index, size, edited, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof.slice(1), root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof.slice(0, -1), root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, [new Uint8Array(0), ...proof.slice(1)], root)).toBe(false);
      }),
    );
  });

  it('takes no node for a leaf', () => {
    const [a, b] = [leaves[0]!, leaves[1]!];
    expect(hex(leafHash(Buffer.concat([a, b])))).not.toBe(hex(nodeHash(a, b)));
    expect(verifyInclusion(new Uint8Array(0), 0n, 1n, [], new Uint8Array(0))).toBe(false);
  });

  it('throws for a leaf beyond the tree, and when the reader loses a node', async () => {
    await expect(proveInclusion(5n, 5n, read)).rejects.toThrow(RangeError);
    await expect(proveInclusion(0n, 5n, () => [])).rejects.toThrow(RangeError);
  });
});

describe('consistency', () => {
  it('proves every tree against every later one with PROOF', async () => {
    for (let n = 1; n <= LARGEST; n++) {
      for (let m = 1; m <= n; m++) {
        const proof = await proveConsistency(BigInt(m), BigInt(n), read);
        const [older, newer] = [leaves.slice(0, m), leaves.slice(0, n)];
        expect(hexes(proof)).toEqual(hexes(naiveSubproof(m, newer, true)));
        const heads = [
          { size: BigInt(m), root: naiveRoot(older) },
          { size: BigInt(n), root: naiveRoot(newer) },
        ] as const;
        expect(verifyConsistency(...heads, proof)).toBe(true);
      }
    }
  });

  it('refuses another root, size, and a proof with any bit changed, cut or grown', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async ([m, n], bit) => {
        const older = { size: BigInt(m), root: naiveRoot(leaves.slice(0, m)) };
        const newer = { size: BigInt(n), root: naiveRoot(leaves.slice(0, n)) };
        const proof = await proveConsistency(older.size, newer.size, read);
        const edited = proof.map((step, i) => (i === bit % proof.length ? flip(step, bit) : step));
        expect(verifyConsistency({ ...older, root: flip(older.root, bit) }, newer, proof)).toBe(false);
        expect(verifyConsistency(older, { ...newer, root: flip(newer.root, bit) }, proof)).toBe(false);
        expect(verifyConsistency({ ...older, size: 0n }, newer, proof)).toBe(false);
        expect(verifyConsistency({ ...older, size: newer.size + 1n }, newer, proof)).toBe(false);
        expect(verifyConsistency(older, { ...newer, size: newer.size * 2n }, proof)).toBe(false);
        expect(verifyConsistency(older, newer, [...proof, newer.root])).toBe(false);
        if (proof.length === 0) return;
        expect(verifyConsistency(older, newer, edited)).toBe(false);
        expect(verifyConsistency(older, newer, proof.slice(1))).toBe(false);
        expect(verifyConsistency(older, newer, proof.slice(0, -1))).toBe(false);
      }),
    );
  });

  it('has nothing to say about the empty tree or an older one', async () => {
    const empty = { size: 0n, root: rootOf(EMPTY_TREE) };
    expect(verifyConsistency(empty, empty, [])).toBe(false);
    await expect(proveConsistency(0n, 3n, read)).rejects.toThrow(RangeError);
    await expect(proveConsistency(4n, 3n, read)).rejects.toThrow(RangeError);
  });
});
