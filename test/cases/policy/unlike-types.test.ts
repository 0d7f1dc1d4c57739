/**
 * A condition that compares unlike types has no answer, and what has no answer denies. Nobody slips past a rule by
 * writing a value another way, and its author hears beforehand where that can happen.
 */
import { lintPolicy } from '@countersign/policy-author/lint-policy';
import { describe, expect, it } from 'vitest';
import { ask, compiled, finalOf } from './ask-policy.ts';

function rule(when: string, decision: string): string {
  return `{ id: it, match: { topics: [job.a] }, when: ${JSON.stringify(when)}, decision: ${decision} }`;
}

function reasonOf(when: string, payload: object, decision = 'deny'): string {
  const policy = compiled(`rules: [${rule(when, decision)}, { id: yes, match: {}, decision: allow }]`);
  const { decision: made, rule_id, reason } = finalOf(ask(policy, { topic: 'job.a', payload }));
  return made === 'deny' && rule_id === 'it' && reason.startsWith('when_error')
    ? reason.slice(0, 25)
    : `${made} ${rule_id}`;
}
const UNLIKE = 'when_error (unlike_types)';

describe('equality', () => {
  it.each([
    ['payload.live == true', { live: true }, 'deny it'],
    ['payload.live == true', { live: false }, 'allow yes'],
    ...['true', 1, [true], { a: true }, null, 0, ''].map((live) => ['payload.live == true', { live }, UNLIKE] as const),
    ['payload.env == "prod"', { env: ['prod'] }, UNLIKE],
    ['payload.env == "prod"', { env: { prod: 1 } }, UNLIKE],
    ['payload.n == 5', { n: 5 }, 'deny it'],
    ['payload.n == 5', { n: 5.5 }, 'allow yes'],
    ['payload.n == 5', { n: '5' }, UNLIKE],
    ['payload.n == 5.0', { n: 5 }, 'deny it'],
    ['payload.l == ["a", "b"]', { l: ['a', 'b'] }, 'deny it'],
    ['payload.l == ["a", "b"]', { l: ['a'] }, 'allow yes'],
    ['payload.l == ["a", "b"]', { l: ['a', ['b']] }, UNLIKE],
    ['payload.l == ["a", "b"]', { l: [['x'], 'b'] }, UNLIKE],
    ['payload.m == {"a": 1}', { m: { a: 1 } }, 'deny it'],
    ['payload.m == {"a": 1}', { m: { a: '1' } }, UNLIKE],
    ['payload.m == {"a": 1}', { m: { b: 1 } }, 'allow yes'],
    ['payload.a == payload.b', { a: 1, b: '1' }, UNLIKE],
    ['payload.a == payload.b', { a: 'x', b: 'x' }, 'deny it'],
    ['timestamp(payload.at) == timestamp("2026-01-01T00:00:00Z")', { at: '2026-01-01T00:00:00Z' }, 'deny it'],
    ['duration(payload.d) == duration("1h")', { d: '60m' }, 'deny it'],
    ['duration(payload.d) == duration("1h")', { d: '61m' }, 'allow yes'],
  ] as const)('%s of %j: %s', (when, payload, wanted) => {
    expect(reasonOf(when, payload)).toBe(wanted);
  });

  it.each([
    ['payload.x == null', { x: null }, 'deny it'],
    ['payload.x == null', { x: 'a' }, 'allow yes'],
    ['payload.x != null', { x: 0 }, 'deny it'],
    ['null != payload.x', { x: null }, 'allow yes'],
  ])('with a literal null asks for presence alone: %s of %j', (when, payload, wanted) => {
    expect(reasonOf(when, payload)).toBe(wanted);
  });

  it.each([
    ['payload.live != true', { live: 'true' }],
    ['!(payload.live == true)', { live: 1 }],
    ['payload.mode != "destroy"', { mode: ['destroy'] }],
    ['payload.live == true ? false : true', { live: 'true' }],
  ])('lets nothing through by its negation: allow when %s of %j', (when, payload) => {
    expect(reasonOf(when, payload, 'allow')).toBe(UNLIKE);
  });
});

