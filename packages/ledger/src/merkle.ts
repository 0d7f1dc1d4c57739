/**
 * The Merkle tree over all sealed entries (RFC 6962 section 2.1): grown leaf by leaf from the few hashes of its right
 * edge, proven from stored nodes, verified from nothing but hashes. It holds no leaf data and never reads storage.
 */
import { HASH_BYTES, sameBytes } from './chain-hash.ts';
import { sha256 } from './digest.ts';

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);
const EMPTY_ROOT = sha256(new Uint8Array(0));

/** A complete subtree: the leaves from `index << level` on, `1 << level` of them. Once complete it never changes. */
export type NodeId = { readonly level: number; readonly index: bigint };
export type TreeNode = NodeId & { readonly hash: Uint8Array };

/** The hashes of the complete subtrees that make up `size` leaves, from the largest to the smallest. */
export type TreeState = { readonly size: bigint; readonly hashes: readonly Uint8Array[] };

export const EMPTY_TREE: TreeState = { size: 0n, hashes: [] };

/** Hands back the hashes of complete subtrees, in the order asked: one round trip for a whole proof. */
export type HashReader = (nodes: readonly NodeId[]) => Promise<readonly Uint8Array[]> | readonly Uint8Array[];

/** A tree's size and root hash. */
export type TreeHead = { readonly size: bigint; readonly root: Uint8Array };

/** Leaves from the first up to, not including, the second. */
type Range = readonly [bigint, bigint];

/** sha256(0x00 ‖ data). The prefixes keep a leaf from passing for a node (RFC 6962 section 2.1). */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([LEAF_PREFIX, data]));
}

/** sha256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([NODE_PREFIX, left, right]));
}

/** A stored state made usable again. Throws when the number of hashes can't belong to that size. */
export function restoreTree(size: bigint, hashes: readonly Uint8Array[]): TreeState {
  if (size < 0n || coverOf(0n, size).length !== hashes.length) throw new RangeError('hashes do not fit the tree size');
  return { size, hashes };
}

/**
 * The tree after these leaf hashes, with every subtree they completed, leaves (level 0) included: what a reader of
 * proofs must be able to find again.
 */
export function appendLeaves(
  tree: TreeState,
  leaves: Iterable<Uint8Array>,
): { readonly tree: TreeState; readonly completed: readonly TreeNode[] } {
  const hashes = [...tree.hashes];
  const completed: TreeNode[] = [];
  let { size } = tree;
  for (const leaf of leaves) {
    if (!isHash(leaf)) throw new RangeError(`a leaf hash has ${HASH_BYTES} bytes`);
    let node: TreeNode = { level: 0, index: size, hash: leaf };
    completed.push(node);
    for (; node.index & 1n; completed.push(node)) {
      node = { level: node.level + 1, index: node.index >> 1n, hash: nodeHash(hashes.pop()!, node.hash) };
    }
    hashes.push(node.hash);
    size++;
  }
  return { tree: { size, hashes }, completed };
}

/** MTH of RFC 6962: sha256 of nothing for the empty tree. */
export function rootOf(tree: TreeState): Uint8Array {
  return tree.hashes.length === 0 ? EMPTY_ROOT : foldRight(tree.hashes);
}

/** PATH(index, D[size]) of RFC 6962 section 2.1.1. Throws RangeError unless index < size. */
export async function proveInclusion(index: bigint, size: bigint, read: HashReader): Promise<Uint8Array[]> {
  if (index < 0n || index >= size) throw new RangeError('the leaf is not in the tree');
  const ranges: Range[] = [];
  for (let lo = 0n, hi = size; hi - lo > 1n; ) {
    const middle = lo + splitOf(hi - lo);
    if (index < middle) {
      ranges.push([middle, hi]);
      hi = middle;
    } else {
      ranges.push([lo, middle]);
      lo = middle;
    }
  }
  return readRanges(ranges.reverse(), read);
}

