/**
 * The chain hash: one known answer that every other implementation of the layout must give, and every way to break a
 * chain.
 */
import { createHash } from 'node:crypto';
import type { LedgerEntry, ShownEntry } from '@countersign/contracts/ledger-entry';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { ChainEntry, HashedFields } from '@countersign/ledger/chain-entry';
import { entryHash, NO_PREVIOUS, verifyChain } from '@countersign/ledger/chain-hash';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const FIRST: HashedFields = {
  prev_hash: NO_PREVIOUS,
  chain: 'job:acme:0198f2c0-7a31-7c55-9d2e-3b1f4a5c6d7e',
  kind: 'job_submitted',
  recorded_by: 'cs_scheduler',
  seq: 1n,
  time_us: 1_760_000_000_123_456n,
  body: '{"reason":"naïve ✓","tenant":"acme"}',
};
const FIRST_HASH = 'a04f3951c3be7f69321573f28057c329159284b9cee060a74db693b5ecc6822b';
const SECOND: HashedFields = {
  ...FIRST,
  prev_hash: entryHash(FIRST),
  kind: 'job_admitted',
  seq: 2n,
  time_us: FIRST.time_us,
  body: '{}',
};
const SECOND_HASH = '7d7914140a87f6e2ac515e783270e4899b1bce8da1cd3b198f4be7ec456a31e9';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function chainOf(length: number): ChainEntry[] {
  const entries: ChainEntry[] = [];
  for (let i = 0; i < length; i++) {
    const prev_hash = entries.at(-1)?.hash ?? NO_PREVIOUS;
    const fields = { ...FIRST, prev_hash, seq: BigInt(i + 1), time_us: FIRST.time_us + BigInt(i), body: `{"n":${i}}` };
    entries.push({ ...fields, hash: entryHash(fields) });
  }
  return entries;
}

function sealed(fields: HashedFields): ChainEntry {
  return { ...fields, hash: entryHash(fields) };
}

/** As `GET /jobs/{id}/timeline` shows it. */
function shown({ seq, time_us, prev_hash, hash, body, ...rest }: ChainEntry): ShownEntry {
  return {
    ...rest,
    seq: Number(seq),
    tenant: 'acme',
    topic: null,
    recorded_at: `${new Date(Number(time_us / 1000n)).toISOString().slice(0, -1)}${String(time_us % 1000n).padStart(3, '0')}Z`,
    prev_hash: hex(prev_hash),
    hash: hex(hash),
    body: JSON.parse(body) as ShownEntry['body'],
    leaf_index: null,
  };
}

describe('verifyChain of what the API answers', () => {
  const chain = chainOf(5).map(shown);
  const bodyAsText = ({ body, ...rest }: ShownEntry): LedgerEntry => ({ ...rest, body: canonicalize(body) });

  it('holds, with the body as JSON or as its text', () => {
    expect(verifyChain(chain)).toEqual({ ok: true });
    expect(verifyChain(chain.map(bodyAsText))).toEqual({ ok: true });
  });

  it('finds what was changed', () => {
    const changed = chain.map((entry, i) => (i === 2 ? { ...entry, body: { n: 7 } } : entry));
    expect(verifyChain(changed)).toEqual({ ok: false, seq: 3n, reason: 'hash_mismatch' });
    expect(verifyChain(chain.slice(1))).toEqual({ ok: false, seq: 2n, reason: 'seq_gap' });
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'entry'],
    ['an empty object', {}],
    ['a seq that is text', { ...chain[0]!, seq: '1' }],
    ['a hash that is no hash', { ...chain[0]!, hash: 'x' }],
    ['a time that is none', { ...chain[0]!, recorded_at: 'yesterday' }],
    ['no body', { ...chain[0]!, body: undefined }],
  ])('throws for %s, and calls no history broken', (_name, entry) => {
    expect(() => verifyChain([entry as ShownEntry])).toThrow(/^(a ledger entry|canonical_not_json)/);
  });
});

