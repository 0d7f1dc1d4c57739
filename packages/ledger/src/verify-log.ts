/**
 * Verifies an export of the ledger entry by entry, in one pass and bounded memory: hashes, chains, leaves, the root that
 * was signed, and (rederive.ts) that what happened followed from what was decided. It trusts only the keys passed in.
 */
import { ENTRY_KINDS, isEntryKind, roleOf } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalize, parseStrict } from './canonical-json.ts';
import { entryHash, HASH_BYTES, NO_PREVIOUS, sameBytes } from './chain-hash.ts';
import { type NoteKey, verifyCheckpoint } from './checkpoint.ts';
import { readCosignatures } from './cosignature.ts';
import type { Body, DerivedFault } from './derived-fault.ts';
import { type LogWindow, WindowCheck } from './log-window.ts';
import { appendLeaves, EMPTY_TREE, leafHash, rootOf, type TreeHead, type TreeState } from './merkle.ts';
import type { PopulationFault } from './population-check.ts';
import { Rederivation } from './rederive.ts';

/** An entry of an export. `body` is the canonical JSON; hashes are 64 hex digits. */
export type LoggedEntry = {
  readonly chain: string;
  readonly seq: number;
  readonly kind: string;
  readonly recorded_by: string;
  readonly tenant: string | null;
  readonly topic: string | null;
  readonly time_us: number;
  readonly body: string;
  readonly prev_hash: string;
  readonly hash: string;
  readonly leaf_index: number;
};

export type LogFaultCode =
  | DerivedFault
  | 'entry_malformed'
  | 'body_malformed'
  | 'hash_mismatch'
  | 'prev_hash_mismatch'
  | 'seq_gap'
  | 'time_ran_back'
  | 'tenant_mismatch'
  | 'topic_mismatch'
  | 'wrong_writer'
  | 'out_of_order'
  | 'leaf_mismatch'
  | 'leaf_missing'
  | 'leaf_without_entry'
  | 'leaves_out_of_order'
  | 'checkpoint_missing'
  | 'checkpoint_refused'
  | 'root_mismatch'
  | 'log_truncated'
  | 'history_rewritten'
  | 'outside_the_window'
  | 'window_shortened'
  | OutsideFault
  | 'cosignatures_missing';

type OutsideFault = 'table_differs' | PopulationFault['code'];

/** `at` names the entry (`leaf 17, job:acme:1#3`) or the checkpoint. */
export type LogFault = { readonly code: LogFaultCode; readonly at: string };

export type LogTrust = {
  readonly log: readonly NoteKey[];
  /** A checkpoint that the verifier kept from before, or got from elsewhere; null: whoever holds the key could have rewritten all. */
  readonly kept: string | null;
  readonly witnesses: readonly NoteKey[];
  /** Witnesses that must have cosigned the export's checkpoint. */
  readonly cosignatures: number;
  /** The export holds one tenant's entries; else every leaf has its entry in it. */
  readonly selection: boolean;
  /** The export holds the entries of these leaves only; null or left out: of all. */
  readonly window?: LogWindow | null;
};

export type LogVerdict = {
  readonly verdict: 'holds' | 'broken';
  /** In the order found: the first is the first bad entry. */
  readonly faults: readonly LogFault[];
  readonly entries: number;
  readonly leaves: number;
  readonly signed_size: number;
  /** Leaves that stand under the checkpoint kept from before. */
  readonly kept_size: number;
  readonly cosigned_by: readonly string[];
  /** Entries that were recorded in the window's time; all of them without a time. */
  readonly within: number;
  /** Whether each step was derived again. Not where the window begins later than the log: what it stands on is not there. */
  readonly derived: boolean;
};

type Link = { seq: number; hash: string; time_us: number };

export class LogVerifier {
  readonly #trust: LogTrust;
  readonly #derive = new Rederivation();
  readonly #faults: LogFault[] = [];
  readonly #chains = new Map<string, Link>();
  readonly #kept: TreeHead | null;
  /** Entry hashes that no entry has claimed yet, by leaf. */
  readonly #waiting = new Map<number, string>();
  #tree: TreeState = EMPTY_TREE;
  #last_leaf = -1;
  #entries = 0;
  #isKeptMet = false;
  readonly #window: WindowCheck;

