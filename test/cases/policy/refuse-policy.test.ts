/** The compiler refuses what could be read in two ways or could never work, all mistakes at once, with their places. */
import { LIMITS } from '@countersign/contracts/limits';
import { compilePolicy } from '@countersign/policy/compile-policy';
import { readYaml } from '@countersign/policy/read-yaml';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, compiled, faultCodes, finalOf, SNAPSHOT } from './ask-policy.ts';

const RULE = '{ id: r, match: {}, decision: allow }';

function lines(...text: string[]): string {
  return text.join('\n');
}

describe('YAML', () => {
  it.each([
    ['an alias', 'rules: &r []\ntiers: *r', 'yaml_alias'],
    ['an alias bomb', lines('a: &a [x, x]', 'b: &b [*a, *a]', 'c: &c [*b, *b]'), 'yaml_alias'],
    ['a merge', `rules: [{ <<: ${RULE} }]`, 'yaml_key_forbidden'],
    ['a tag', 'version: !!int "7"', 'yaml_tag'],
    ['a local tag', 'rules: !include other.yaml', 'yaml_tag'],
    ['two documents', 'version: 1\n---\nversion: 2', 'yaml_several_documents'],
    ['a key twice', 'default_decision: deny\ndefault_decision: allow', 'yaml_duplicate_key'],
    [
      'a prototype key',
      'rules: [{ id: r, match: {}, decision: deny, remediation: { id: x, payload: { __proto__: { a: 1 } } } }]',
      'yaml_key_forbidden',
    ],
    [
      'no number',
      'rules: [{ id: r, match: {}, decision: deny, remediation: { id: x, payload: { a: .nan } } }]',
      'yaml_value_forbidden',
    ],
    ['an inexact number', 'version: 9007199254740993', 'yaml_value_forbidden'],
    ['a NUL', 'rules: [{ id: r, match: { keywords: ["a\\0b"] }, decision: deny }]', 'yaml_value_forbidden'],
    ['nothing', '', 'yaml_malformed'],
    ['no YAML', 'rules: [', 'yaml_malformed'],
    ['depth', `a: ${'['.repeat(100)}${']'.repeat(100)}`, 'yaml_too_deep'],
    ['great depth', '['.repeat(200_000), 'yaml_too_deep'],
    ['depth by dashes', `${'- '.repeat(5_000)}x`, 'yaml_too_deep'],
    ['size', `# ${'x'.repeat(LIMITS.policy_file_bytes)}`, 'file_too_large'],
  ])('refuses %s', (_, text, code) => {
    expect(faultCodes(text)).toContain(code);
  });

  it.each(['yes', 'no', 'on', '0x1F', '1_000', '1e3', '017'])(
    'does not take %s for true or for another number',
    (text) => {
      const quoted = compilePolicy(
        { 'policy.yaml': `output_policy: { enabled: ${text} }` },
        { version: 1, snapshot: SNAPSHOT },
      );
      expect(quoted.ok).toBe(false);
    },
  );

  it('never throws, whatever it reads', () => {
    const piece = fc.constantFrom(
      'rules:',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '&a ',
      '*a',
      '!!x ',
      '---\n',
      '\n',
      '  ',
      '"',
      "'",
      '|',
      '>',
      '#',
      'x',
      '\t',
      '?',
      '%',
      '\0',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(typeof readYaml('policy.yaml', pieces.join('')).ok).toBe('boolean');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('places', () => {
  it('names file, line and column of every mistake at once', () => {
    const text = lines(
      'default_decision: maybe',
      'rules:',
      '  - id: a',
      '    match: { topic: [job.a] }',
      '    decision: allow',
      '  - id: b',
      '    match: { topics: ["job..x"] }',
      '    decision: allow',
    );
    const result = compilePolicy({ 'policy.yaml': text }, { version: 1, snapshot: SNAPSHOT });
    if (result.ok) throw new Error('compiled');
    const places = result.faults.map(({ code, file, line, column }) => [code, file, line, column]);
    expect(places).toEqual([
      ['field_invalid', 'policy.yaml', 1, 1],
      ['field_unknown', 'policy.yaml', 4, 14],
      ['field_invalid', 'policy.yaml', 7, 23],
    ]);
  });
});

it('guesses another word than the one that was written', () => {
  const text = 'rules: [{ id: r, match: { topic: ["job.a"] }, decision: allow, reason: x }]';
  const result = compilePolicy({ 'policy.yaml': text }, { version: 1, snapshot: SNAPSHOT });
  if (result.ok) throw new Error('compiled');
  expect(result.faults.map(({ code, fix }) => [code, fix])).toEqual([['field_unknown', 'did you mean topics?']]);
});

it('names mistakes of shape and of meaning in one run, each with what to do', () => {
  const text = lines(
    'grops: [sre]',
    'groups: [security]',
    'rules:',
    '  - id: a',
    '    match: { topics: ["job..x"] }',
    '    decision: allow',
    '  - id: b',
    '    match: { scanners: [pi] }',
    '    decision: require_approval',
    '    approval: { stages: [{ group: securty }] }',
  );
  const files = {
    'policy.yaml': text,
    'pools.yaml': 'pools: [{ id: p, capabilities: [x], concurency: 1 }]',
    'a.txt': '',
  };
  const result = compilePolicy(files, { version: 1, snapshot: SNAPSHOT });
  if (result.ok) throw new Error('compiled');
  expect(result.faults.map(({ code, file, line, fix }) => [code, `${file}:${line}`, fix])).toEqual([
    ['file_unknown', 'a.txt:1', expect.stringContaining('move it')],
    ['field_unknown', 'policy.yaml:1', 'did you mean groups?'],
    ['field_invalid', 'policy.yaml:5', expect.stringContaining('write a value')],
    ['scanner_unknown', 'policy.yaml:8', 'did you mean pii?'],
    ['group_unknown', 'policy.yaml:10', 'did you mean security?'],
    ['field_invalid', 'pools.yaml:1', expect.any(String)],
    ['field_unknown', 'pools.yaml:1', 'did you mean concurrency?'],
  ]);
});

describe('meaning', () => {
  const rule = (fields: string): string => `rules: [{ id: r, match: {}, ${fields} }]`;
  const approval = (group: string): string =>
    rule(`decision: require_approval, approval: { stages: [{ group: ${group} }] }`);

  it.each([
    ['id_duplicate', `rules: [${RULE}, ${RULE}]`],
    ['id_duplicate', `rules: [${RULE}]\ntiers: [{ id: r, match: {}, floor: { decision: deny } }]`],
    ['group_unknown', approval('sre')],
    ['group_unknown', `groups: [sre]\n${rule('decision: require_approval')}`],
    ['group_unknown', 'owners: { infra.write: sre }'],
    [
      'group_unknown',
      rule(
        'decision: require_approval, approval: { stages: [{ group: approvers }], escalate: { after: 1m, to: sre } }',
      ),
    ],
    [
      'group_unknown',
      rule('decision: require_approval, approval: { stages: [{ group: approvers }], break_glass: { group: owner } }'),
    ],
    [
      'field_misplaced',
      rule(
        'decision: require_approval, approval: { stages: [{ group: approvers }], escalate: { after: 1h, to: approvers } }',
      ),
    ],
    ['field_invalid', 'approvals: { survive: always }'],
    ...[
      '{ max_uses: 1, max_minutes: 5, same: [labels.repo] }',
      '{ max_uses: 1001, max_minutes: 5, same: [labels.repo] }',
      '{ max_uses: 5, max_minutes: 1441, same: [labels.repo] }',
      '{ max_uses: 5, max_minutes: 5, same: [] }',
      '{ max_uses: 5, max_minutes: 5, same: [topic] }',
      '{ max_uses: 5, max_minutes: 5, same: [labels.repo, labels.repo] }',
      '{ max_uses: 5, max_minutes: 5 }',
      '{ max_uses: 5, same: [labels.repo] }',
    ].map((grant): [string, string] => [
      'field_invalid',
      rule(`decision: require_approval, approval: { stages: [{ group: approvers }], grant: ${grant} }`),
    ]),
    [
      'field_unknown',
      rule(
        'decision: require_approval, approval: { stages: [{ group: approvers }], grant: { max_uses: 5, max_minutes: 5, same: [labels.a], per: day } }',
      ),
    ],
    [
      'field_misplaced',
      rule(
        'decision: allow, approval: { stages: [{ group: approvers }], grant: { max_uses: 5, max_minutes: 5, same: [labels.a] } }',
      ),
    ],
    ['field_unknown', 'tiers: [{ id: t, match: {}, floor: { decision: require_approval, grant: { max_uses: 5 } } }]'],
    ['owner_missing', approval('owner')],
    ['scanner_unknown', 'rules: [{ id: r, match: { scanners: [astrology] }, decision: deny }]'],
    ['match_empty', 'rules: [{ id: r, match: { not: {} }, decision: deny }]'],
    ['match_empty', 'rules: [{ id: r, match: { keywords: ["\u200b"] }, decision: deny }]'],
    ['field_invalid', 'rules: [{ id: r, match: { topics: [] }, decision: deny }]'],
    ['field_invalid', 'rules: [{ id: r, decision: deny }]'],
    ['field_invalid', 'tiers: [{ id: t, match: {}, floor: {} }]'],
    ['field_invalid', 'input_rules: [{ id: i, match: {}, decision: allow }]'],
    ['field_misplaced', rule('decision: allow, constraints: { timeout: 1m }')],
    ['field_misplaced', rule('decision: deny, constraints: { timeout: 1m }')],
    ['field_misplaced', rule('decision: allow_with_constraints')],
    ['field_misplaced', rule('decision: allow, approval: { stages: [{ group: approvers }] }')],
    ['field_misplaced', rule('decision: remediate')],
    ['field_misplaced', rule('decision: remediate, remediation: { id: nothing }')],
    ['field_misplaced', rule('decision: allow, remediation: { id: x, topic: job.b }')],
    ['field_misplaced', 'tiers: [{ id: t, match: {}, floor: { stages: [{ group: approvers }] } }]'],
    ['field_invalid', rule('decision: allow_with_constraints, constraints: { timeout: 5 }')],
    ['field_invalid', rule('decision: allow_with_constraints, constraints: { timeout: 0s }')],
    ['field_invalid', rule('decision: allow_with_constraints, constraints: { timeout: 1000d }')],
    ['field_invalid', rule('decision: allow, review: none')],
    ['field_misplaced', rule('decision: deny, review: required')],
    ['field_misplaced', 'input_rules: [{ id: i, match: {}, decision: deny, review: required }]'],
    ['schema_missing', 'topics: { job.a: { schema: ./schemas/a.json } }'],
    ['field_invalid', 'topics: { job.a: { schema: ../secret.json } }'],
    ['field_invalid', 'topics: { job.a: { schema: "https://example.com/a.json" } }'],
    ['version_mismatch', 'version: 2'],
  ])('%s: %s', (code, text) => {
    expect(faultCodes(text)).toContain(code);
  });

  it.each([
    ['limits of an input rule', 'input_rules: [{ id: i, match: {}, decision: deny, limits: [{ count: 1 }] }]'],
    ['more evidence', rule('decision: allow, evidence: enhanced')],
    ['a floor that asks for evidence', 'tiers: [{ id: t, match: {}, floor: { max_attempts: 1, evidence: standard } }]'],
    ['an input rule’s severity', 'input_rules: [{ id: i, severity: critical, match: {}, decision: deny }]'],
  ])('not_enforced: %s', (_, text) => {
    const result = compilePolicy({ 'policy.yaml': text }, { version: 1, snapshot: SNAPSHOT });
    if (result.ok) throw new Error('compiled');
    expect(result.faults.map(({ code, line }) => [code, line])).toEqual([['not_enforced', 1]]);
    expect(result.faults[0]!.fix).toContain('remove it');
  });

  it('not_enforced: in a tenant’s file and in tests too, and a stranger stays a stranger', () => {
    const own = 'rules: [{ id: o, match: {}, decision: deny, evidence: standard }]';
    expect(faultCodes('rules: []', { 'tenants/acme.yaml': own })).toEqual(['not_enforced']);
    const tests = 'cases: [{ name: n, request: { topic: job.a }, expect: { decision: deny, evidence: standard } }]';
    expect(faultCodes('rules: []', { 'tests/a.yaml': tests })).toEqual(['not_enforced']);
    expect(faultCodes('limits: []')).toEqual(['field_unknown']);
    expect(faultCodes(rule('decision: allow, severity: high'))).toEqual(['field_unknown']);
  });

  it.each([
    ['type_unknown', '{ types: [e-mail] }'],
    ['match_empty', '{ scanners: [secrets], types: [email] }'],
    ['match_empty', '{ types: [us_ssn, email], min_severity: medium }'],
    ['match_empty', '{ not: { types: [email], min_severity: critical } }'],
    ['field_invalid', '{ scanners: [pii], min_severity: grave }'],
  ])('%s: findings as %s, of what comes in and of what goes out', (code, match) => {
    expect(faultCodes(`input_rules: [{ id: i, match: ${match}, decision: deny }]`)).toEqual([code]);
    if (match.includes('not:')) return;
    expect(faultCodes(`output_policy: { rules: [{ id: o, match: ${match}, decision: redact }] }`)).toEqual([code]);
  });

  it('checks capabilities against the pools, where there are pools', () => {
    const policy =
      'topics: { job.a: { capability: desk.rite } }\nrules: [{ id: r, match: { capabilities: ["*.read"] }, decision: allow }]';
    expect(faultCodes(policy)).toEqual([]);
    const pools = 'pools: [{ id: p, capabilities: [desk.read], concurrency: 1 }]';
    expect(faultCodes(policy, { 'pools.yaml': pools })).toEqual(['capability_unknown']);
  });

  it.each([
    ['../policy.yaml', 'file_unknown'],
    ['schemas/deep/a.json', 'file_unknown'],
    ['notes.txt', 'file_unknown'],
  ])('refuses the file %s', (path, code) => {
    expect(faultCodes('rules: []', { [path]: '{}' })).toEqual([code]);
  });

  it('needs a version from somewhere', () => {
    const result = compilePolicy({ 'policy.yaml': 'rules: []' }, { snapshot: SNAPSHOT });
    expect(result).toMatchObject({ ok: false, faults: [{ code: 'version_missing' }] });
  });
});

describe('conditions', () => {
  const when = (source: string): string =>
    `rules: [{ id: r, match: {}, when: ${JSON.stringify(source)}, decision: allow }]`;

  it.each([
    ['when_invalid', '1 <'],
    ['when_invalid', 'payload.a'],
    ['when_invalid', 'unknown == 1'],
    ['when_invalid', 'tenant == 1'],
    ['when_invalid', 'actor.ceiling == "x"'],
    ['when_invalid', `payload.a.matches("(?=x)")`],
    ['when_invalid', Array.from({ length: 300 }, () => 'true').join('&&')],
    ['when_too_costly', 'cel.bind(x, payload.a + payload.a, x == "")'],
    ['when_too_costly', 'payload.l.map(x, x + x).size() > 1'],
    ['when_too_costly', 'payload.a.matches(payload.b)'],
    ['when_too_costly', 'payload.a.contains(payload.b)'],
    ['when_too_costly', 'payload.l.all(a, payload.l.all(b, payload.l.all(c, true)))'],
  ])('%s: %s', (code, source) => {
    expect(faultCodes(when(source))).toEqual([code]);
  });

  it('names the place in the condition, in every way of writing it', () => {
    const place = (...text: string[]): unknown => {
      const result = compilePolicy({ 'policy.yaml': lines('rules:', ...text) }, { version: 1, snapshot: SNAPSHOT });
      return result.ok ? null : result.faults.map(({ line, column }) => [line, column]);
    };
    const start = ['  - id: r', '    match: {}', '    decision: deny'];
    expect(place(...start, '    when: tenant == "a" && tenat == "b"')).toEqual([[5, 28]]);
    expect(place(...start, `    when: 'tenant == "a" && tenat == "b"'`)).toEqual([[5, 29]]);
    expect(place(...start, '    when: |', '      tenat == "b"')).toEqual([[5, 11]]);
  });

  describe('against the schema of the topic', () => {
    const SCHEMAS = {
      'schemas/a.json': JSON.stringify({
        type: 'object',
        additionalProperties: false,
        properties: {
          n: { type: 'integer' },
          s: { type: 'string' },
          l: { type: 'array', items: { $ref: '#/$defs/word' } },
          o: { type: 'object', additionalProperties: false, properties: { x: { type: 'boolean' } } },
          either: { type: ['string', 'integer'] },
        },
        $defs: { word: { type: 'string' } },
      }),
      'schemas/open.json': JSON.stringify({ type: 'object', properties: { n: { type: 'number' } } }),
    };
    const topics =
      'topics: { job.a: { schema: ./schemas/a.json }, job.open: { schema: ./schemas/open.json }, job.bare: {} }';
    const codes = (source: string, on = '[job.a]') =>
      faultCodes(
        `${topics}\nrules: [{ id: r, match: { topics: ${on} }, when: ${JSON.stringify(source)}, decision: deny }]`,
        SCHEMAS,
      );

    it.each([
      'payload.m > 5',
      'payload.n > "five"',
      'payload.n + 1 > 5',
      'payload.s > 5',
      'payload.s.x == 1',
      'payload.l.exists(x, x == 1)',
      'payload.o.y',
      'payload.o.x == "true"',
      'payload.n.startsWith("1")',
      'has(payload.m) && payload.m > 5',
    ])('refuses %s', (source) => {
      expect(codes(source)).toEqual(['when_invalid']);
    });

    it.each([
      'payload.n > 5 && payload.n == 6 && payload.n in [5, 6] && payload.n != 7',
      'payload.n + 1.0 > 5.0',
      'payload.s == "x" || payload["s"].startsWith("y")',
      'payload.l.exists(x, x == "a") && payload.l.size() < 3',
      '"x" in payload.o && size(payload.o) > 0 && payload.o.x',
      '"n" in payload',
      'payload.either == 5 || payload.either == "5"',
      'payload.l[0] == "x"',
      'payload.o.x',
    ])('takes %s', (source) => {
      expect(codes(source)).toEqual([]);
    });

    it('lets a field be where one of the topics may have it', () => {
      const guarded = 'has(payload.other) && payload.other == "x"';
      expect(codes(guarded, '[job.a]')).toEqual(['when_invalid']);
      for (const on of ['[job.open]', '[job.a, job.open]', '[job.a, job.bare]', '[job.a, job.unlisted]']) {
        expect(codes(guarded, on)).toEqual([]);
      }
      expect(codes('payload.n == "x"', '[job.a, job.bare]')).toEqual(['when_invalid']);
      expect(codes('payload.o.x', '[job.a, job.bare]')).toEqual(['when_invalid']);
    });

    it('names the place', () => {
      const text = lines(
        topics,
        'rules:',
        '  - id: r',
        '    match: { topics: [job.a] }',
        '    when: payload.n > 5 && payload.m > 5',
        '    decision: deny',
      );
      const result = compilePolicy({ 'policy.yaml': text, ...SCHEMAS }, { version: 1, snapshot: SNAPSHOT });
      expect(result).toMatchObject({ ok: false, faults: [{ line: 5, column: 36, detail: 'No such key: m' }] });
    });
  });

  it('denies what would cost too much to loop over, however short its lists are', () => {
    const policy = compiled(when('payload.l.all(x, payload.l.all(y, payload.t.contains("z") || x < 9))'));
    const l = Array(200).fill(1);
    expect(finalOf(ask(policy, { topic: 'job.a', payload: { l, t: 'a' } })).decision).toBe('allow');
    expect(finalOf(ask(policy, { topic: 'job.a', payload: { l, t: 'a'.repeat(100_000) } })).reason).toMatch(
      /^when_error \(when_work\)/,
    );
  });

  it('runs regular expressions in linear time', () => {
    const policy = compiled(when('payload.a.matches("^(a+)+$")'));
    const started = process.threadCpuUsage();
    expect(finalOf(ask(policy, { topic: 'job.a', payload: { a: `${'a'.repeat(5_000)}!` } })).decision).toBe('deny');
    expect(finalOf(ask(policy, { topic: 'job.a', payload: { a: 'aaa' } })).decision).toBe('allow');
    expect(process.threadCpuUsage(started).user).toBeLessThan(2_000_000);
  });

  it('denies what is too long to loop over', () => {
    const policy = compiled(when('payload.l.all(x, x < 9)'));
    expect(finalOf(ask(policy, { topic: 'job.a', payload: { l: Array(256).fill(1) } })).decision).toBe('allow');
    expect(finalOf(ask(policy, { topic: 'job.a', payload: { l: Array(257).fill(1) } })).reason).toMatch(
      /^when_error \(when_items\)/,
    );
  });
});