describe('entryHash', () => {
  it('gives the known answers', () => {
    expect(hex(entryHash(FIRST))).toBe(FIRST_HASH);
    expect(hex(entryHash(SECOND))).toBe(SECOND_HASH);
  });

  it('hashes exactly these bytes', () => {
    const layout = [
      '636f756e7465727369676e2f6c65646765722d656e7472792f763100', // "countersign/ledger-entry/v1", 0x00
      '00'.repeat(32),
      `0000000e${Buffer.from('policy:default').toString('hex')}`,
      `00000004${Buffer.from('kind').toString('hex')}`,
      '00000002c3a9', // é: lengths count bytes
      '0000000000000001',
      '000640b7a1c2d3e4',
      '7b7d',
    ].join('');
    const fields = {
      prev_hash: NO_PREVIOUS,
      chain: 'policy:default',
      kind: 'kind',
      recorded_by: 'é',
      seq: 1n,
      time_us: 0x640b7a1c2d3e4n,
      body: '{}',
    };
    expect(hex(entryHash(fields))).toBe(createHash('sha256').update(Buffer.from(layout, 'hex')).digest('hex'));
  });

  it('changes with every field, also when a byte moves from one to the next', () => {
    const changed: Partial<HashedFields>[] = [
      {},
      { prev_hash: new Uint8Array(32).fill(1) },
      { chain: `${FIRST.chain}j`, kind: 'ob_submitted' },
      { kind: 'job_submittedc', recorded_by: 's_scheduler' },
      { seq: 2n },
      { time_us: FIRST.time_us + 1n },
      { body: `${FIRST.body} ` },
    ];
    expect(new Set(changed.map((change) => hex(entryHash({ ...FIRST, ...change })))).size).toBe(changed.length);
  });

  it.each<Partial<HashedFields>>([{ prev_hash: new Uint8Array(31) }, { seq: -1n }, { time_us: 2n ** 64n }])(
    'throws when a field does not fit: %o',
    (change) => expect(() => entryHash({ ...FIRST, ...change })).toThrow(RangeError),
  );
});

describe('verifyChain', () => {
  it('accepts a whole chain, and none', () => {
    expect(verifyChain(chainOf(5))).toEqual({ ok: true });
    expect(verifyChain([])).toEqual({ ok: true });
  });

  it('says which entry is wrong, and how', () => {
    const [a, b, c] = chainOf(3) as [ChainEntry, ChainEntry, ChainEntry];
    expect(verifyChain([a, c])).toEqual({ ok: false, seq: 3n, reason: 'seq_gap' });
    expect(verifyChain([b, c])).toEqual({ ok: false, seq: 2n, reason: 'seq_gap' });
    expect(verifyChain([a, c, b])).toEqual({ ok: false, seq: 3n, reason: 'seq_gap' });
    expect(verifyChain([a, b, b])).toEqual({ ok: false, seq: 2n, reason: 'seq_gap' });
    expect(verifyChain([a, { ...b, body: '{"n":9}' }])).toEqual({ ok: false, seq: 2n, reason: 'hash_mismatch' });
    expect(verifyChain([a, sealed({ ...b, chain: 'job:other' })])).toEqual({
      ok: false,
      seq: 2n,
      reason: 'other_chain',
    });
    expect(verifyChain([a, sealed({ ...b, time_us: a.time_us - 1n })])).toEqual({
      ok: false,
      seq: 2n,
      reason: 'time_ran_back',
    });
    expect(verifyChain([sealed({ ...a, body: '{}' }), b])).toEqual({
      ok: false,
      seq: 2n,
      reason: 'prev_hash_mismatch',
    });
    expect(verifyChain([sealed({ ...a, prev_hash: b.hash })])).toEqual({
      ok: false,
      seq: 1n,
      reason: 'prev_hash_mismatch',
    });
  });

  it('finds any change to any hashed field of any entry', () => {
    const edits: ((entry: ChainEntry) => ChainEntry)[] = [
      (entry) => ({ ...entry, body: `${entry.body} ` }),
      (entry) => ({ ...entry, kind: 'job_ended' }),
      (entry) => ({ ...entry, recorded_by: 'cs_approval' }),
      (entry) => ({ ...entry, chain: 'job:other' }),
      (entry) => ({ ...entry, time_us: entry.time_us + 1n }),
      (entry) => ({ ...entry, hash: new Uint8Array(32) }),
      (entry) => ({ ...entry, prev_hash: new Uint8Array(32).fill(9) }),
    ];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(), fc.constantFrom(...edits), (length, at, edit) => {
        const entries = chainOf(length);
        entries[at % length] = edit(entries[at % length]!);
        expect(verifyChain(entries).ok).toBe(false);
      }),
    );
  });
});
