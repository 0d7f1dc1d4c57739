/** Pools are chosen without any fallback; output rules only ever tighten. */

import { outputPolicyActive } from '@countersign/contracts/policy';
import type { Pool } from '@countersign/contracts/policy-pools';
import { eligiblePools, type PoolNeed } from '@countersign/policy/choose-pool';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { compileOutputPolicy, decideOutput } from '@countersign/policy/decide-output';
import { explain } from '@countersign/policy-author/explain';
import { seePools } from '@countersign/policy-author/see-pools';
import { FINDING_TYPES } from '@countersign/scanners/finding-types';
import { describe, expect, it } from 'vitest';
import { answerOf, ask, compiled, contextOf, itemOf } from './ask-policy.ts';

function pool(over: Partial<Pool> & { id: string }): Pool {
  return {
    capabilities: ['a.read'],
    enforces: [],
    concurrency: 1,
    ...over,
  };
}

function need(over: Partial<PoolNeed> = {}): PoolNeed {
  return {
    tenant: 'default',
    capability: 'a.read',
    requires: [],
    environment: null,
    worker_constraints: [],
    ...over,
  };
}

function ids(pools: Pool[], question: PoolNeed): string[] {
  return eligiblePools(pools, question).map(({ id }) => id);
}

describe('pools', () => {
  const plain = pool({ id: 'plain' });
  const prod = pool({ id: 'prod', environments: ['prod'] });
  const strong = pool({
    id: 'strong',
    capabilities: ['a.read', 'a.write'],
    tenants: ['acme'],
    enforces: ['no_network'],
  });

  it.each([
    ['the capability', [plain], need({ capability: 'a.write' }), []],
    ['some capability', [plain], need({ capability: null }), []],
    ['all that is required', [plain, strong], need({ requires: ['a.write'], tenant: 'acme' }), ['strong']],
    ['the tenant', [strong], need(), []],
    ['the environment', [plain, prod], need({ environment: 'prod' }), ['prod']],
    ['no environment when the job has none', [plain, prod], need(), ['plain']],
    ['the right environment', [prod], need({ environment: 'dev' }), []],
    [
      'every worker constraint',
      [plain, strong],
      need({ worker_constraints: ['no_network'], tenant: 'acme' }),
      ['strong'],
    ],
    ['the one that can do the least else first', [strong, plain], need({ tenant: 'acme' }), ['plain', 'strong']],
  ])('need %s', (_, pools, question, wanted) => {
    expect(ids(pools, question)).toEqual(wanted);
  });

  it('take no glob for a capability', () => {
    expect(ids([pool({ id: 'all', capabilities: ['*'] })], need())).toEqual([]);
  });
});