/** PROOF(older, D[newer]) of RFC 6962 section 2.1.2. Throws RangeError unless 0 < older <= newer. */
export async function proveConsistency(older: bigint, newer: bigint, read: HashReader): Promise<Uint8Array[]> {
  if (older <= 0n || older > newer) throw new RangeError('a tree is consistent with a later one, and not when empty');
  const ranges: Range[] = [];
  let lo = 0n;
  let hi = newer;
  while (hi !== older) {
    const middle = lo + splitOf(hi - lo);
    if (older <= middle) {
      ranges.push([middle, hi]);
      hi = middle;
    } else {
      ranges.push([lo, middle]);
      lo = middle;
    }
  }
  // From 0 on the subtree is the older tree itself, whose root the verifier has.
  if (lo !== 0n) ranges.push([lo, hi]);
  return readRanges(ranges.reverse(), read);
}

/** Root, and for each leaf hash PATH(i, D[n]) of RFC 6962 section 2.1.1, of a tree that is held as a whole: one leaf or more. */
export function proveEach(leaves: readonly Uint8Array[]): { root: Uint8Array; paths: Uint8Array[][] } {
  if (leaves.length === 1) return { root: leaves[0]!, paths: [[]] };
  const middle = Number(splitOf(BigInt(leaves.length)));
  const [left, right] = [proveEach(leaves.slice(0, middle)), proveEach(leaves.slice(middle))];
  return {
    root: nodeHash(left.root, right.root),
    paths: [...left.paths.map((path) => [...path, right.root]), ...right.paths.map((path) => [...path, left.root])],
  };
}

/** RFC 9162 section 2.1.3.2. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  const found = rootOfPath(leaf, index, size, proof);
  return found !== null && isHash(root) && sameBytes(found, root);
}

/** The root that a path leads to, by the same section; null where no tree of that size has such a path at that place. */
export function rootOfPath(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  proof: readonly Uint8Array[],
): Uint8Array | null {
  if (index < 0n || index >= size || ![leaf, ...proof].every(isHash)) return null;
  let [at, last] = [index, size - 1n];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0n) return null;
    if (at & 1n || at === last) {
      hash = nodeHash(sibling, hash);
      while (at !== 0n && !(at & 1n)) [at, last] = [at >> 1n, last >> 1n];
    } else hash = nodeHash(hash, sibling);
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n ? hash : null;
}

/** RFC 9162 section 2.1.4.2. The empty tree is consistent with everything and so proves nothing: false. */
export function verifyConsistency(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (older.size <= 0n || older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && sameBytes(older.root, newer.root);
  if (![older.root, newer.root, ...proof].every(isHash)) return false;
  const isComplete = (older.size & (older.size - 1n)) === 0n;
  const [first, ...rest] = isComplete ? [older.root, ...proof] : proof;
  if (first === undefined) return false;
  let [at, last] = [older.size - 1n, newer.size - 1n];
  while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
  let [olderHash, newerHash] = [first, first];
  for (const sibling of rest) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      olderHash = nodeHash(sibling, olderHash);
      newerHash = nodeHash(sibling, newerHash);
      while (at !== 0n && !(at & 1n)) [at, last] = [at >> 1n, last >> 1n];
    } else newerHash = nodeHash(newerHash, sibling);
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && sameBytes(olderHash, older.root) && sameBytes(newerHash, newer.root);
}

/** The complete subtrees of a range, left to right. The range must start where its largest subtree may. */
export function coverOf(lo: bigint, hi: bigint): NodeId[] {
  const nodes: NodeId[] = [];
  for (let from = lo; from < hi; ) {
    const level = bitLength(hi - from) - 1;
    nodes.push({ level, index: from >> BigInt(level) });
    from += 1n << BigInt(level);
  }
  return nodes;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES;
}

/** The root over neighbouring subtrees that grow smaller to the right. */
function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The largest power of two smaller than `count`: where RFC 6962 splits a tree. */
function splitOf(count: bigint): bigint {
  return 1n << BigInt(bitLength(count - 1n) - 1);
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

async function readRanges(ranges: readonly Range[], read: HashReader): Promise<Uint8Array[]> {
  const covers = ranges.map(([lo, hi]) => coverOf(lo, hi));
  const wanted = covers.flat();
  const found = wanted.length === 0 ? [] : await read(wanted);
  if (found.length !== wanted.length) throw new RangeError(`${found.length} hashes came for ${wanted.length} nodes`);
  let end = 0;
  return covers.map((cover) => {
    const start = end;
    end += cover.length;
    return foldRight(found.slice(start, end));
  });
}
