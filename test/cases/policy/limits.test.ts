/** What a policy says that has to be counted: refused where it says nothing countable, and exact where it does. */
import { limitsOf } from '@countersign/contracts/decision';
import { compilePolicy } from '@countersign/policy/compile-policy';
import { explain } from '@countersign/policy-author/explain';
import { describe, expect, it } from 'vitest';
import { ask, compiled, contextOf, faultCodes, finalOf, itemOf, SNAPSHOT } from './ask-policy.ts';

const WINDOW = 'id: l, per: [tenant], count: 2, within: 1h';

function ruleWith(limits: string, fields = 'decision: allow'): string {
  return `owners: { desk.read: sre }\ngroups: [approvers, sre]\nrules:\n  - { id: r, match: {}, ${fields}, limits: [${limits}] }\n`;
}

describe('a limit', () => {
  it.each([
    ['field_misplaced', `{ id: l, per: [tenant], within: 1h }`],
    ['field_misplaced', `{ id: l, per: [tenant], count: 1 }`],
    ['field_misplaced', `{ id: l, per: [tenant], max_open: 1, within: 1h }`],
    ['field_misplaced', `{ ${WINDOW}, max_open: 1 }`],
    ['field_misplaced', `{ id: l, per: [tenant], cost: payload.amount, within: 1h }`],
    ['field_misplaced', `{ id: l, per: [tenant], budget: 5, within: 1h }`],
    ['field_misplaced', `{ ${WINDOW}, cost: payload.amount, budget: 5 }`],
    ['field_misplaced', `{ id: l, per: [tenant], max_running: 1, within: 1h }`],
    ['field_misplaced', `{ id: l, per: [tenant], max_running: 1, max_open: 1 }`],
    ['field_misplaced', `{ id: l, per: [tenant], max_running: 1, exceeded: deny }`],
    ['field_misplaced', `{ id: l, per: [tenant], max_open: 1, exceeded: wait }`],
    ['field_invalid', `{ id: l, per: [tenant], max_running: 0 }`],
    ['field_invalid', `{ id: l, per: [], count: 1, within: 1h }`],
    ['field_invalid', `{ id: l, per: [pool], count: 1, within: 1h }`],
    ['field_invalid', `{ id: l, per: [labels], count: 1, within: 1h }`],
    ['field_invalid', `{ id: l, per: [tenant], count: 0, within: 1h }`],
    ['field_invalid', `{ id: l, per: [tenant], count: 1.5, within: 1h }`],
    ['field_invalid', `{ id: l, per: [tenant], count: 1, within: 3600 }`],
    ['field_invalid', `{ id: l, per: [tenant], cost: amount, budget: 5, within: 1h }`],
    ['field_invalid', `{ id: l, per: [tenant], cost: payload.a, budget: -1, within: 1h }`],
    ['field_invalid', `{ id: l, per: [tenant], cost: payload.a, budget: 0.0000001, within: 1h }`],
    ['field_invalid', `{ id: l, per: [tenant], cost: payload.a, budget: 1e3x, within: 1h }`],
    ['field_invalid', `{ ${WINDOW}, exceeded: hold }`],
    ['field_unknown', `{ ${WINDOW}, on_exceed: deny }`],
    ['id_duplicate', `{ ${WINDOW} }, { ${WINDOW} }`],
  ])('is refused (%s): %s', (code, limits) => {
    const result = compilePolicy({ 'policy.yaml': ruleWith(limits) }, { version: 1, snapshot: SNAPSHOT });
    if (result.ok) throw new Error('compiled');
    expect(new Set(result.faults.map((fault) => fault.code))).toEqual(new Set([code]));
    expect(result.faults.map(({ line }) => line)).toContain(4);
    expect(result.faults.every(({ column }) => column > 1)).toBe(true);
  });

  it.each([
    ['field_misplaced', ruleWith(`{ ${WINDOW} }`, 'decision: deny')],
    ['field_misplaced', ruleWith(`{ ${WINDOW} }`, 'decision: remediate, remediation: { id: m, topic: job.b }')],
    ['field_misplaced', ruleWith(`{ ${WINDOW}, exceeded: require_approval }`, 'decision: require_approval')],
    ['field_misplaced', ruleWith(`{ ${WINDOW} }`, 'decision: allow, approval: { stages: [{ group: sre }] }')],
    [
      'group_unknown',
      ruleWith(`{ ${WINDOW}, exceeded: require_approval }`, 'decision: allow, approval: { stages: [{ group: dba }] }'),
    ],
    ['not_enforced', `input_rules: [{ id: i, match: {}, decision: deny, limits: [] }]`],
    ['field_misplaced', `tiers: [{ id: t, match: {}, floor: { decision: deny, limits: [{ ${WINDOW} }] } }]`],
    ['field_unknown', `limits: []`],
  ])('is refused where nothing could count it (%s): %s', (code, text) => {
    expect(faultCodes(text)).toContain(code);
  });

  it('is asked for with what it counts apart, and what this job takes', () => {
    const policy = compiled(
      ruleWith(
        `{ id: w, per: [topic, labels.repo, agent, capability, tenant], count: 2, within: 1h },
         { id: b, per: [labels.none], cost: payload.amount, budget: "10.50", within: 1d, exceeded: park },
         { id: o, per: [tenant], max_open: 3, exceeded: require_approval },
         { id: r, per: [agent], max_running: 2 }, { id: s, per: [tenant], max_running: 1, exceeded: wait }`,
        'decision: allow, approval: { stages: [{ group: owner, count: 2 }], expires_in: 5m }',
      ),
    );
    const request = {
      topic: 'job.a',
      labels: { repo: 'web' },
      meta: { capability: 'desk.read' },
      payload: { amount: 0.3 },
    };
    expect(limitsOf(finalOf(ask(policy, request)))).toEqual([
      {
        id: 'w',
        per: { agent: 'agent-1', capability: 'desk.read', 'labels.repo': 'web', tenant: 'default', topic: 'job.a' },
        counts: 'jobs',
        most: '2',
        takes: '1',
        within_ms: 3_600_000,
        exceeded: 'deny',
      },
      {
        id: 'b',
        per: { 'labels.none': null },
        counts: 'cost',
        most: '10.50',
        takes: '0.3',
        within_ms: 86_400_000,
        exceeded: 'park',
      },
      {
        id: 'o',
        per: { tenant: 'default' },
        counts: 'open',
        most: '3',
        takes: '1',
        within_ms: null,
        exceeded: 'require_approval',
        approval: { stages: [{ group: 'sre', count: 2 }], expires_ms: 300_000 },
      },
      {
        ...{ id: 'r', per: { agent: 'agent-1' }, counts: 'running', most: '2', takes: '1' },
        ...{ within_ms: null, exceeded: 'wait' },
      },
      expect.objectContaining({ id: 's', most: '1', exceeded: 'wait' }),
    ]);
    expect(finalOf(ask(policy, { ...request, meta: {} })).reason).toMatch(/^owner_missing/);
  });

  it('of a floor holds for every job that the floor covers, and of a tenant under a name of its own', () => {
    const policy = compiled(
      `delegated: { topics: [job.own.*], capabilities: ["*"] }
tiers: [{ id: t, match: { topics: [job.a] }, floor: { limits: [{ ${WINDOW} }] } }]
rules: [{ id: r, match: { topics: [job.a, job.b] }, decision: allow, limits: [{ id: m, per: [agent], max_open: 1 }] }]`,
      {
        'tenants/acme.yaml': `rules: [{ id: own, match: { topics: [job.own.x] }, decision: allow, limits: [{ ${WINDOW} }] }]`,
      },
    );
    const idsOf = (topic: string, tenant = 'default') =>
      limitsOf(finalOf(ask(policy, { topic, tenant, meta: { capability: 'x' } }))).map(({ id }) => id);
    expect(idsOf('job.a')).toEqual(['m', 'l']);
    expect(idsOf('job.b')).toEqual(['m']);
    expect(idsOf('job.own.x', 'acme')).toEqual(['acme/l']);
    expect(idsOf('job.c')).toEqual([]);
  });
});

