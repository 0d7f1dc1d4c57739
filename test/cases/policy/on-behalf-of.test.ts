/** On whose behalf something is asked for, as rules and conditions see it: everybody in the chain, and nobody else. */
import { lintPolicy } from '@countersign/policy-author/lint-policy';
import { describe, expect, it } from 'vitest';
import { ask, compiled, finalOf } from './ask-policy.ts';

const CHAINS = [undefined, 'carla', ['carla', 'bot'], ['bot', 'carla'], ['dave']] as const;

function decided(rule: string): (string | null)[] {
  const policy = compiled(`rules: [${rule}]`);
  return CHAINS.map((chain) => {
    const on_behalf_of = typeof chain === 'object' ? [...chain] : chain;
    return finalOf(ask(policy, { topic: 'job.a', ...(on_behalf_of === undefined ? {} : { on_behalf_of }) })).rule_id;
  });
}

describe('a rule', () => {
  it.each([
    ['match: { on_behalf_of: [carla] }', [null, 'it', 'it', 'it', null]],
    ['match: { on_behalf_of: [bot, dave] }', [null, null, 'it', 'it', 'it']],
    ['match: { topics: [job.a], on_behalf_of: [carla], not: { on_behalf_of: [bot] } }', [null, 'it', null, null, null]],
    ['match: { not: { on_behalf_of: [carla, dave] } }', ['it', null, null, null, null]],
    ['match: {}, when: "size(on_behalf_of) == 0"', ['it', null, null, null, null]],
    ['match: {}, when: "\'bot\' in on_behalf_of"', [null, null, 'it', 'it', null]],
    ['match: {}, when: "size(on_behalf_of) > 0 && on_behalf_of[0] == \'carla\'"', [null, 'it', 'it', null, null]],
  ])('%s', (rule, wanted) => {
    expect(decided(`{ id: it, ${rule}, decision: allow }`)).toEqual(wanted);
  });

  it('that another one covers is seen to be shadowed, and one that it does not is not', () => {
    const lints = (second: string): string[] =>
      lintPolicy(
        compiled(`rules: [{ id: first, match: { on_behalf_of: [carla, bot] }, decision: allow },
          { id: second, match: { ${second} }, decision: allow_with_constraints, constraints: { timeout: 1m } }]`),
      ).map(({ code }) => code);
    expect(lints('on_behalf_of: [bot]')).toContain('rule_shadowed');
    expect(lints('on_behalf_of: [bot, dave]')).not.toContain('rule_shadowed');
    expect(lints('actors: [bot]')).not.toContain('rule_shadowed');
  });
});