describe('where a job would run', () => {
  const policy = (environments: string) =>
    compiled(
      `topics: { job.a: { capability: a.read } }
rules: [{ id: yes, match: { topics: [job.a] }, decision: allow_with_constraints, constraints: { worker: [no_network] } }]`,
      {
        'pools.yaml': `pools:
  - { id: other, capabilities: [a.write], concurrency: 1 }
  - { id: acme, capabilities: [a.read], tenants: [acme], concurrency: 1 }
  - { id: lax, capabilities: [a.read], ${environments} concurrency: 1 }
  - { id: fits, capabilities: [a.read], ${environments} enforces: [no_network], concurrency: 1 }`,
      },
    );
  const told = (built: CompiledPolicy, labels: Record<string, string>) => {
    const explained = explain(built, itemOf({ topic: 'job.a', labels }), contextOf());
    const { effective } = answerOf(explained.outcome).answer;
    const seen = seePools(built.pools, effective);
    expect(explained.derivation!.pools).toEqual(seen);
    return { seen, text: explained.text };
  };

  it('is named', () => {
    const { seen, text } = told(policy(''), {});
    expect(seen).toEqual({ pool: 'fits', failed: [] });
    expect(text).toContain('It would run in the pool fits.');
    expect(told(policy('environments: [prod],'), { env: 'prod' }).seen).toMatchObject({ pool: 'fits' });
  });

  it.each([
    [
      'a label that no pool names',
      '',
      { env: 'prod' },
      'it names no environments, so it takes no job with the label env',
    ],
    [
      'no label where pools name some',
      'environments: [prod],',
      {},
      'it takes jobs with the label env prod alone, and the job has none',
    ],
    [
      'another label',
      'environments: [prod],',
      { env: 'dev' },
      'it takes jobs with the label env prod alone, and the job has another',
    ],
  ])('or for each pool what keeps it away: %s', (_, environments, labels, says) => {
    const { seen, text } = told(policy(environments), labels);
    expect(seen!.pool).toBeNull();
    expect(seen!.failed.map(({ id, condition }) => [id, condition])).toEqual([
      ['other', 'capability'],
      ['acme', 'tenants'],
      ['lax', 'environments'],
      ['fits', 'environments'],
    ]);
    expect(seen!.failed[3]!.says).toBe(says);
    expect(text).toContain('No pool takes it, so it would fail.');
    expect(text).toContain(`The pool fits: ${says}.`);
  });

  it('agrees with the choice itself, and says nothing where nothing runs', () => {
    const pools = policy('').pools!;
    const { effective } = answerOf(ask(policy(''), { topic: 'job.a' })).answer;
    expect(
      seePools(pools, { ...effective!, requires: ['a.read', 'b.c'] })!.failed.map(({ condition }) => condition),
    ).toEqual(['capability', 'requires', 'requires', 'requires']);
    expect(seePools(pools, { ...effective!, constraints: { worker: ['sealed'] } })!.failed.at(-1)).toMatchObject({
      condition: 'enforces',
      says: 'it does not enforce sealed',
    });
    expect(seePools(pools, { ...effective!, capability: null })!.failed[0]!.says).toBe('the job has no capability');
    expect([seePools(null, effective), seePools(pools, null)]).toEqual([null, null]);
  });
});

describe('outputs', () => {
  const PII = FINDING_TYPES.filter(({ scanner }) => scanner === 'pii').map(({ type }) => type);
  const finding = (scanner: string) => ({ scanner, type: 't', place: '', count: 1, severity: 'high' as const });
  const judge = (rules: unknown, scanners: string[], topic = 'job.a.b') =>
    decideOutput(compileOutputPolicy(outputPolicyActive.parse({ rules })), {
      tenant: 'default',
      topic,
      capability: 'a.read',
      findings: scanners.map(finding),
    });
  const RULES = [
    { id: 'open', match: { topics: ['job.a.*'] }, decision: 'allow' },
    { id: 'hide', match: { scanners: ['pii'] }, decision: 'redact' },
    { id: 'hold', match: { scanners: ['secrets'], capabilities: ['a.*'] }, decision: 'quarantine' },
  ];

  it('take the strictest rule that matches, wherever it stands', () => {
    expect(judge(RULES, [])).toMatchObject({ decision: 'allow', rule_id: 'open' });
    expect(judge(RULES, ['pii'])).toMatchObject({ decision: 'redact', rule_id: 'hide', redact: PII });
    expect(judge(RULES, ['pii', 'secrets'])).toMatchObject({
      decision: 'quarantine',
      matched_rules: ['open', 'hide', 'hold'],
    });
    expect(judge(RULES, [], 'job.c')).toMatchObject({ decision: 'allow', rule_id: null });
  });

  it('have two rules built in where none are written, and none where the list is empty', () => {
    expect(judge(undefined, ['secrets']).decision).toBe('quarantine');
    expect(judge(undefined, ['pii']).decision).toBe('redact');
    expect(judge([], ['secrets']).decision).toBe('allow');
  });

  it('say nothing when switched off', () => {
    const off = compileOutputPolicy(outputPolicyActive.parse({ enabled: false }));
    expect(
      decideOutput(off, { tenant: 't', topic: 'job.a', capability: null, findings: [finding('secrets')] }).decision,
    ).toBe('allow');
  });
});