  /** Throws TypeError when the checkpoint that was kept is by none of the log's keys. */
  constructor(trust: LogTrust) {
    this.#trust = trust;
    this.#kept = headOf(trust);
    this.#window = new WindowCheck(trust.window ?? null);
  }

  get broken(): boolean {
    return this.#faults.length > 0;
  }

  /** Entry hashes of the leaves from `from` on, in order, before the entries that stand there. */
  takeLeaves(from: number, hashes: readonly Uint8Array[]): void {
    if (BigInt(from) !== this.#tree.size || hashes.some(({ length }) => length !== HASH_BYTES)) {
      this.#add('leaves_out_of_order', `leaf ${from}`);
      return;
    }
    for (const [i, hash] of hashes.entries()) {
      this.#tree = appendLeaves(this.#tree, [leafHash(hash)]).tree;
      if (this.#window.has(from + i)) this.#waiting.set(from + i, Buffer.from(hash).toString('hex'));
      if (this.#kept?.size === this.#tree.size) this.#compareKept();
    }
  }

  /** In the order of leaves. Answers the body when nothing is wrong with it as a text. */
  takeEntry(entry: LoggedEntry): Body | null {
    if (!isEntry(entry)) {
      this.#add('entry_malformed', `after leaf ${this.#last_leaf}`);
      return null;
    }
    const at = `leaf ${entry.leaf_index}, ${entry.chain}#${entry.seq}`;
    this.#entries += 1;
    const body = readBody(entry.body);
    const fault = this.#faultOf(entry) ?? (body === null ? 'body_malformed' : columnFault(entry, body));
    if (fault !== null) this.#add(fault, at);
    // Not the entry itself: its body would be kept for as long as the verification.
    const { seq, hash, time_us, leaf_index } = entry;
    this.#chains.set(entry.chain, { seq, hash, time_us });
    this.#window.take(leaf_index, time_us);
    if (body === null || !this.#window.isFromTheBeginning) return body;
    for (const derived of this.#derive.take(entry, body)) this.#add(derived, at);
    return body;
  }

  /** A fault that somebody else found in this entry: a policy without its signatures. */
  addFault(code: DerivedFault, { leaf_index, chain, seq }: LoggedEntry): void {
    this.#add(code, `leaf ${leaf_index}, ${chain}#${seq}`);
  }

  /** Found by whoever compares something else with the entries. */
  addOutside(code: OutsideFault, at: string): void {
    this.#add(code, at);
  }

  /** `note`: the checkpoint over all leaves. */
  finish(note: string | null): LogVerdict {
    const { log, selection, witnesses, cosignatures } = this.#trust;
    const verdict = note === null ? null : verifyCheckpoint(note, log);
    const size = Number(this.#tree.size);
    let cosigned_by: string[] = [];
    if (verdict === null) this.#add('checkpoint_missing', 'the end of the export');
    else if (!verdict.ok) this.#add('checkpoint_refused', verdict.detail);
    else if (verdict.checkpoint.size !== this.#tree.size)
      this.#add('log_truncated', `checkpoint of ${verdict.checkpoint.size}`);
    else if (!sameBytes(verdict.checkpoint.root, rootOf(this.#tree)))
      this.#add('root_mismatch', `checkpoint of ${size}`);
    else cosigned_by = [...new Set(readCosignatures(note!, witnesses).map(({ witness }) => witness))];
    if (cosigned_by.length < cosignatures) this.#add('cosignatures_missing', `checkpoint of ${size}`);
    if (this.#kept !== null && !this.#isKeptMet)
      this.#add('log_truncated', `the checkpoint kept, of ${this.#kept.size}`);
    for (const at of this.#window.shortenedAt(size, selection)) this.#add('window_shortened', at);
    if (!selection) for (const leaf of this.#waiting.keys()) this.#add('leaf_without_entry', `leaf ${leaf}`);
    return {
      verdict: this.broken ? 'broken' : 'holds',
      faults: this.#faults,
      entries: this.#entries,
      leaves: size,
      signed_size: verdict?.ok === true ? Number(verdict.checkpoint.size) : 0,
      kept_size: Number(this.#kept?.size ?? 0n),
      cosigned_by,
      within: this.#window.within,
      derived: this.#window.isFromTheBeginning,
    };
  }

  #faultOf(entry: LoggedEntry): LogFaultCode | null {
    const { chain, seq, leaf_index, hash } = entry;
    const previous = this.#chains.get(chain) ?? null;
    const leaf = this.#waiting.get(leaf_index);
    this.#waiting.delete(leaf_index);
    const wasLast = this.#last_leaf;
    this.#last_leaf = leaf_index;
    if (leaf_index <= wasLast) return 'out_of_order';
    if (hash !== Buffer.from(entryHash(hashedOf(entry))).toString('hex')) return 'hash_mismatch';
    if (!this.#window.has(leaf_index)) return 'outside_the_window';
    if (leaf === undefined) return 'leaf_missing';
    if (leaf !== hash) return 'leaf_mismatch';
    // A tenant sees of the controls those that hold for it.
    if (this.#trust.selection && chain === 'control') return seq > (previous?.seq ?? 0) ? null : 'seq_gap';
    // Of a chain that began before the window, the first link has nothing to be compared with; its leaf is under the root.
    if (previous === null && !this.#window.isFromTheBeginning && seq > 1) return null;
    if (seq !== (previous?.seq ?? 0) + 1) return 'seq_gap';
    if (entry.prev_hash !== (previous?.hash ?? NO_PREVIOUS_HEX)) return 'prev_hash_mismatch';
    return entry.time_us < (previous?.time_us ?? 0) ? 'time_ran_back' : null;
  }

  #compareKept(): void {
    this.#isKeptMet = true;
    if (!sameBytes(rootOf(this.#tree), this.#kept!.root)) {
      this.#add('history_rewritten', `the checkpoint kept, of ${this.#kept!.size}`);
    }
  }

  #add(code: LogFaultCode, at: string): void {
    if (this.#faults.length < LIMITS.export_faults) this.#faults.push({ code, at: at.slice(0, LIMITS.pointer_chars) });
  }
}

const NO_PREVIOUS_HEX = Buffer.from(NO_PREVIOUS).toString('hex');

function headOf({ kept, log }: LogTrust): TreeHead | null {
  if (kept === null) return null;
  const verdict = verifyCheckpoint(kept, log);
  if (!verdict.ok) throw new TypeError(`the checkpoint kept from before: ${verdict.detail}`);
  return verdict.checkpoint.size === 0n ? null : verdict.checkpoint;
}

function hashedOf({ chain, kind, recorded_by, body, prev_hash, seq, time_us }: LoggedEntry) {
  return {
    chain,
    kind,
    recorded_by,
    body,
    prev_hash: Buffer.from(prev_hash, 'hex'),
    seq: BigInt(seq),
    time_us: BigInt(time_us),
  };
}

/** The columns of tenant and topic are not hashed themselves: chain and body say them, and the kind says who may have written it. */
function columnFault({ chain, tenant, topic, kind, recorded_by }: LoggedEntry, body: Body): LogFaultCode | null {
  const inChain = /^job:([^:]+):/.exec(chain)?.[1];
  const isSame = (attested: unknown): boolean => attested === undefined || attested === tenant;
  if (!isSame(inChain) || (inChain !== undefined && !isSame(body.tenant))) return 'tenant_mismatch';
  if (inChain !== undefined && body.topic !== undefined && body.topic !== topic) return 'topic_mismatch';
  const writer = isEntryKind(kind) ? ENTRY_KINDS[kind] : undefined;
  return writer === undefined || roleOf(writer) === recorded_by ? null : 'wrong_writer';
}

/** Null for what is no canonical JSON object: two readers could read it differently. */
function readBody(text: string): Body | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    // What survives the round trip names no key twice. What does not may only have keys that look like numbers.
    if (JSON.stringify(value) === text) return value as Body;
    const strict = parseStrict(text, { max_depth: LIMITS.canonical_depth });
    return strict.ok && canonicalize(strict.value) === text ? (value as Body) : null;
  } catch {
    return null;
  }
}

function isHex(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed();
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isEntry(value: unknown): value is LoggedEntry {
  const entry = value as Partial<Record<keyof LoggedEntry, unknown>> | null;
  return (
    typeof entry === 'object' &&
    entry !== null &&
    isText(entry.chain) &&
    isText(entry.kind) &&
    isText(entry.recorded_by) &&
    isText(entry.body) &&
    isCount(entry.seq) &&
    isCount(entry.time_us) &&
    isCount(entry.leaf_index) &&
    isHex(entry.prev_hash) &&
    isHex(entry.hash) &&
    (entry.tenant === null || isText(entry.tenant))
  );
}
