/**
 * Verifies an export of the ledger offline: every chain, every leaf, every signed checkpoint, and the one checkpoint
 * that the verifier kept. It trusts nothing in the export, its shape included, and nobody but the keys passed in.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { parseStrict } from './canonical-json.ts';
import type { ChainEntry } from './chain-entry.ts';
import { type ChainFault, sameBytes, verifyChain } from './chain-hash.ts';
import { type CheckpointFault, type NoteKey, verifyCheckpoint } from './checkpoint.ts';
import { appendLeaves, EMPTY_TREE, leafHash, rootOf, type TreeHead } from './merkle.ts';

/** An entry as it is stored. Hashes are 64 hex digits, `leaf_index` is null until the entry is sealed. */
export type ExportedEntry = {
  readonly chain: string;
  readonly seq: number;
  readonly kind: string;
  readonly recorded_by: string;
  readonly tenant: string | null;
  readonly time_us: number;
  readonly body: string;
  readonly prev_hash: string;
  readonly hash: string;
  readonly leaf_index: number | null;
};

/** `leaves`: the entry hashes of the whole log in leaf order, whichever entries come along. `checkpoints`: signed notes. */
export type LedgerExport = {
  readonly entries: readonly ExportedEntry[];
  readonly leaves: readonly string[];
  readonly checkpoints: readonly string[];
};

/**
 * What the verifier brings along. `witnessed`: a signed checkpoint obtained earlier or from a witness; without one,
 * whoever holds the log's key could have rewritten everything. `selection`: the export holds only some chains, so
 * leaves of others are expected; that a chain's last entries were left out can then not be seen.
 */
export type Trust = {
  readonly keys: readonly NoteKey[];
  readonly witnessed: string | null;
  readonly selection?: boolean;
};

export type ExportFaultCode =
  | ChainFault
  | CheckpointFault
  | 'export_malformed'
  | 'body_malformed'
  | 'tenant_mismatch'
  | 'leaf_missing'
  | 'leaf_mismatch'
  | 'leaf_claimed_twice'
  | 'leaf_without_entry'
  | 'checkpoint_missing'
  | 'log_truncated'
  | 'history_rewritten';

/** `at` names the entry (`<chain>#<seq>`), leaf or checkpoint. */
export type ExportFault = { readonly code: ExportFaultCode; readonly at: string };

/**
 * `proven`: of the leaves below `witnessed_size` nothing was deleted, edited, reordered, cut or recomputed; and of a
 * selection, every entry is below it. `consistent`: no fault, but no witness for that either. `broken`: see `faults`
 * (the first `export_faults` of them). Leaves below `signed_size` stand under a signature, `unsealed` entries under none.
 */
export type ExportVerdict = {
  readonly verdict: 'proven' | 'consistent' | 'broken';
  readonly faults: readonly ExportFault[];
  readonly entries: number;
  readonly witnessed_entries: number;
  readonly unsealed: number;
  readonly tree_size: number;
  readonly signed_size: number;
  readonly witnessed_size: number;
};

const NOTHING: LedgerExport = { entries: [], leaves: [], checkpoints: [] };

class Faults {
  readonly list: ExportFault[] = [];

  add(code: ExportFaultCode, at: string): void {
    if (this.list.length >= LIMITS.export_faults) return;
    this.list.push({ code, at: at.slice(0, LIMITS.pointer_chars) });
  }
}

type NamedHead = TreeHead & { readonly name: string };

/** A hostile or cut export is a verdict too: nothing here throws on it. */
export function verifyExport(exported: LedgerExport, trust: Trust): ExportVerdict {
  const faults = new Faults();
  if (!isExport(exported, faults)) return verdictOf(NOTHING, trust, faults, [], []);
  verifyChains(exported.entries, faults);
  for (const entry of exported.entries) verifyColumns(entry, faults);
  verifyLeaves(exported, trust.selection === true, faults);
  const witnessed = headsOf(trust.witnessed === null ? [] : [trust.witnessed], 'witnessed', trust.keys, faults);
  const signed = [...witnessed, ...headsOf(exported.checkpoints, 'checkpoint', trust.keys, faults)];
  if (signed.length === 0 && exported.leaves.length > 0) faults.add('checkpoint_missing', 'checkpoints');
  verifyHeads(exported.leaves, signed, faults);
  return verdictOf(exported, trust, faults, signed, witnessed);
}

function isExport(exported: LedgerExport, faults: Faults): boolean {
  const lists: readonly [string, unknown, (item: unknown) => boolean][] = [
    ['entries', exported?.entries, isEntry],
    ['leaves', exported?.leaves, isHex],
    ['checkpoints', exported?.checkpoints, (note) => typeof note === 'string'],
  ];
  for (const [name, list, isItem] of lists) {
    if (!Array.isArray(list)) faults.add('export_malformed', name);
    else for (const [i, item] of list.entries()) if (!isItem(item)) faults.add('export_malformed', `${name}/${i}`);
  }
  return faults.list.length === 0;
}

