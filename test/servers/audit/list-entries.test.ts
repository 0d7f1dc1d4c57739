/**
 * What an auditor finds in the ledger: by anything that entries say, the own tenant's and what concerns everybody, and
 * proofs that verify with the log's public key alone.
 */
import { evidenceQuestion } from '@countersign/contracts/evidence';
import type { LedgerEntry, NewEntry } from '@countersign/contracts/ledger-entry';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import { waitUntil } from '@countersign/infra/wait-until';
import { verifyCheckpoint } from '@countersign/ledger/checkpoint';
import { leafHash, verifyConsistency, verifyInclusion } from '@countersign/ledger/merkle';
import { PopulationCheck } from '@countersign/ledger/population-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { appendAll, entry } from './ledger-database.ts';
import { type RunningAudit, runAudit } from './run-audit.ts';

let run: RunningAudit;
const cleanUp = new AsyncDisposableStack();

function of(tenant: string | null, chain: string, kind: string, body: object, topic: string | null = null): NewEntry {
  return {
    ...entry(chain, kind, body as Record<string, unknown>),
    tenant,
    topic,
  };
}
const SCHEDULED = [
  of('acme', 'job:acme:1', 'job_admitted', { actor: 'bot' }, 'job.desk.read'),
  of('acme', 'job:acme:1', 'job_dispatched', { actor: 'bot' }, 'job.desk.read'),
  of('rival', 'job:rival:1', 'job_admitted', { actor: 'bot' }, 'job.desk.read'),
  of('acme', 'job:acme:2', 'job_admitted', { actor: 'ann', nested: { actor: 'bot' } }, 'job.deploy.apply'),
  of('acme', 'control', 'switch_set', { kind: 'agent', target: 'bot' }),
  of(null, 'control', 'switch_set', { kind: 'all', target: '*' }),
  of(null, 'control', 'switch_set', { kind: 'tenant', target: 'rival' }),
  of(null, 'control', 'switch_set', { kind: 'tenant', target: 'acme' }),
  of(null, 'control', 'switch_set', { kind: 'agent', target: 'their-bot' }),
];
const POLICIES = [
  of(null, 'policy:*', 'policy_activated', { actor: 'root' }),
  of('rival', 'policy:rival', 'policy_activated', { actor: 'eve' }),
  of('acme', 'policy:acme', 'policy_activated', { actor: 'ann' }),
];
const IDENTITIES = [
  of('acme', 'identity:bot', 'identity_created', { what: 'principal' }),
  of(null, 'identity:w1', 'identity_created', { what: 'worker' }),
];
const ALL = SCHEDULED.length + POLICIES.length + IDENTITIES.length;

beforeAll(async () => {
  run = cleanUp.use(await runAudit());
  // One after the other, so that leaves are in this order.
  for (const [role, entries] of [
    ['scheduler', SCHEDULED],
    ['policy_kernel', POLICIES],
    ['ingress', IDENTITIES],
  ] as const)
    for (const each of entries) await appendAll(run.ledger.as(role), [each]);
  cleanUp.use(await run.startAudit());
  await waitUntil('all of it is signed', async () => (await checkpoint().catch(() => null))?.tree_size === ALL);
});
afterAll(() => cleanUp.disposeAsync());

function checkpoint(): Promise<RpcAnswer<'audit.checkpoint'>> {
  return run.ingress.call('audit.checkpoint', { tree_size: null });
}

async function ask(
  { kinds, ...question }: { kinds?: string[]; [more: string]: unknown },
  tenant = 'acme',
): Promise<LedgerEntry[]> {
  const more = kinds === undefined ? { tenant } : { tenant, kinds };
  return (await run.ingress.call('audit.entries', { ...evidenceQuestion.parse(question), ...more })).entries;
}

async function found(question: { kinds?: string[]; [more: string]: unknown }, tenant?: string): Promise<string[]> {
  return (await ask(question, tenant)).map(({ chain, seq }) => `${chain}#${seq}`);
}

