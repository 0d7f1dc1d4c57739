/**
 * An export against an attacker who owns the database, and then the signing key too: each attack is carried out as well
 * as it can be (hashes, links and roots recomputed), and must still be found. The table of what happened is verify-log's.
 */

import { signCheckpoint } from '@countersign/ledger/checkpoint';
import { EMPTY_TREE, rootOf } from '@countersign/ledger/merkle';
import type { LoggedEntry } from '@countersign/ledger/verify-log';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Exported, exportOf, history, LOG, logOf, newSigner, noteOver, rechained, verify } from './log-history.ts';

const HONEST = exportOf(logOf(history()));
const KEPT_SIZE = 9;
const KEPT = noteOver(HONEST.leaves.slice(0, KEPT_SIZE), LOG);
const AT_KEPT = `the checkpoint kept, of ${KEPT_SIZE}`;
const LAST = HONEST.entries.length - 1;

function codesOf(exported: Exported, trust: Parameters<typeof verify>[1] = { kept: KEPT }): string[] {
  const { verdict, faults } = verify(exported, trust);
  expect(verdict).toBe(faults.length > 0 ? 'broken' : 'holds');
  return [...new Set(faults.map(({ code }) => code))].sort();
}

function edited(at: number, change: object): LoggedEntry[] {
  return HONEST.entries.map((entry, i) => (i === at ? { ...entry, ...change } : entry));
}

function without(at: number): LoggedEntry[] {
  return HONEST.entries.toSpliced(at, 1);
}

describe('an attacker who owns the database', () => {
  it('deletes a row, with its leaf, or a whole chain', () => {
    expect(codesOf({ ...HONEST, entries: without(LAST) })).toEqual(['leaf_without_entry']);
    const leaves = HONEST.leaves.toSpliced(3, 1);
    expect(codesOf({ ...HONEST, leaves, entries: without(3) })).toContain('history_rewritten');
    const denied = HONEST.entries.filter(({ chain }) => chain !== 'job:acme:denied');
    expect(denied.length).toBeLessThan(HONEST.entries.length);
    expect(codesOf({ ...HONEST, entries: denied })).toEqual(['leaf_without_entry']);
  });

  it.each([
    { body: '{"tenant":"acme"}' },
    { kind: 'job_held' },
    { recorded_by: 'countersign_approval' },
    { time_us: HONEST.entries[3]!.time_us + 1 },
    { seq: 9 },
    { prev_hash: 'f'.repeat(64) },
  ])('edits %o', (change) => expect(codesOf({ ...HONEST, entries: edited(3, change) })).toContain('hash_mismatch'));

  it('moves a job to another tenant, in its body or beside it', () => {
    for (const change of [
      { tenant: 'rival' },
      { body: HONEST.entries[LAST]!.body.replace('"tenant":"acme"', '"tenant":"rival"') },
    ])
      expect(codesOf(exportOf(rechained(edited(LAST, change))))).toContain('tenant_mismatch');
  });

  it('swaps two sealed entries', () => {
    const [a, b] = [HONEST.entries[1]!, HONEST.entries[2]!];
    const entries = edited(1, { ...b, leaf_index: 1 }).with(2, { ...a, leaf_index: 2 });
    expect(codesOf({ ...HONEST, entries })).toContain('leaf_mismatch');
    expect(codesOf({ ...exportOf(entries), note: HONEST.note })).toContain('history_rewritten');
  });

  it('passes a forged entry off as not sealed yet', () => {
    const forged = rechained(edited(LAST, { kind: 'job_refused' })).with(LAST, {
      ...HONEST.entries[LAST]!,
      leaf_index: null as never,
    });
    expect(codesOf({ ...HONEST, entries: forged }, { selection: true })).toEqual(['entry_malformed']);
  });
});