describe('membership and loops', () => {
  it.each([
    ['payload.env in ["prod", "live"]', { env: 'live' }, 'deny it'],
    ['payload.env in ["prod", "live"]', { env: 'dev' }, 'allow yes'],
    ['payload.env in ["prod", "live"]', { env: ['live'] }, UNLIKE],
    ['payload.n in [1, 2]', { n: 2 }, 'deny it'],
    ['payload.n in [1, 2]', { n: '2' }, UNLIKE],
    ['"admin" in payload.roles', { roles: ['admin'] }, 'deny it'],
    ['"admin" in payload.roles', { roles: ['user'] }, 'allow yes'],
    ['"admin" in payload.roles', { roles: [] }, 'allow yes'],
    ['"admin" in payload.roles', { roles: [['admin']] }, UNLIKE],
    ['"admin" in payload.roles', { roles: ['user', ['admin']] }, UNLIKE],
    ['"admin" in payload.roles', { roles: 'admin' }, UNLIKE],
    ['"admin" in payload.roles', { roles: { admin: 1 } }, 'deny it'],
    ['payload.l.exists(x, x == "prod")', { l: ['dev', 'prod'] }, 'deny it'],
    ['payload.l.exists(x, x == "prod")', { l: ['dev', ['prod']] }, UNLIKE],
    ['payload.l.filter(x, x == "prod").size() > 0', { l: [['prod']] }, UNLIKE],
    ['payload.l.all(x, x != "prod")', { l: [['prod']] }, UNLIKE],
  ])('%s of %j: %s', (when, payload, wanted) => {
    expect(reasonOf(when, payload)).toBe(wanted);
  });

  it('one side that is sure decides, as everywhere in CEL', () => {
    const when = 'payload.live == true || payload.env == "prod"';
    expect(reasonOf(when, { live: 'x', env: 'prod' })).toBe('deny it');
    expect(reasonOf(when, { live: 'x', env: 'dev' })).toBe(UNLIKE);
    expect(reasonOf('payload.env == "prod" && payload.live == true', { live: 'x', env: 'dev' })).toBe('allow yes');
  });
});

it('runs the numbers that were written, not what a printer makes of them', () => {
  expect(reasonOf('payload.x > 0.0000000005', { x: 0.0000000001 })).toBe('allow yes');
  expect(reasonOf('payload.x > 0.0000000005', { x: 0.000000001 })).toBe('deny it');
  expect(reasonOf('payload.x < 1e22', { x: 1e21 })).toBe('deny it');
  expect(reasonOf('payload.x == 9007199254740991', { x: 9007199254740990 })).toBe('allow yes');
});

describe('the lint', () => {
  const SCHEMAS = {
    'schemas/typed.json': JSON.stringify({
      type: 'object',
      properties: {
        live: { type: 'boolean' },
        kind: { enum: ['a', 'b'] },
        open: {},
        either: { type: ['string', 'null'] },
        words: { type: 'array', items: { $ref: '#/$defs/word' } },
        loose: { type: 'array' },
        rows: { type: 'array', items: { type: 'object', properties: { env: { type: 'string' } } } },
      },
      $defs: { word: { type: 'string' } },
    }),
  };
  const untyped = (when: string, on: string, decision = 'deny'): string[] => {
    const topics =
      'topics: { job.typed: { capability: a.b, schema: ./schemas/typed.json }, job.bare: { capability: a.b } }';
    const policy = compiled(
      `${topics}\nrules: [{ id: it, match: { topics: ${on} }, when: ${JSON.stringify(when)}, decision: ${decision} }]`,
      SCHEMAS,
    );
    return lintPolicy(policy).flatMap(({ code, detail }) => (code === 'when_untyped' ? [detail] : []));
  };

  it.each([
    ['payload.live == true', '[job.typed]', []],
    ['payload.kind == "a"', '[job.typed]', []],
    ['"x" in payload.words', '[job.typed]', []],
    ['payload.words.exists(w, w == "x")', '[job.typed]', []],
    ['payload.rows.exists(r, r.env == "prod")', '[job.typed]', []],
    ['payload.open == true', '[job.typed]', ['payload.open']],
    ['payload.either == "x"', '[job.typed]', ['payload.either']],
    ['"x" in payload.loose', '[job.typed]', ['payload.loose']],
    ['payload.loose.exists(w, w == "x")', '[job.typed]', ['payload.loose[]']],
    ['payload.live == true', '[job.bare]', ['payload.live']],
    ['payload.live == true', '[job.typed, job.bare]', ['payload.live']],
    ['has(payload.open) && payload.open != null', '[job.typed]', []],
    ['labels.env == "prod" && topic == "job.a"', '[job.bare]', []],
  ])('%s on %s names %j', (when, on, wanted) => {
    const told = untyped(when, on);
    expect(told).toHaveLength(wanted.length);
    for (const path of wanted) expect(told[0]).toContain(`${path} `);
  });

  it('warns of every rule that restricts, and of none that only allows', () => {
    expect(untyped('payload.live == true', '[job.bare]', 'require_approval')).toHaveLength(1);
    expect(untyped('payload.live == true', '[job.bare]', 'allow')).toEqual([]);
  });
});
