/**
 * A rule that the lint calls dead can be removed: no decision is another without it. The naive reader is asked for what it
 * can read; for conditions and scanners the engine itself, with and without the rule.
 */
import { lintPolicy } from '@countersign/policy-author/lint-policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGENT, ask, compiled, finalOf, itemOf } from './ask-policy.ts';
import { naiveDecide } from './naive-decide.ts';
import { match, policyOf, questions } from './random-policies.ts';

type Source = { rules: { id: string; match: object; decision: string }[] };

/** Ids of the rules that the lint tells to remove. */
function deadIn(source: object): { id: string; code: string }[] {
  return lintPolicy(compiled(JSON.stringify(source))).flatMap(({ code, detail }) =>
    code === 'rule_shadowed' || code === 'rule_swallowed' ? [{ id: detail.split(' ')[0]!, code }] : [],
  );
}

function without<T extends Source>(source: T, id: string): T {
  return {
    ...source,
    rules: source.rules.filter((rule) => rule.id !== id),
  };
}

it('changes no decision of the naive reader by being removed', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(policyOf(2, 10), questions, (source, asked) => {
      const { delegated: _, ...policy } = source;
      for (const { id, code } of deadIn(policy)) {
        const kind = `${code} ${policy.rules.find((rule) => rule.id === id)!.decision}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        const [whole, less] = [policy, without(policy, id)].map((one) => compiled(JSON.stringify(one)).sources.policy);
        for (const [body, who] of asked) {
          const reading = { request: itemOf(body).request, actor: { ...AGENT, ...who } };
          const [a, b] = [naiveDecide(whole!, {}, reading), naiveDecide(less!, {}, reading)];
          expect([a.decision, a.rule_id, id], `${code} ${id}`).toEqual([b.decision, b.rule_id, id]);
        }
      }
    }),
    { numRuns: 400 },
  );
  // A lint that never speaks is never wrong.
  expect([...seen.keys()].sort()).toEqual(
    expect.arrayContaining(['rule_shadowed allow', 'rule_shadowed deny', 'rule_swallowed allow']),
  );
}, 120_000);

describe('with conditions and findings', () => {
  const when = fc.option(fc.constantFrom('payload.n > 1', 'payload.n == 1', '"x" in payload.l', 'tenant == "t1"'), {
    nil: undefined,
  });
  const finds = fc.constantFrom<object>(
    {},
    {},
    { scanners: ['pii'] },
    { types: ['email'] },
    { not: { scanners: ['pii'] } },
  );
  const decision = fc.constantFrom('allow', 'deny', 'require_approval', 'deny');
  const rule = fc.record({ match: fc.tuple(match, finds), when, decision });
  const source = fc
    .record({
      default_decision: fc.constantFrom('allow', 'deny'),
      rules: fc.array(rule, { minLength: 2, maxLength: 7 }),
      input_rules: fc.array(fc.tuple(match, finds), { maxLength: 2 }),
    })
    .map(({ rules, input_rules, ...rest }) => ({
      ...rest,
      rules: rules.map(({ match: [m, f], ...more }, i) => ({ id: `r${i}`, match: { ...few(m), ...f }, ...more })),
      input_rules: input_rules.map(([m, f], i) => ({ id: `i${i}`, match: { ...few(m), ...f }, decision: 'deny' })),
    }));
  /** At most one field, so that rules cover each other. */
  const few = (m: object): object => Object.fromEntries(Object.entries(m).slice(0, 1));
  const payload = fc.constantFrom({}, { n: 1 }, { n: 2 }, { n: '1' }, { n: 1, l: ['x'] }, { l: [['x']] });
  const prompt = fc.constantFrom('mail ada@example.com', 'ssn 536-90-4399', 'drop it', '');
  const large = 'y'.repeat(1_100_000);

  it('changes no decision by being removed, errors included', () => {
    let removed = 0;
    fc.assert(
      fc.property(source, questions, payload, prompt, fc.boolean(), (policy, asked, n, text, tooLarge) => {
        const dead = deadIn(policy);
        if (dead.length === 0) return;
        const whole = compiled(JSON.stringify(policy));
        for (const { id } of dead) {
          removed += 1;
          const less = compiled(JSON.stringify(without(policy, id)));
          for (const [body, who] of asked.slice(0, 3)) {
            // Larger than any request may be, so that a scan fails.
            const question = { ...body, payload: tooLarge ? { ...n, large } : n, prompt: text };
            const [a, b] = [whole, less].map((one) => finalOf(ask(one, question, { actor: { ...AGENT, ...who } })));
            expect(a).toMatchObject({ decision: b!.decision, rule_id: b!.rule_id, reason: b!.reason });
            expect(a!.obligations).toEqual(b!.obligations);
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(removed).toBeGreaterThan(100);
  });
});

it.each([
  [
    'a denial behind an allowance',
    'id: a, match: { topics: ["job.a.*"] }, decision: allow',
    'id: d, match: { topics: [job.a.delete] }, decision: deny',
  ],
  [
    'a denial behind an approval',
    'id: a, match: {}, decision: require_approval',
    'id: d, match: { topics: [job.a.delete] }, decision: deny',
  ],
])('%s works, and is not called dead', (_, first, second) => {
  const source = `rules:\n  - { ${first} }\n  - { ${second} }\n`;
  const codes = lintPolicy(compiled(source)).map(({ code }) => code);
  expect(codes).not.toContain('rule_shadowed');
  expect(codes).not.toContain('rule_swallowed');
  expect(finalOf(ask(compiled(source), { topic: 'job.a.delete' })).decision).toBe('deny');
});
