/**
 * Policies and requests built to hurt: each is answered with a code, within bounded memory, before anybody gives up.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { openChildProcesses } from '@countersign/platform/child-processes';
import { compilePolicy } from '@countersign/policy/compile-policy';
import { afterAll, describe, expect, it } from 'vitest';
import { ask, compiled, faultCodes, finalOf, requestOf, SNAPSHOT } from '../../cases/policy/ask-policy.ts';

/** A small part of what a service has. */
const MEMORY_MB = 384;
const SECONDS = 45;

function openCompiler(memory_mb: number) {
  return openChildProcesses<Record<string, string>, string[]>({
    module: new URL('../../cases/policy/compile-as-child.ts', import.meta.url),
    processes: 1,
    queued: 1,
    deadline_ms: SECONDS * 1_000,
    memory_mb,
  });
}
/** One process for all of them: what a bundle leaves behind is the next one's to bear. */
const compiler = openCompiler(MEMORY_MB);
afterAll(() => compiler.stop());

function times(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('');
}

function rules(count: number, line: (i: number) => string): string {
  return `rules:\n${times(count, line)}`;
}

function deny(id: number, match: string): string {
  return `- {id: r${id}, match: ${match}, decision: deny}\n`;
}

function bomb(levels: number): string {
  return `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${times(levels, (i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]\n`)}`;
}

const hostile: readonly (readonly [string, Record<string, string>, string])[] = [
  ['an alias bomb', { 'policy.yaml': bomb(12) }, 'yaml_alias'],
  ['a hundred thousand aliases', { 'policy.yaml': `a: &a x\nb: [${times(100_000, () => '*a,')}]` }, 'yaml_alias'],
  ['a hundred thousand rules', { 'policy.yaml': rules(100_000, (i) => deny(i, '{}')) }, 'bundle_too_large'],
  [
    'more rules than a policy has',
    { 'policy.yaml': rules(LIMITS.policy_rules + 1, (i) => deny(i, '{}')) },
    'field_invalid',
  ],
  [
    'a mistake in every rule',
    { 'policy.yaml': rules(9_000, (i) => `- {id: r${i}, mach: {}, decision: dny}\n`) },
    'field_unknown',
  ],
  [
    'a group for every rule that is almost one of many',
    {
      'policy.yaml': `groups: [${times(900, (i) => `g${'a'.repeat(40)}${i},`)}]\n${rules(
        6_000,
        (i) =>
          `- {id: r${i}, match: {}, decision: require_approval, approval: {stages: [{group: g${'a'.repeat(40)}x${i}}]}}\n`,
      )}`,
    },
    'group_unknown',
  ],
  [
    'as many capabilities as fit, in pools and in patterns',
    {
      'policy.yaml': rules(9_000, (i) => deny(i, `{capabilities: ["*.*.x${i}", "*.y${i}.*"]}`)),
      'pools.yaml': `pools:\n${times(20, (p) => `- {id: p${p}, concurrency: 1, capabilities: [${times(900, (i) => `c.d.${p}-${i},`)}]}\n`)}`,
    },
    'capability_unknown',
  ],
  [
    'rules that all hide each other',
    { 'policy.yaml': rules(6_000, (i) => deny(i, `{topics: ["job.*"], keywords: [k${i}]}`)) },
    'lint_incomplete',
  ],
  [
    'rewrites that all meet',
    {
      'policy.yaml': rules(
        4_000,
        (i) =>
          `- {id: r${i}, match: {keywords: [k${i}]}, decision: remediate, remediation: {id: x, labels: {set: {a: b}}}}\n`,
      ),
    },
    'remediation_cycle',
  ],
  ['deep nesting', { 'policy.yaml': `a: ${'{a: '.repeat(50_000)}` }, 'yaml_too_deep'],
  [
    'a pattern for backtracking, repeated',
    {
      'policy.yaml': 'topics: { job.a: { schema: ./schemas/a.json } }',
      'schemas/a.json': '{ "pattern": "((((a{200}){200}){200}){200})*$" }',
    },
    'schema_invalid',
  ],
  [
    'a schema that refers to itself',
    {
      'policy.yaml': 'topics: { job.a: { schema: ./schemas/a.json } }',
      'schemas/a.json': `{ "$ref": "#/$defs/a", "$defs": { "a": { "allOf": [${times(200, () => '{ "$ref": "#/$defs/a" },')} true] } } }`,
    },
    '',
  ],
  [
    'two megabytes in many files',
    Object.fromEntries([
      ['policy.yaml', 'rules: []'],
      ...Array.from({ length: 300 }, (_, i) => [`tests/t${i}.yaml`, 'x']),
    ]),
    'bundle_too_large',
  ],
];

describe('a bundle', () => {
  it.each(hostile)('with %s is refused in bounded memory', { timeout: SECONDS * 1_000 }, async (_, files, code) => {
    const codes = await compiler.run(files);
    if (code !== '') expect(codes).toContain(code);
    // An author reads none of a million; each part of the compiler stops at its own bound.
    expect(codes.length).toBeLessThanOrEqual(3 * LIMITS.policy_faults);
  });

  it('that does run out of memory is seen to', { timeout: SECONDS * 1_000 }, async () => {
    const small = openCompiler(16);
    const files = { 'policy.yaml': rules(9_000, (i) => deny(i, `{labels: {a: b${i}}}`)) };
    await expect(small.run(files)).rejects.toMatchObject({ fault: 'memory' });
    await small.stop();
  });
});

describe('a value that reads in two ways', () => {
  it.each(['0x1F', '0o17', '017', '+5', '5.', '.5'])('%s is refused where a number stands', (text) => {
    expect(faultCodes(`version: ${text}`)).not.toEqual([]);
    const patch = `rules: [{ id: r, match: {}, decision: deny, remediation: { id: x, payload: { n: ${text} } } }]`;
    expect(faultCodes(patch)).toContain('yaml_value_forbidden');
  });

  it.each(['1_000', 'yes', 'no', 'on', 'off', 'y', '-0x1', 'True_', '1:30'])(
    '%s is a text, never a number or a truth',
    (text) => {
      const policy = compiled(`rules: [{ id: r, match: { labels: { a: ${text} } }, decision: allow }]`);
      expect(finalOf(ask(policy, { topic: 'job.a', labels: { a: text } })).decision).toBe('allow');
      for (const field of [`version: ${text}`, `output_policy: { enabled: ${text} }`]) {
        expect(faultCodes(field)).toContain('field_invalid');
      }
    },
  );

  it.each(['10', '-3', '1.5', '1e3', '0'])('%s is one number everywhere', (text) => {
    const patch = `rules: [{ id: r, match: {}, decision: deny, remediation: { id: x, payload: { n: ${text} } } }]`;
    expect(faultCodes(patch)).toEqual([]);
  });
});

describe('a prototype key', () => {
  it.each([
    'topics: { __proto__: { capability: a.b } }',
    'owners: { constructor: sre }',
    'rules: [{ id: r, match: { labels: { __proto__: x } }, decision: deny }]',
    '__proto__: { default_decision: allow }',
    'rules: [{ id: r, match: {}, decision: allow_with_constraints, constraints: { set: { prototype: { a: 1 } } } }]',
  ])('is refused in %s', (text) => {
    expect(faultCodes(text)).toContain('yaml_key_forbidden');
    expect(({} as Record<string, unknown>).default_decision).toBeUndefined();
  });

  it.each([
    ['toString', 'rules: [{ id: r, match: { labels: { to: x } }, decision: allow }]', { labels: { a: 'b' } }],
    ['hasOwnProperty', 'rules: [{ id: r, match: { requires: [a.b] }, decision: allow }]', {}],
  ])('of every object matches nothing: %s', (_, policy, body) => {
    expect(finalOf(ask(compiled(policy), { topic: 'job.a', ...body })).decision).toBe('deny');
  });

  it('is no label of a request', () => {
    expect(() => requestOf(JSON.parse('{"topic":"job.a","labels":{"__proto__":"x"}}'))).toThrow();
  });
});

describe('names that look like others', () => {
  it.each(['аcme', 'ACME', 'acme ', 'ac\u200bme', 'acme\u0301', '_', 'acme.', '../acme'])(
    '%j names no tenant',
    (name) => {
      const policy = `rules: [{ id: r, match: { tenants: [${JSON.stringify(name)}] }, decision: deny }]`;
      expect(faultCodes(policy)).toContain('field_invalid');
      expect(() => requestOf({ topic: 'job.a', tenant: name })).toThrow();
    },
  );
});

describe('a condition', () => {
  const when = (source: string): string[] =>
    faultCodes(`rules: [{ id: r, match: {}, when: ${JSON.stringify(source)}, decision: deny }]`);

  it.each([
    ['that doubles at each step', Array.from({ length: 20 }, (_, i) => `cel.bind(a${i}, "x",`).join('')],
    ['of a thousand brackets', `${'('.repeat(900)}true${')'.repeat(900)}`],
    ['of a thousand choices', 'true ? '.repeat(250)],
    ['of lists in lists', `${'['.repeat(400)}1${']'.repeat(400)} == []`],
    ['of loops in loops', 'payload.a.all(x, '.repeat(4)],
    ['of maps that grow', 'payload.a.map(x, [x, x]).map(x, [x, x]).size() > 1'],
    ['longer than is allowed', `tenant == "${'x'.repeat(LIMITS.when_chars)}"`],
    ['with a pattern that backtracks', 'payload.a.matches("^(a|a?)+$(?=x)")'],
    ['with a pattern that repeats without end', 'payload.a.matches("((a{1000}){1000}){1000}")'],
  ])('%s is refused', (_, source) => {
    expect(when(source)).not.toEqual([]);
  });
});

it('keeps deciding by the last good policy when a hostile one comes', () => {
  const good = compiled('rules: [{ id: r, match: {}, decision: allow }]');
  for (const [, files] of hostile.slice(0, 2)) {
    expect(compilePolicy(files, { version: 2, snapshot: SNAPSHOT }).ok).toBe(false);
  }
  expect(finalOf(ask(good, { topic: 'job.a' })).decision).toBe('allow');
});
