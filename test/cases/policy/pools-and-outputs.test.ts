// Pools are chosen without any fallback; output rules only ever tighten.

import type { Pool } from '@countersign/contracts/policy';
import { outputPolicy } from '@countersign/contracts/policy';
import { eligiblePools, type PoolNeed } from '@countersign/policy/choose-pool';
import { compileOutputPolicy, decideOutput } from '@countersign/policy/decide-output';
import { FINDING_TYPES } from '@countersign/scanners/finding-types';
import { describe, expect, it } from 'vitest';

const pool = (over: Partial<Pool> & { id: string }): Pool => ({
  capabilities: ['a.read'],
  enforces: [],
  concurrency: 1,
  ...over,
});
const need = (over: Partial<PoolNeed> = {}): PoolNeed => ({
  tenant: 'default',
  capability: 'a.read',
  requires: [],
  environment: null,
  worker_constraints: [],
  ...over,
});
const ids = (pools: Pool[], question: PoolNeed): string[] => eligiblePools(pools, question).map(({ id }) => id);

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

describe('outputs', () => {
  const PII = FINDING_TYPES.filter(({ scanner }) => scanner === 'pii').map(({ type }) => type);
  const finding = (scanner: string) => ({ scanner, type: 't', place: '', count: 1, severity: 'high' as const });
  const judge = (rules: unknown, scanners: string[], topic = 'job.a.b') =>
    decideOutput(compileOutputPolicy(outputPolicy.parse({ rules })), {
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
    const off = compileOutputPolicy(outputPolicy.parse({ enabled: false }));
    expect(
      decideOutput(off, { tenant: 't', topic: 'job.a', capability: null, findings: [finding('secrets')] }).decision,
    ).toBe('allow');
  });
});