describe('entries', () => {
  const OWN = [
    'job:acme:1#1',
    'job:acme:1#2',
    'job:acme:2#1',
    'control#1',
    'control#2',
    'control#4',
    'policy:*#1',
    'policy:acme#1',
    'identity:bot#1',
  ];

  test('are the own ones and what concerns every tenant, never who else was stopped or let in', async () => {
    expect(await found({})).toEqual(OWN);
    const rivals = ['job:rival:1#1', 'control#2', 'control#3', 'policy:*#1', 'policy:rival#1'];
    expect(await found({}, 'rival')).toEqual(rivals);
    expect(await found({ all: true })).toHaveLength(ALL);
  });

  test.each([
    ['topic', { topic: 'job.desk.read' }, ['job:acme:1#1', 'job:acme:1#2']],
    ['a pattern of topics', { topic: 'job.deploy.*' }, ['job:acme:2#1']],
    ['kind', { kind: 'policy_activated' }, ['policy:*#1', 'policy:acme#1']],
    [
      'any of some kinds',
      { kinds: ['policy_activated', 'job_dispatched'] },
      ['job:acme:1#2', 'policy:*#1', 'policy:acme#1'],
    ],
    ['actor, and nobody who is only mentioned', { actor: 'bot' }, ['job:acme:1#1', 'job:acme:1#2']],
    ['job', { job_id: '1' }, ['job:acme:1#1', 'job:acme:1#2']],
    ['chain', { chain: 'control' }, ['control#1', 'control#2', 'control#4']],
    ["another tenant's chain", { chain: 'job:rival:1' }, []],
    ['chain and kind', { job_id: '1', kind: 'job_dispatched' }, ['job:acme:1#2']],
    ['where to begin', { from: ALL - 4 }, ['policy:acme#1', 'identity:bot#1']],
    ['a time before all', { until: '2001-01-01T00:00:00Z' }, []],
    ['a time after all', { since: '2999-01-01T00:00:00Z' }, []],
  ])('by %s', async (_, question, expected) => {
    expect(await found(question)).toEqual(expected);
  });

  test('by time, both ends included', async () => {
    const all = await ask({});
    const since = all[3]!.recorded_at;
    const until = all.find(({ chain }) => chain === 'policy:acme')!.recorded_at;
    const between = all.filter(({ recorded_at }) => recorded_at >= since && recorded_at <= until);
    expect(await found({ since, until })).toEqual(between.map(({ chain, seq }) => `${chain}#${seq}`));
    expect(between.length).toBeLessThan(all.length);
  });

  test('page by page they are the same', async () => {
    const pages: string[] = [];
    for (let from = 0; ; ) {
      const page = await run.ingress.call('audit.entries', {
        ...evidenceQuestion.parse({ from, limit: 2 }),
        tenant: 'acme',
      });
      pages.push(...page.entries.map(({ chain, seq }) => `${chain}#${seq}`));
      from = page.next;
      if (page.next >= page.end) break;
    }
    expect(pages).toEqual(OWN);
  });
});

describe('proofs', () => {
  const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

  test('an entry leads to the root that the log signed', async () => {
    const [first] = await ask({ chain: 'policy:acme' });
    const proof = await run.ingress.call('audit.inclusion', { leaf_index: first!.leaf_index!, tree_size: ALL });
    const verdict = verifyCheckpoint(proof.note, [run.log]);
    if (!verdict.ok) throw new Error(verdict.detail);
    const { size, root } = verdict.checkpoint;
    const leaf = leafHash(bytes(first!.hash));
    expect(verifyInclusion(leaf, BigInt(first!.leaf_index!), size, proof.hashes.map(bytes), root)).toBe(true);
  });

  test.each(['acme', 'rival'])(
    'the log signs which entries concern %s: those that it is shown, and no others',
    async (tenant) => {
      const head = {
        size: BigInt(ALL),
        root: bytes((await run.ingress.call('audit.checkpoint', { tree_size: ALL })).root_hash),
      };
      const shown = await ask({}, tenant);
      const check = (left_out: number) => {
        const checked = new PopulationCheck([run.log], 0);
        for (const { note, from, to } of said) {
          checked.take(note);
          for (const { leaf_index, hash } of shown)
            if (leaf_index! >= from && leaf_index! < to && leaf_index !== left_out) checked.entry(leaf_index!, hash);
        }
        return checked.finish(head, ALL);
      };
      const said: RpcAnswer<'audit.population'>[] = [];
      for (let from = 0; from < ALL; from = said.at(-1)!.to)
        said.push(
          await run.ingress.call('audit.population', { tenant, tree_size: ALL, from, to: from === 0 ? 5 : null }),
        );
      expect(said.map(({ from, to }) => [from, to])).toEqual([
        [0, 5],
        [5, ALL],
      ]);
      expect(check(-1)).toEqual({ tenant, faults: [] });
      for (const { leaf_index } of shown) expect(check(leaf_index!).faults[0]?.code).toBe('population_differs');
    },
  );

  test('a later checkpoint continues an earlier one', async () => {
    const older = await checkpoint();
    await appendAll(run.ledger.as('scheduler'), [of('acme', 'job:acme:3', 'job_admitted', {})]);
    await waitUntil('it is signed', async () => (await checkpoint()).tree_size > older.tree_size);
    const newer = await checkpoint();
    const { hashes } = await run.ingress.call('audit.consistency', { from: older.tree_size, to: newer.tree_size });
    const headOf = (view: typeof older) => ({ size: BigInt(view.tree_size), root: bytes(view.root_hash) });
    expect(verifyConsistency(headOf(older), headOf(newer), hashes.map(bytes))).toBe(true);
  });

  test('there are none of what was never signed', async () => {
    const none = [
      () => run.ingress.call('audit.checkpoint', { tree_size: 10_000 }),
      () => run.ingress.call('audit.inclusion', { leaf_index: 10_000, tree_size: null }),
      () => run.ingress.call('audit.inclusion', { leaf_index: ALL, tree_size: ALL }),
      () => run.ingress.call('audit.consistency', { from: 1, to: 10_000 }),
      () => run.ingress.call('audit.population', { tenant: 'acme', tree_size: 10_000, from: 0, to: null }),
      () => run.ingress.call('audit.population', { tenant: 'acme', tree_size: ALL, from: ALL, to: null }),
      () => run.ingress.call('audit.tile', { path: 'tile/0/001' }),
      () => run.ingress.call('audit.tile', { path: '../etc' }),
    ];
    for (const call of none) expect(await codeOf(call())).toBe('not_found');
  });
});
