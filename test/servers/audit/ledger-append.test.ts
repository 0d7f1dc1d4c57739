/** The one way into the ledger: what it hashes, in which order, and whom and what it refuses. */
import { ENTRY_KINDS, roleOf } from '@countersign/contracts/ledger-entry';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { ChainEntry } from '@countersign/ledger/chain-entry';
import { entryHash, verifyChain } from '@countersign/ledger/chain-hash';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendAll, entry, type LedgerDatabase, openLedger, refusalOf, untilWaiting } from './ledger-database.ts';

const DENIED = '42501';
let ledger: LedgerDatabase;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger[Symbol.asyncDispose]());

async function chainOf(chain: string): Promise<(ChainEntry & { id: number })[]> {
  const rows = await ledger.admin.query<
    Omit<ChainEntry, 'seq' | 'time_us'> & { id: number; seq: number; time_us: number }
  >('SELECT * FROM ledger.entries WHERE chain = $1 ORDER BY seq', [chain]);
  return rows.map((row) => ({ ...row, seq: BigInt(row.seq), time_us: BigInt(row.time_us) }));
}
const statement = 'SELECT ledger.append($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])';

describe('ledger.append', () => {
  test('hashes a row exactly as the offline verifier does, and keeps the body as it was hashed', async () => {
    const body = { reason: 'größer\n"quoted" 𝄞', n: 1 };
    await appendAll(ledger.as('scheduler'), [entry('job:acme:ünïcode', 'job_denied', body)]);
    const [row] = await chainOf('job:acme:ünïcode');
    expect(row).toMatchObject({ seq: 1n, recorded_by: 'countersign_scheduler', body: canonicalize(body) });
    expect(row!.prev_hash).toEqual(Buffer.alloc(32));
    expect(row!.hash).toEqual(entryHash(row!));
  });

  test('keeps the order of the array within a chain, over several calls and chains', async () => {
    const kinds = ['job_admitted', 'job_cleared', 'job_dispatched', 'job_running', 'job_succeeded'];
    await appendAll(
      ledger.as('scheduler'),
      kinds.slice(0, 3).flatMap((kind) => [entry('job:acme:b', kind), entry('job:acme:a', kind)]),
    );
    await appendAll(
      ledger.as('scheduler'),
      kinds.slice(3).flatMap((kind) => [entry('job:acme:a', kind), entry('job:acme:b', kind)]),
    );
    for (const chain of ['job:acme:a', 'job:acme:b']) {
      const rows = await chainOf(chain);
      expect(rows.map((row) => row.kind)).toEqual(kinds);
      expect(verifyChain(rows)).toEqual({ ok: true });
      // The sealer relies on it: within a chain, ids grow with seq.
      expect(rows.map((row) => row.id)).toEqual([...rows.map((row) => row.id)].sort((a, b) => a - b));
    }
  });

  test('what shares a row is the same entries: two of one chain, tenant and topic, an odd one and a stranger alone', async () => {
    const database = ledger.as('scheduler');
    const topics: Record<string, string[]> = {
      'job:acme:two': ['job.a', 'job.a'],
      'job:acme:three': ['job.a', 'job.a', 'job.a'],
      'job:acme:four': ['job.a', 'job.a', 'job.a', 'job.a'],
    };
    for (const [chain, each] of Object.entries(topics))
      await appendAll(
        database,
        each.map((topic) => ({ ...entry(chain, 'job_held', { n: 'größer' }), topic })),
      );
    await appendAll(
      database,
      ['job.a', 'job.b'].map((topic) => ({ ...entry('job:acme:strange', 'job_held'), topic })),
    );
    // Behind a row with two, and for several chains at once.
    await appendAll(
      database,
      ['two', 'three', 'two', 'one'].map((name) => ({ ...entry(`job:acme:${name}`, 'job_cleared'), topic: 'job.a' })),
    );
    // Pairs alone, one behind the other and mixed.
    for (const names of [
      ['five', 'five', 'six', 'six'],
      ['five', 'six', 'five', 'six'],
    ])
      await appendAll(
        database,
        names.map((name, i) => ({ ...entry(`job:acme:${name}`, 'job_held', { i }), topic: 'job.a' })),
      );
    const rows: Record<string, [number, number]> = {
      'job:acme:five': [2, 4],
      'job:acme:six': [2, 4],
      'job:acme:one': [1, 1],
      'job:acme:two': [2, 4],
      'job:acme:three': [3, 4],
      'job:acme:four': [2, 4],
      'job:acme:strange': [2, 2],
    };
    for (const [chain, expected] of Object.entries(rows)) {
      const entries = await chainOf(chain);
      expect(verifyChain(entries), chain).toEqual({ ok: true });
      const [stored] = await ledger.admin.query('SELECT count(*) FROM ledger.entry_rows WHERE chain = $1', [chain]);
      expect([Number(stored!.count), entries.length], chain).toEqual(expected);
      for (const each of entries) {
        const found = await ledger.admin.query(
          'SELECT seq, hash FROM ledger.entries WHERE row_id IN ($1::bigint, $1 - 1) AND id = $1',
          [each.id],
        );
        expect(found).toEqual([{ seq: Number(each.seq), hash: each.hash }]);
      }
    }
    const strange = `SELECT topic FROM ledger.entries WHERE chain = 'job:acme:strange' ORDER BY seq`;
    expect(await ledger.admin.query(strange)).toEqual([{ topic: 'job.a' }, { topic: 'job.b' }]);
  });

  test('half of a row is refused', async () => {
    const [kind, body] = [
      ['job_held', 'job_held'],
      ['{}', null],
    ];
    const given = [['job:acme:half', 'job:acme:half'], kind, ['acme', 'acme'], [null, null], body];
    expect(await refusalOf(ledger.as('scheduler').query(statement, given))).toBe('23514');
    expect(await chainOf('job:acme:half')).toEqual([]);
  });

  test('many writers on the same chains never deadlock and leave no gap', async () => {
    const chains = ['job:acme:p', 'job:acme:q', 'job:acme:r', 'job:acme:s'];
    const writers = Array.from({ length: 40 }, (_, i) => {
      const order = [...chains.slice(i % 4), ...chains.slice(0, i % 4)];
      const kind = i % 2 ? 'job_held' : 'approval_opened';
      const same = (value: string | null) => order.map(() => value);
      // Not in `transaction`, which would hide a deadlock by trying again.
      return ledger
        .as(i % 2 ? 'scheduler' : 'approval')
        .query(statement, [order, same(kind), same('acme'), same(null), same(`{"i":${i}}`)]);
    });
    await Promise.all(writers);
    for (const chain of chains) {
      const rows = await chainOf(chain);
      expect(rows).toHaveLength(40);
      expect(verifyChain(rows)).toEqual({ ok: true });
    }
  });

  test('the next writer of a chain waits for the commit of the one before, and sees it', async () => {
    const [first, second] = [await ledger.session('scheduler'), await ledger.session('approval')];
    const args = (kind: string) => [['job:acme:wait'], [kind], ['acme'], [null], ['{}']];
    await first.begin();
    await first.query(statement, args('job_held'));
    const appended = second.query(statement, args('approval_opened'));
    await untilWaiting(ledger.admin, second);
    await first.commit();
    await appended;
    const rows = await chainOf('job:acme:wait');
    expect(rows.map((row) => row.kind)).toEqual(['job_held', 'approval_opened']);
    expect(verifyChain(rows)).toEqual({ ok: true });
  });

  test('time never runs back in a chain, even when the clock does', async () => {
    const far = BigInt(Date.now()) * 1000n + 86_400_000_000n;
    await ledger.admin.query(
      `INSERT INTO ledger.entries (chain, seq, kind, recorded_by, time_us, body, prev_hash, hash)
       VALUES ('job:acme:clock', 1, 'job_admitted', 'x', $1, '{}', '\\x00', decode(repeat('ab', 32), 'hex'))`,
      [String(far)],
    );
    await appendAll(ledger.as('scheduler'), [entry('job:acme:clock'), entry('job:acme:clock')]);
    expect((await chainOf('job:acme:clock')).map((row) => row.time_us)).toEqual([far, far, far]);
  });

  test('a rolled back step leaves no number behind', async () => {
    const failed = ledger.as('scheduler').transaction(async (tx) => {
      await tx.query(statement, [['job:acme:undone'], ['job_held'], ['acme'], [null], ['{}']]);
      throw new Error('the step failed');
    });
    await expect(failed).rejects.toThrow('the step failed');
    await appendAll(ledger.as('scheduler'), [entry('job:acme:undone')]);
    expect((await chainOf('job:acme:undone')).map((row) => row.seq)).toEqual([1n]);
  });

  test('knows the kinds and writers of the contracts, and no others', async () => {
    const rows = await ledger.admin.query<{ kind: string; writer: string }>('SELECT kind, writer FROM ledger.kinds');
    expect(Object.fromEntries(rows.map((row) => [row.kind, row.writer]))).toEqual(
      Object.fromEntries(Object.entries(ENTRY_KINDS).map(([kind, service]) => [kind, roleOf(service)])),
    );
  });

  test.each([
    ['approval', 'job_admitted'],
    ['scheduler', 'approval_granted'],
    ['output_safety', 'policy_activated'],
    ['policy_kernel', 'switch_set'],
    ['ingress', 'output_screened'],
    ['scheduler', 'no_such_kind'],
  ])('%s may not record %s, not even among others', async (role, kind) => {
    const own = Object.entries(ENTRY_KINDS).find(([, service]) => roleOf(service) === `countersign_${role}`)![0];
    const chain = `job:acme:refused-${role}-${kind}`;
    expect(await refusalOf(appendAll(ledger.as(role), [entry(chain, own), entry(chain, kind)]))).toBe(DENIED);
    expect(await chainOf(chain)).toEqual([]);
  });

  test('refuses arrays that differ in length, and entries without a chain, kind or body', async () => {
    const scheduler = ledger.as('scheduler');
    const one = ['x'];
    const refused = async (...args: (string | null)[][]) => refusalOf(scheduler.query(statement, args));
    expect(await refused(['c'], ['job_held'], one, one, [])).toBe('22023');
    expect(await refused(['c'], ['job_held'], [], one, ['{}'])).toBe('22023');
    expect(await refused([null], ['job_held'], one, one, ['{}'])).toBe('23502');
    expect(await refused(['c'], ['job_held'], one, one, [null])).toBe('23502');
    expect(await refused(['c'], [null], one, one, ['{}'])).toBe(DENIED);
  });
});

