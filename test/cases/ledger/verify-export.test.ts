/**
 * An export against an attacker who owns the database, and then the signing key too: each attack is carried out as well
 * as it can be (hashes, links and roots recomputed), and must still be found.
 */
import { createPrivateKey, sign as signWith } from 'node:crypto';
import { entryHash, NO_PREVIOUS } from '@countersign/ledger/chain-hash';
import { type NoteSigner, signCheckpoint } from '@countersign/ledger/checkpoint';
import { appendLeaves, EMPTY_TREE, leafHash, rootOf } from '@countersign/ledger/merkle';
import { type ExportedEntry, type LedgerExport, type Trust, verifyExport } from '@countersign/ledger/verify-export';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const seed = Buffer.from(`302e020100300506032b657004220420${'07'.repeat(32)}`, 'hex');
const privateKey = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
const log: NoteSigner = {
  name: 'countersign.example/log',
  public_key: Buffer.from(privateKey.export({ format: 'jwk' }).x as string, 'base64url'),
  sign: (message) => signWith(null, message, privateKey),
};

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}

/** Chains in the order given, each entry linked, hashed and sealed anew: what a forger with the database can do. */
function recompute(entries: readonly ExportedEntry[]): ExportedEntry[] {
  const heads = new Map<string, ExportedEntry>();
  return entries.map((entry, leaf_index) => {
    const previous = heads.get(entry.chain);
    const prev_hash = previous === undefined ? NO_PREVIOUS : bytes(previous.hash);
    const seq = (previous?.seq ?? 0) + 1;
    const { chain, kind, recorded_by, body } = entry;
    const time_us = BigInt(entry.time_us);
    const hash = hex(entryHash({ chain, kind, recorded_by, body, time_us, prev_hash, seq: BigInt(seq) }));
    const sealed = { ...entry, seq, hash, prev_hash: hex(prev_hash), leaf_index };
    heads.set(chain, sealed);
    return sealed;
  });
}

function noteOver(leaves: readonly string[]): string {
  const { tree } = appendLeaves(
    EMPTY_TREE,
    leaves.map((leaf) => leafHash(bytes(leaf))),
  );
  return signCheckpoint({ size: tree.size, root: rootOf(tree) }, log);
}

function exportOf(entries: readonly ExportedEntry[], checkpoints?: readonly string[]): LedgerExport {
  const leaves = entries.flatMap((entry) => (entry.leaf_index === null ? [] : [entry.hash]));
  return { entries, leaves, checkpoints: checkpoints ?? [noteOver(leaves)] };
}

/** Two jobs of two tenants and a policy scope, interleaved as they would be sealed. */
const ENTRIES = recompute(
  ['job:acme:1', 'policy:default', 'job:acme:1', 'job:beta:2', 'job:acme:1', 'job:beta:2', 'policy:default'].map(
    (chain, i) => {
      const tenant = chain.startsWith('job') ? chain.split(':')[1]! : null;
      const body = tenant === null ? `{"step":${i}}` : `{"step":${i},"tenant":"${tenant}"}`;
      const kind = `step_${i}`;
      const time_us = 1_760_000_000_000_000 + i;
      return {
        chain,
        kind,
        recorded_by: 'countersign_scheduler',
        tenant,
        time_us,
        body,
        seq: 0,
        prev_hash: '',
        hash: '',
        leaf_index: 0,
      };
    },
  ),
);
const HONEST = exportOf(ENTRIES);
const WITNESSED = noteOver(HONEST.leaves.slice(0, 5));
const TRUST: Trust = { keys: [log], witnessed: WITNESSED };
const AT_WITNESS = 'witnessed 0 (size 5)';

function codesOf(exported: LedgerExport, trust: Trust = TRUST): string[] {
  const { verdict, faults } = verifyExport(exported, trust);
  expect(verdict).toBe(faults.length > 0 ? 'broken' : 'proven');
  return [...new Set(faults.map(({ code }) => code))].sort();
}

function without(at: number): ExportedEntry[] {
  return ENTRIES.filter((_, i) => i !== at);
}

function edited(at: number, change: Partial<ExportedEntry>): ExportedEntry[] {
  return ENTRIES.map((entry, i) => (i === at ? { ...entry, ...change } : entry));
}