describe('an attacker who has the signing key too', () => {
  it('recomputes all of history and signs it: it holds by itself, and not beside the checkpoint that was kept', () => {
    const forged = exportOf(rechained(edited(LAST, { time_us: HONEST.entries[LAST]!.time_us + 1 })));
    expect(codesOf(forged, {})).toEqual([]);
    const early = exportOf(rechained(edited(2, { time_us: HONEST.entries[2]!.time_us - 1 })));
    expect(codesOf(early, {})).toEqual([]);
    expect(verify(early, { kept: KEPT }).faults).toEqual([{ code: 'history_rewritten', at: AT_KEPT }]);
  });

  it('leaves out, edits, moves, slips in or cuts any entry below the one kept and recomputes the rest', () => {
    const attacks: ((at: number) => LoggedEntry[])[] = [
      without,
      (at) => edited(at, { body: '{"tenant":"acme"}' }),
      (at) => HONEST.entries.slice(0, at),
      (at) => HONEST.entries.toSpliced(at, 1).toSpliced((at + 3) % 8, 0, HONEST.entries[at]!),
      (at) => HONEST.entries.toSpliced(at, 0, { ...HONEST.entries[at]!, body: '{"tenant":"acme"}' }),
    ];
    fc.assert(
      fc.property(fc.nat(KEPT_SIZE - 1), fc.constantFrom(...attacks), (at, attack) => {
        const { verdict, faults } = verify(exportOf(rechained(attack(at))), { kept: KEPT });
        expect(verdict).toBe('broken');
        expect(faults.some((fault) => fault.at === AT_KEPT)).toBe(true);
      }),
    );
  });
});

describe('signatures and shape', () => {
  it('needs a checkpoint by a known key, and believes none that was kept from elsewhere', () => {
    const other = newSigner('other.test');
    const foreign = signCheckpoint({ size: 0n, root: rootOf(EMPTY_TREE) }, other);
    expect(codesOf({ ...HONEST, note: foreign })).toEqual(['checkpoint_refused']);
    expect(codesOf(HONEST, { log: [] })).toEqual(['checkpoint_refused']);
    expect(() => verify(HONEST, { kept: KEPT, log: [] })).toThrow(TypeError);
    expect(() => verify(HONEST, { kept: KEPT.replace('\n9\n', '\n8\n') })).toThrow(TypeError);
  });

  it('may be empty, but not where something was kept', () => {
    const nothing = exportOf([]);
    expect(codesOf(nothing, {})).toEqual([]);
    expect(verify(nothing, { kept: KEPT }).faults).toEqual([{ code: 'log_truncated', at: AT_KEPT }]);
  });

  it.each([
    ['nothing', null],
    ['a fraction', { ...HONEST.entries[0]!, seq: 1.5 }],
    ['a negative leaf', { ...HONEST.entries[0]!, leaf_index: -1 }],
    ['a hash in capitals', { ...HONEST.entries[0]!, hash: HONEST.entries[0]!.hash.toUpperCase() }],
    ['a lone surrogate', { ...HONEST.entries[0]!, body: '{"a":"\ud800"}' }],
    ['no chain', { ...HONEST.entries[0]!, chain: undefined }],
  ])('says that %s is malformed instead of throwing', (_, entry) => {
    const entries = HONEST.entries.with(0, entry as LoggedEntry);
    expect(verify({ ...HONEST, entries }).faults[0]!.code).toBe('entry_malformed');
  });

  it.each([['short'], ['twice']])('says so of leaves that are too %s', (how) => {
    const leaves = how === 'short' ? HONEST.leaves.with(0, 'ab') : [...HONEST.leaves, ''];
    expect(verify({ ...HONEST, leaves }).faults[0]!.code).toBe('leaves_out_of_order');
  });

  it.each(['[]', 'null', '{"tenant":"acme","tenant":"beta"}', '{'])('refuses the body %j', (body) => {
    expect(codesOf(exportOf(rechained(edited(LAST, { body }))))).toEqual(['body_malformed']);
  });

  it('lists a bounded number of faults', () => {
    const entries = Array.from({ length: 1_000 }, () => null as unknown as LoggedEntry);
    expect(verify({ ...HONEST, entries }).faults.length).toBe(100);
  });
});