const COLUMN: Readonly<Record<string, string>> = {
  sealed_leaves: 'hashes',
  checkpoints: 'root_hash',
  cosignatures: 'line',
};

describe('what stands', () => {
  test.each(['entry_rows', 'sealed_leaves', 'nodes', 'checkpoints', 'cosignatures'])(
    '%s refuses change from everybody',
    async (table) => {
      for (const mode of ['origin', 'replica']) {
        for (const change of [
          `UPDATE ledger.${table} SET hash = ''`,
          `DELETE FROM ledger.${table}`,
          `TRUNCATE ledger.${table}`,
        ]) {
          const changed = ledger.admin.transaction(async (tx) => {
            await tx.query(`SET LOCAL session_replication_role = ${mode}`);
            await tx.query(change.replace('hash', COLUMN[table] ?? 'hash'));
          });
          expect(await refusalOf(changed), `${mode}: ${change}`).toBe(DENIED);
        }
      }
    },
  );
});

describe('ledger.append_as', () => {
  const said = 'SELECT ledger.append_as($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])';
  /** As the superuser, whose own name is what the body has to give. */
  const record = async (chain: string, kind: string, writer: string, body: string): Promise<unknown> =>
    ledger.admin.query(said, [[writer], [chain], [kind], ['acme'], ['job.a'], [body]]);
  const ENDED = ['job_succeeded', 'countersign_scheduler'] as const;

  test('records under another name what says through whom', async () => {
    const [me] = await ledger.admin.query<{ session_user: string }>('SELECT session_user');
    await record('job:acme:via', ...ENDED, JSON.stringify({ state: 'succeeded', via: me!.session_user }));
    expect(await chainOf('job:acme:via')).toMatchObject([{ recorded_by: ENDED[1], seq: 1n }]);
    for (const body of ['{}', '{"via":null}', '{"via":"other"}', `{"a":{"via":"${me!.session_user}"}}`, '"via"'])
      expect(await refusalOf(record('job:acme:via', ...ENDED, body))).toBe(DENIED);
    expect(await chainOf('job:acme:via')).toHaveLength(1);
  });

  test('and only what that writer may record, for whom only the owner of the steps may call it', async () => {
    expect(await refusalOf(record('job:acme:via', 'output_screened', ENDED[1], '{}'))).toBe(DENIED);
    const given = [
      [ENDED[1]],
      ['job:acme:via'],
      [ENDED[0]],
      ['acme'],
      ['job.a'],
      ['{"via":"countersign_output_safety"}'],
    ];
    expect(await refusalOf(ledger.as('output_safety').query(said, given))).toBe(DENIED);
  });
});