describe('an honest export', () => {
  it('is proven up to the witnessed checkpoint', () => {
    expect(verifyExport(HONEST, TRUST)).toEqual({
      verdict: 'proven',
      faults: [],
      entries: 7,
      witnessed_entries: 5,
      unsealed: 0,
      tree_size: 7,
      signed_size: 7,
      witnessed_size: 5,
    });
  });

  it('is only consistent without a witness', () => {
    expect(verifyExport(HONEST, { ...TRUST, witnessed: null })).toMatchObject({
      verdict: 'consistent',
      witnessed_size: 0,
    });
  });

  it('may end in entries that are not sealed yet', () => {
    const entries = edited(6, { leaf_index: null });
    expect(verifyExport(exportOf(entries), TRUST)).toMatchObject({ verdict: 'proven', unsealed: 1, tree_size: 6 });
  });

  it('is read in any order', () => {
    expect(codesOf({ ...HONEST, entries: ENTRIES.toReversed() })).toEqual([]);
  });

  it('may be empty', () => {
    const nothing = { entries: [], leaves: [], checkpoints: [] };
    expect(verifyExport(nothing, { ...TRUST, witnessed: null }).verdict).toBe('consistent');
    expect(codesOf(nothing)).toEqual(['log_truncated']);
  });

  it('may be a selection of chains, proven when all of it is below the witness', () => {
    const select = (chain: string): LedgerExport => ({
      ...HONEST,
      entries: ENTRIES.filter((entry) => entry.chain === chain),
    });
    const selecting = { ...TRUST, selection: true };
    expect(verifyExport(select('job:acme:1'), selecting)).toMatchObject({ verdict: 'proven', witnessed_entries: 3 });
    expect(verifyExport(select('job:beta:2'), selecting)).toMatchObject({
      verdict: 'consistent',
      witnessed_entries: 1,
    });
    expect(codesOf(select('job:acme:1'))).toEqual(['leaf_without_entry']);
  });
});

describe('an attacker who owns the database', () => {
  it('deletes a row', () => {
    expect(codesOf({ ...HONEST, entries: without(2) })).toEqual(['leaf_without_entry', 'seq_gap']);
    expect(codesOf({ ...HONEST, entries: without(4) })).toEqual(['leaf_without_entry']);
  });

  it('deletes a row with its leaf', () => {
    const leaves = HONEST.leaves.toSpliced(2, 1);
    expect(codesOf({ ...HONEST, leaves, entries: without(2) })).toContain('history_rewritten');
  });

  it('deletes a whole chain', () => {
    expect(codesOf({ ...HONEST, entries: ENTRIES.filter(({ chain }) => chain !== 'job:beta:2') })).toEqual([
      'leaf_without_entry',
    ]);
  });

  it.each<Partial<ExportedEntry>>([
    { body: '{"step":9,"tenant":"acme"}' },
    { kind: 'step_9' },
    { recorded_by: 'countersign_approval' },
    { time_us: ENTRIES[2]!.time_us + 1 },
  ])('edits %o', (change) => expect(codesOf({ ...HONEST, entries: edited(2, change) })).toEqual(['hash_mismatch']));

  it('edits a row and the chain after it', () => {
    const entries = recompute(edited(2, { body: '{"step":9,"tenant":"acme"}' }));
    expect(codesOf({ ...HONEST, entries })).toEqual(['leaf_mismatch']);
    expect(codesOf(exportOf(entries, HONEST.checkpoints))).toEqual(['history_rewritten']);
  });

  it('moves a job to another tenant', () => {
    expect(codesOf({ ...HONEST, entries: edited(2, { tenant: 'beta' }) })).toEqual(['tenant_mismatch']);
    const relabelled = [
      { ...ENTRIES[1]!, tenant: 'acme', body: '{"tenant":"beta"}' },
      { ...ENTRIES[0]!, tenant: 'beta', body: '{}' },
    ];
    for (const entry of relabelled) {
      const entries = recompute([entry]);
      const witnessed = noteOver([entries[0]!.hash]);
      expect(codesOf(exportOf(entries), { ...TRUST, witnessed })).toEqual(['tenant_mismatch']);
    }
  });

  it('swaps two sealed entries', () => {
    const [a, b] = [ENTRIES[1]!, ENTRIES[2]!];
    const swapped = edited(1, { ...b, leaf_index: 1 }).with(2, { ...a, leaf_index: 2 });
    expect(codesOf({ ...HONEST, entries: swapped })).toEqual(['leaf_mismatch']);
    expect(codesOf(exportOf(swapped, HONEST.checkpoints))).toEqual(['history_rewritten']);
  });

  it('swaps two entries of one chain', () => {
    const entries = edited(2, { seq: 3 }).with(4, { ...ENTRIES[4]!, seq: 2 });
    expect(codesOf({ ...HONEST, entries })).toContain('prev_hash_mismatch');
  });

  it('cuts the end off', () => {
    expect(codesOf(exportOf(ENTRIES.slice(0, 6), HONEST.checkpoints))).toEqual(['log_truncated']);
    expect(codesOf(exportOf(ENTRIES.slice(0, 4), []))).toEqual(['log_truncated']);
  });

  it('passes a sealed entry off as unsealed, or as two', () => {
    expect(codesOf({ ...HONEST, entries: edited(2, { leaf_index: null }) })).toEqual(['leaf_without_entry']);
    expect(codesOf({ ...HONEST, entries: [...ENTRIES, ENTRIES[2]!] })).toEqual(['leaf_claimed_twice', 'seq_gap']);
    expect(codesOf({ ...HONEST, entries: edited(6, { leaf_index: 7 }) })).toEqual([
      'leaf_missing',
      'leaf_without_entry',
    ]);
  });

  it('passes a forged chain off as not sealed yet in a selection, which is then not proven', () => {
    const forged = recompute(ENTRIES.slice(0, 1).map((entry) => ({ ...entry, kind: 'forged' })));
    const entries = forged.map((entry) => ({ ...entry, leaf_index: null }));
    expect(verifyExport({ ...HONEST, entries }, { ...TRUST, selection: true })).toMatchObject({
      verdict: 'consistent',
      unsealed: 1,
    });
  });
});

