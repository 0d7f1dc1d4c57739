/**
 * Grows the Merkle tree over the sealed leaves and signs its size and root, at least once a second while there is work
 * and not at all while nothing is new. It never signs over what contradicts a checkpoint that it signed before.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { sameBytes } from '@countersign/ledger/chain-hash';
import { type NoteSigner, signCheckpoint, verifyCheckpoint } from '@countersign/ledger/checkpoint';
import {
  appendLeaves,
  coverOf,
  EMPTY_TREE,
  leafHash,
  restoreTree,
  rootOf,
  type TreeNode,
  type TreeState,
} from '@countersign/ledger/merkle';
import { readThroughTiles, TILE_HEIGHT } from '@countersign/ledger/tiles';
import { monotonicMs } from '@countersign/platform/clock';
import type { Database } from '@countersign/platform/database';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import { BrokenTree, tileReader } from './read-tiles.ts';
import type { Window } from './store.ts';
import { countLeaves, keepCheckpoint, readCheckpoint, readLeafHashes } from './store-tree.ts';

export type GrowingTree = {
  /** What a window sealed or published. Signing follows within `checkpoint_ms`. */
  take(window: Window): void;
  /** Looks for leaves that nobody signs, because whoever published them is gone. */
  heal(): Promise<void>;
  /** Throws while leaves wait too long for a signature. */
  check(): void;
  /** Signs what is left, and no more after that by itself. */
  stop(): Promise<void>;
};

type GrowOptions = {
  database: Database;
  signers: readonly [NoteSigner, ...NoteSigner[]];
  log: Pick<Logger, 'error' | 'warn'>;
  metrics: Pick<Metrics, 'count' | 'set'>;
  /** Hears of each checkpoint, once it is kept. */
  onSigned(checkpoint: { tree_size: number; note: string }): void;
};

/** The tree since the last checkpoint: what was signed, and what came after it. */
type Growing = {
  signed_size: number;
  tree: TreeState;
  /** Entry hash of the last leaf. */
  last_leaf: Uint8Array | null;
  /** Roots of tiles filled since. */
  filled: TreeNode[];
};

/** Whoever changes the key lets old and new sign together for a while. */
class UnknownCheckpoint extends Error {
  override readonly name = 'UnknownCheckpoint';
  constructor() {
    super('none of LOG_KEYS signed the last checkpoint under LOG_ORIGIN: change a key while old and new both sign');
  }
}

export function growTree({ database, signers, log, metrics, onSigned }: GrowOptions): GrowingTree {
  let growing: Growing | null = null;
  /** Leaves that are known to exist. */
  let known = 0;
  let timer: NodeJS.Timeout | null = null;
  let failed: { since: number; thrown: unknown } | null = null;
  let turn: Promise<void> = Promise.resolve();
  let stopped = false;
  /** Where the last checkpoint stood when `heal` looked before. */
  let seen = 0;

  function take({ entries, next_leaf, unpublished }: Window): void {
    known = Math.max(known, next_leaf + unpublished);
    if (growing !== null) {
      const size = Number(growing.tree.size);
      const fresh = entries.filter(({ leaf_index }) => leaf_index! >= size);
      if (fresh[0]?.leaf_index === size)
        add(
          growing,
          fresh.map(({ hash }) => Buffer.from(hash, 'hex')),
        );
    }
    if (known > (growing?.signed_size ?? 0)) schedule();
    tell();
  }

  const tell = (): void => metrics.set('ledger_unsigned', {}, Math.max(0, known - (growing?.signed_size ?? 0)));

  async function heal(): Promise<void> {
    const [last, leaves] = await database.transaction((tx) => Promise.all([readCheckpoint(tx), countLeaves(tx)]));
    const signed = last?.tree_size ?? 0;
    const stuck = leaves > signed && signed === seen;
    seen = signed;
    // Another instance has signed what this one failed to.
    if (leaves <= signed) failed = null;
    if (!stuck) return;
    growing = null;
    known = leaves;
    await sign();
  }

  function schedule(): void {
    if (timer !== null || stopped) return;
    timer = setTimeout(() => {
      timer = null;
      void sign().catch(() => {});
    }, LIMITS.checkpoint_ms);
  }

  /** One after the other: two would sign the same leaves. */
  function sign(): Promise<void> {
    const done = turn.then(signNow);
    turn = done.catch(() => {});
    return done;
  }

  async function signNow(): Promise<void> {
    try {
      growing ??= await readGrowing(database, signers);
      while (Number(growing.tree.size) < known) {
        const leaves = await readLeafHashes(database, Number(growing.tree.size), LIMITS.tree_leaves);
        if (leaves.length === 0) throw new BrokenTree();
        add(growing, leaves);
        growing = await keep(growing);
      }
      growing = await keep(growing);
      failed = null;
      tell();
      if (known > growing.signed_size) schedule();
    } catch (thrown) {
      // Whatever was believed of the tree may be out of date.
      growing = null;
      if (failed === null) log.error(errorFields(thrown), 'leaves wait for a signed checkpoint');
      failed ??= { since: monotonicMs(), thrown };
      throw thrown;
    }
  }

  async function keep(now: Growing): Promise<Growing> {
    const tree_size = Number(now.tree.size);
    if (tree_size === now.signed_size) return now;
    const root = rootOf(now.tree);
    const note = signCheckpoint({ size: now.tree.size, root }, ...signers);
    const nodes = [...now.filled];
    const made = { from_size: now.signed_size, tree_size, last_leaf: now.last_leaf!, root, note, nodes };
    // False: another instance signed meanwhile. What it signed is read and compared before anything is added to it.
    if (!(await keepCheckpoint(database, made))) return readGrowing(database, signers);
    metrics.count('ledger_checkpoints_total', {});
    metrics.set('ledger_tree_size', {}, tree_size);
    onSigned({ tree_size, note });
    now.signed_size = tree_size;
    // Leaves that were taken meanwhile may have filled a tile: that is kept with the next checkpoint.
    now.filled.splice(0, nodes.length);
    return now;
  }

  return {
    take,
    heal,
    check() {
      if (failed !== null && monotonicMs() - failed.since > LIMITS.stop_ms) throw failed.thrown;
    },
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await turn;
      if (failed === null && known > (growing?.signed_size ?? 0)) await sign().catch(() => {});
    },
  };
}

function add(growing: Growing, leaves: readonly Uint8Array[]): void {
  const { tree, completed } = appendLeaves(growing.tree, leaves.map(leafHash));
  growing.tree = tree;
  growing.last_leaf = leaves.at(-1)!;
  growing.filled.push(...completed.filter(({ level }) => level > 0 && level % TILE_HEIGHT === 0));
}

/**
 * The tree as the last checkpoint has it, read from the leaves again. Throws BrokenTree when they give another root, and
 * UnknownCheckpoint when it is by none of the log's keys: on top of that nothing may be signed.
 */
async function readGrowing(database: Database, signers: readonly NoteSigner[]): Promise<Growing> {
  const last = await readCheckpoint(database);
  if (last === null) return { signed_size: 0, tree: EMPTY_TREE, last_leaf: null, filled: [] };
  const verdict = verifyCheckpoint(last.note, signers);
  const size = BigInt(last.tree_size);
  if (!verdict.ok || verdict.checkpoint.size !== size) throw new UnknownCheckpoint();
  const hashes = await readThroughTiles(size, tileReader(database))(coverOf(0n, size));
  const tree = restoreTree(size, hashes);
  if (!sameBytes(rootOf(tree), verdict.checkpoint.root)) throw new BrokenTree();
  return { signed_size: last.tree_size, tree, last_leaf: null, filled: [] };
}