describe('what a job costs', () => {
  const budget = (cost: string, fields = 'decision: allow') =>
    compiled(ruleWith(`{ id: b, per: [tenant], cost: ${cost}, budget: 5, within: 1d }`, fields));

  it.each([
    [{}, 'cost_missing'],
    [{ amount: null }, 'cost_invalid'],
    [{ amount: -1 }, 'cost_invalid'],
    [{ amount: '-0' }, 'cost_invalid'],
    [{ amount: 'ten' }, 'cost_invalid'],
    [{ amount: '' }, 'cost_invalid'],
    [{ amount: ' 1' }, 'cost_invalid'],
    [{ amount: '1,5' }, 'cost_invalid'],
    [{ amount: '01' }, 'cost_invalid'],
    [{ amount: '1.' }, 'cost_invalid'],
    [{ amount: true }, 'cost_invalid'],
    [{ amount: [1] }, 'cost_invalid'],
    [{ amount: { value: 1 } }, 'cost_invalid'],
    [{ amount: 1e21 }, 'cost_invalid'],
    [{ amount: 0.0000001 }, 'cost_invalid'],
    [{ amount: '1e3' }, 'cost_invalid'],
    [{ amount: 'NaN' }, 'cost_invalid'],
    [{ amount: 'Infinity' }, 'cost_invalid'],
  ])('is denied under its own code: %j', (payload, code) => {
    const decision = finalOf(ask(budget('payload.amount'), { topic: 'job.a', payload }));
    expect(decision).toMatchObject({ decision: 'deny', rule_id: 'r', obligations: {}, effective_digest: null });
    expect(decision.reason).toMatch(new RegExp(`^${code}: `));
  });

  it.each([
    [0, '0'],
    [0.1, '0.1'],
    [12, '12'],
    ['12.500000', '12.500000'],
    [123456789012345, '123456789012345'],
  ])('is exact: %j', (amount, takes) => {
    const final = finalOf(ask(budget('payload.a.amount'), { topic: 'job.a', payload: { a: { amount } } }));
    expect(limitsOf(final)[0]!.takes).toBe(takes);
  });

  it('is read from a label as well, and from the payload as it will run', () => {
    const labelled = finalOf(ask(budget('labels.cost'), { topic: 'job.a', labels: { cost: '2.5' } }));
    expect(limitsOf(labelled)[0]!.takes).toBe('2.5');
    const set = budget('payload.amount', 'decision: allow_with_constraints, constraints: { set: { amount: 3 } }');
    expect(limitsOf(finalOf(ask(set, { topic: 'job.a', payload: { amount: 1 } })))[0]!.takes).toBe('3');
  });

  it('never reads what a payload inherits', () => {
    expect(finalOf(ask(budget('payload.constructor'), { topic: 'job.a', payload: {} })).reason).toMatch(
      /^cost_missing/,
    );
  });

  it('is left out of a simulation without payload, and said to be', () => {
    const outcome = ask(budget('payload.amount'), { topic: 'job.a' }, {}, { simulation: true });
    expect(finalOf(outcome).decision).toBe('allow');
    expect(outcome).toMatchObject({ skipped: ['limit b'] });
  });
});