describe('an attacker who has the signing key too', () => {
  it('recomputes all of history and signs it: consistent by itself, found by the witnessed checkpoint', () => {
    const forged = exportOf(recompute(edited(2, { kind: 'step_9' })));
    expect(verifyExport(forged, { ...TRUST, witnessed: null }).verdict).toBe('consistent');
    expect(verifyExport(forged, TRUST).faults).toEqual([{ code: 'history_rewritten', at: AT_WITNESS }]);
  });

  it('leaves out, edits, moves, slips in or cuts any entry below the witness and recomputes the rest', () => {
    const attacks: ((at: number) => ExportedEntry[])[] = [
      without,
      (at) => edited(at, { body: '{"step":99}' }),
      (at) => ENTRIES.slice(0, at),
      (at) => ENTRIES.toSpliced(at, 1).toSpliced((at + 3) % 6, 0, ENTRIES[at]!),
      (at) => ENTRIES.toSpliced(at, 0, { ...ENTRIES[at]!, body: '{"step":99}' }),
    ];
    fc.assert(
      fc.property(fc.nat(4), fc.constantFrom(...attacks), (at, attack) => {
        const { verdict, faults } = verifyExport(exportOf(recompute(attack(at))), TRUST);
        expect(verdict).toBe('broken');
        expect(faults.some((fault) => fault.at === AT_WITNESS)).toBe(true);
      }),
    );
  });

  it('shows two histories: the checkpoints in one export must agree as well', () => {
    const forged = recompute(edited(2, { kind: 'step_9' }));
    const checkpoints = [...HONEST.checkpoints, noteOver(forged.map(({ hash }) => hash))];
    expect(codesOf({ ...HONEST, checkpoints }, { ...TRUST, witnessed: null })).toEqual(['history_rewritten']);
  });
});

describe('signatures and shape', () => {
  const impostor: NoteSigner = { ...log, name: 'other.example' };

  it('needs a checkpoint by a known key', () => {
    const unsigned = { ...HONEST, checkpoints: [] };
    expect(codesOf(unsigned, { ...TRUST, witnessed: null })).toEqual(['checkpoint_missing']);
    const foreign = { ...HONEST, checkpoints: [signCheckpoint({ size: 0n, root: rootOf(EMPTY_TREE) }, impostor)] };
    expect(codesOf(foreign)).toEqual(['checkpoint_unknown_key']);
    expect(codesOf(HONEST, { keys: [], witnessed: WITNESSED })).toEqual([
      'checkpoint_missing',
      'checkpoint_unknown_key',
    ]);
    expect(codesOf(HONEST, { ...TRUST, witnessed: WITNESSED.replace('\n5\n', '\n4\n') })).toEqual([
      'checkpoint_bad_signature',
    ]);
  });

  it.each([
    ['no export', null],
    ['no leaves', { ...HONEST, leaves: undefined }],
    ['a leaf in capitals', { ...HONEST, leaves: HONEST.leaves.map((leaf) => leaf.toUpperCase()) }],
    ['a note that is none', { ...HONEST, checkpoints: [1] }],
    ['a hole', { ...HONEST, entries: [...ENTRIES, null] }],
    ['a fraction', { ...HONEST, entries: edited(0, { seq: 1.5 }) }],
    ['a negative leaf', { ...HONEST, entries: edited(0, { leaf_index: -1 }) }],
    ['a lone surrogate', { ...HONEST, entries: edited(0, { body: '{"a":"\ud800"}' }) }],
  ])('says that %s is malformed instead of throwing', (_, exported) => {
    const { verdict, faults } = verifyExport(exported as LedgerExport, TRUST);
    expect(verdict).toBe('broken');
    expect(faults[0]!.code).toBe('export_malformed');
  });

  it.each(['[]', 'null', '{"tenant":"acme","tenant":"beta"}', '{'])('refuses the body %j', (body) => {
    const entries = recompute(edited(6, { body }));
    expect(codesOf(exportOf(entries))).toEqual(['body_malformed']);
  });

  it('lists a bounded number of faults', () => {
    const leaves = Array.from({ length: 1_000 }, () => 'not a hash');
    expect(verifyExport({ ...HONEST, leaves }, TRUST).faults.length).toBe(100);
  });
});