function isEntry(value: unknown): boolean {
  const entry = value as Partial<Record<keyof ExportedEntry, unknown>> | null;
  if (typeof entry !== 'object' || entry === null) return false;
  return (
    [entry.chain, entry.kind, entry.recorded_by, entry.body].every(isText) &&
    [entry.seq, entry.time_us].every(isCount) &&
    [entry.prev_hash, entry.hash].every(isHex) &&
    (entry.tenant === null || isText(entry.tenant)) &&
    (entry.leaf_index === null || isCount(entry.leaf_index))
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed();
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHex(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function verdictOf(
  { entries, leaves }: LedgerExport,
  trust: Trust,
  faults: Faults,
  signed: readonly TreeHead[],
  witnessed: readonly TreeHead[],
): ExportVerdict {
  const witnessed_size = largestOf(witnessed);
  const witnessed_entries = entries.filter(
    ({ leaf_index }) => leaf_index !== null && leaf_index < witnessed_size,
  ).length;
  const isProven = witnessed_size > 0 && (trust.selection !== true || witnessed_entries === entries.length);
  const sound = isProven ? 'proven' : 'consistent';
  return {
    verdict: faults.list.length > 0 ? 'broken' : sound,
    faults: faults.list,
    entries: entries.length,
    witnessed_entries,
    unsealed: entries.filter(({ leaf_index }) => leaf_index === null).length,
    tree_size: leaves.length,
    signed_size: largestOf(signed),
    witnessed_size,
  };
}

function largestOf(heads: readonly TreeHead[]): number {
  return heads.reduce((largest, { size }) => Math.max(largest, Number(size)), 0);
}

function verifyChains(entries: readonly ExportedEntry[], faults: Faults): void {
  for (const [chain, members] of Map.groupBy(entries, (entry) => entry.chain)) {
    const ordered = members.map(toChainEntry).sort((a, b) => (a.seq < b.seq ? -1 : 1));
    const verdict = verifyChain(ordered);
    if (!verdict.ok) faults.add(verdict.reason, `${chain}#${verdict.seq}`);
  }
}

function toChainEntry(entry: ExportedEntry): ChainEntry {
  const { chain, kind, recorded_by, body } = entry;
  return {
    chain,
    kind,
    recorded_by,
    body,
    seq: BigInt(entry.seq),
    time_us: BigInt(entry.time_us),
    prev_hash: Buffer.from(entry.prev_hash, 'hex'),
    hash: Buffer.from(entry.hash, 'hex'),
  };
}

/** The tenant column is not hashed itself; the chain's name and the body are, and it must say what they say. */
function verifyColumns(entry: ExportedEntry, faults: Faults): void {
  const body = parseStrict(entry.body, { max_depth: LIMITS.canonical_depth });
  if (!body.ok || body.value === null || typeof body.value !== 'object' || Array.isArray(body.value)) {
    faults.add('body_malformed', nameOf(entry));
    return;
  }
  const inChain = /^job:([^:]+):/.exec(entry.chain)?.[1];
  const inBody = Object.hasOwn(body.value, 'tenant') ? body.value.tenant : undefined;
  const isSame = (attested: unknown): boolean => attested === undefined || attested === entry.tenant;
  if (!isSame(inChain) || !isSame(inBody)) faults.add('tenant_mismatch', nameOf(entry));
}

function nameOf(entry: ExportedEntry): string {
  return `${entry.chain}#${entry.seq}`;
}

function verifyLeaves({ entries, leaves }: LedgerExport, isSelection: boolean, faults: Faults): void {
  const claimed = new Set<number>();
  for (const entry of entries) {
    const index = entry.leaf_index;
    if (index === null) continue;
    if (claimed.has(index)) faults.add('leaf_claimed_twice', nameOf(entry));
    else if (index >= leaves.length) faults.add('leaf_missing', nameOf(entry));
    else if (leaves[index] !== entry.hash) faults.add('leaf_mismatch', nameOf(entry));
    claimed.add(index);
  }
  if (isSelection) return;
  for (let index = 0; index < leaves.length; index++) {
    if (!claimed.has(index)) faults.add('leaf_without_entry', `leaf ${index}`);
  }
}

function headsOf(notes: readonly string[], kind: string, keys: readonly NoteKey[], faults: Faults): NamedHead[] {
  return notes.flatMap((note, i) => {
    const verdict = verifyCheckpoint(note, keys);
    if (verdict.ok) return [{ ...verdict.checkpoint, name: `${kind} ${i} (size ${verdict.checkpoint.size})` }];
    faults.add(verdict.code, `${kind} ${i}`);
    return [];
  });
}

/** Grows the tree once and compares it with every head on the way. */
function verifyHeads(leaves: readonly string[], heads: readonly NamedHead[], faults: Faults): void {
  let tree = EMPTY_TREE;
  for (const head of heads.toSorted((a, b) => (a.size < b.size ? -1 : 1))) {
    if (head.size > leaves.length) {
      faults.add('log_truncated', head.name);
      continue;
    }
    while (tree.size < head.size) {
      const leaf = leafHash(Buffer.from(leaves[Number(tree.size)]!, 'hex'));
      tree = appendLeaves(tree, [leaf]).tree;
    }
    if (!sameBytes(rootOf(tree), head.root)) faults.add('history_rewritten', head.name);
  }
}
