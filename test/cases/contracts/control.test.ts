/**
 * What a stop stops, and what a pattern means: the compact matcher against a naive one, each kind of switch against one
 * job that it hits and one that it must not.
 */
import {
  type ControlState,
  type ControlSwitch,
  controlState,
  matchesPattern,
  SWITCH_KINDS,
  stopFor,
} from '@countersign/contracts/control';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Few letters, so that patterns and names meet often. */
const part = fc.constantFrom('a', 'b', 'ab', 'a-b', 'a_b');
const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
const pattern = fc
  .array(fc.oneof({ arbitrary: part, weight: 2 }, { arbitrary: fc.constant('*'), weight: 1 }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.join('.'));

/** An inner `*` is exactly one token, a trailing one is one or more. */
function naive(wanted: string): RegExp {
  const parts = wanted.split('.');
  const written = parts.map((each, i) => {
    if (each !== '*') return each;
    return i === parts.length - 1 ? '[^.]+(\\.[^.]+)*' : '[^.]+';
  });
  return new RegExp(`^${written.join('\\.')}$`);
}

describe('a pattern', () => {
  test('matches what the naive matcher matches, and nothing else', () => {
    fc.assert(
      fc.property(pattern, name, (wanted, given) => matchesPattern(wanted, given) === naive(wanted).test(given)),
      { numRuns: 2_000 },
    );
  });

  test('made of a name by putting stars into it still matches that name', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.nat(), (parts, mask) => {
        const starred = parts.map((each, i) => ((mask >> i) & 1 ? '*' : each)).join('.');
        return matchesPattern(starred, parts.join('.'));
      }),
    );
  });

  test.each([
    ['job.exec.*', 'job.exec.shell', true],
    ['job.exec.*', 'job.exec.shell.now', true],
    ['job.exec.*', 'job.exec', false],
    ['job.*.now', 'job.exec.now', true],
    ['job.*.now', 'job.exec.shell.now', false],
    ['*', 'infra.write', true],
    ['*.write', 'infra.write', true],
    ['*.write', 'infra.prod.write', false],
    ['infra', 'infra.write', false],
    ['infra.write', 'infra', false],
    ['job.exec', 'job.execute', false],
    ['job.e*', 'job.exec', false],
  ])('%s and %s: %s', (wanted, given, matches) => {
    expect(matchesPattern(wanted, given)).toBe(matches);
  });
});

describe('a stop', () => {
  const job = {
    tenant: 'acme',
    topic: 'job.deploy.apply',
    capability: 'infra.write',
    pool: 'infra-prod',
    agent: 'deployer',
    run: 'nightly',
  };
  const stop = (kind: ControlSwitch['kind'], target: string, tenant: string | null = null): ControlSwitch => ({
    switch_id: `${kind}-1`,
    kind,
    target,
    tenant,
    reason: 'drill',
  });
  const state = (...switches: ControlSwitch[]): ControlState => ({ policies: {}, switches, revoked: [], ceilings: {} });

  const cases: Record<ControlSwitch['kind'], { hit: string[]; miss: string[] }> = {
    all: { hit: ['*'], miss: [] },
    tenant: { hit: ['acme'], miss: ['globex', 'acm', '*'] },
    topic: { hit: ['job.deploy.apply', 'job.deploy.*', 'job.*'], miss: ['job.exec.*', 'job.deploy', 'job.*.plan'] },
    capability: { hit: ['infra.write', '*.write', '*'], miss: ['infra.read', 'infra', '*.write.more'] },
    pool: { hit: ['infra-prod'], miss: ['infra', '*'] },
    agent: { hit: ['deployer'], miss: ['deploy', '*'] },
    run: { hit: ['nightly'], miss: ['night', '*'] },
  };

  test.each(SWITCH_KINDS)('of kind %s hits its own and no other', (kind) => {
    for (const target of cases[kind].hit) expect(stopFor(state(stop(kind, target)), job)).toEqual(stop(kind, target));
    for (const target of cases[kind].miss) expect(stopFor(state(stop(kind, target)), job)).toBeNull();
  });

  test.each(SWITCH_KINDS)('of kind %s that is one tenant’s leaves all others alone', (kind) => {
    const target = cases[kind].hit[0]!;
    expect(stopFor(state(stop(kind, target, 'acme')), job)).not.toBeNull();
    expect(stopFor(state(stop(kind, target, 'globex')), job)).toBeNull();
  });

  test('of a capability or pool does not hit a job that has none yet', () => {
    const waiting = { ...job, capability: null, pool: null };
    expect(stopFor(state(stop('capability', '*'), stop('pool', 'infra-prod')), waiting)).toBeNull();
  });

  test('is found behind others that do not hit; the first that hits is named', () => {
    const second = { ...stop('all', '*'), switch_id: 'second' };
    const found = stopFor(state(stop('tenant', 'globex'), second, stop('agent', 'deployer')), job);
    expect(found?.switch_id).toBe('second');
    expect(stopFor(state(), job)).toBeNull();
  });

  test('of a kind that nobody knows is no state at all: a gate that cannot read it decides nothing', () => {
    const unknown = { policies: {}, switches: [{ ...stop('all', '*'), kind: 'planet' }], revoked: [] };
    expect(controlState.safeParse(unknown).success).toBe(false);
    expect(controlState.safeParse({ switches: [], revoked: [] }).success).toBe(false);
    expect(controlState.safeParse(state(stop('all', '*'))).success).toBe(true);
  });
});