describe('a limit that had no room at the door', () => {
  const policy = compiled(
    ruleWith(
      `{ ${WINDOW}, exceeded: require_approval }, { id: hard, per: [tenant], count: 9, within: 1d }`,
      'decision: allow, approval: { stages: [{ group: sre, count: 2 }] }',
    ),
  );

  it('is asked about again at dispatch, with the same yes', () => {
    const again = ask(policy, { topic: 'job.a' }, { gate: 'dispatch', exceeded: ['l'] });
    expect(finalOf(again)).toMatchObject({
      decision: 'require_approval',
      rule_id: 'r',
      reason: expect.stringMatching(/^limit_exceeded: l /),
      obligations: { approval: { stages: [{ group: 'sre', count: 2 }] } },
    });
    expect(finalOf(again).effective_digest).toBe(finalOf(ask(policy, { topic: 'job.a' })).effective_digest);
  });

  it('says nothing of limits that the policy has no more, or that ask nobody', () => {
    for (const exceeded of [['gone'], ['hard'], []])
      expect(finalOf(ask(policy, { topic: 'job.a' }, { gate: 'dispatch', exceeded })).decision).toBe('allow');
  });
});

it('is explained with its bound and with what happens then', () => {
  const policy = compiled(
    ruleWith(
      `{ ${WINDOW} }, { id: b, per: [labels.repo], cost: payload.amount, budget: 10, within: 1d, exceeded: park }, { id: o, per: [agent], max_open: 3, exceeded: require_approval }, { id: r, per: [agent], max_running: 1 }`,
    ),
  );
  const { text } = explain(policy, itemOf({ topic: 'job.a', payload: { amount: 1.5 } }), contextOf());
  expect(text).toContain('room in l, at most 2 jobs in 1 hour per tenant, else it is denied');
  expect(text).toContain('room in b for 1.5, at most 10 in 1 day per labels.repo, else it waits');
  expect(text).toContain('room in o, at most 3 open jobs per agent, else it takes an approval');
  expect(text).toContain('room in r, at most 1 job at once per agent, else it waits until one of them has ended');
});
