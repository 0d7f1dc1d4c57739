/**
 * Rules of an operator's own, as the scanners run them: what a finding says, groups, entropy, exceptions, views, redaction,
 * and what they may cost.
 */
import { type OwnRule, type OwnRules, ownRule } from '@countersign/contracts/scanner-rules';
import { matchesOf } from '@countersign/scanners/linear-patterns';
import { redactValue } from '@countersign/scanners/redact';
import { SCANNER_NAMES, scanValue } from '@countersign/scanners/scan';
import type { ScanLimits } from '@countersign/scanners/scan-limits';
import { describe, expect, it } from 'vitest';

function ruleOf(rule: Partial<OwnRule>): OwnRule {
  return ownRule.parse({
    type: 'custom-acme',
    scanner: 'secrets',
    severity: 'high',
    confidence: 'likely',
    regex: 'acme-[a-z0-9]{8,40}',
    ...rule,
  });
}
let sets = 0;

function own(...rules: Partial<OwnRule>[]): OwnRules {
  return { digest: `set-${sets++}`, rules: rules.map(ruleOf) };
}

function found(value: unknown, rules: OwnRules, limits: Partial<ScanLimits> = {}) {
  const result = scanValue(value, SCANNER_NAMES, { own: rules, ...limits });
  return result.ok ? result.findings.filter(({ type }) => type.startsWith('custom-')) : result.code;
}
const TOKEN = 'acme-k3v9x0q7m2p8';

describe('a finding', () => {
  it('says type, place, count, severity, confidence and why, and never the match', () => {
    const rules = own({ severity: 'critical', confidence: 'certain', scanner: 'pii' });
    const findings = found({ a: ['x', `${TOKEN} and ${TOKEN}`] }, rules);
    expect(findings).toEqual([
      {
        scanner: 'pii',
        type: 'custom-acme',
        place: '/a/1',
        count: 2,
        severity: 'critical',
        confidence: 'certain',
        why: 'own rule',
      },
    ]);
    expect(JSON.stringify(found({ [TOKEN]: 1 }, rules))).not.toContain(TOKEN);
  });

  it('is made in names, hidden text, short text, and text that folding changes', () => {
    const rules = own({}, { type: 'custom-word', regex: 'ключ=\\d{3}' }, { type: 'custom-short', regex: '^zq\\d$' });
    expect(found({ [TOKEN]: 1 }, rules)).toMatchObject([{ place: '/~@0/~key' }]);
    expect(found(Buffer.from(`see ${TOKEN}`).toString('base64'), rules)).toMatchObject([{ type: 'custom-acme' }]);
    expect(found('\u0430cme-k3v9x0q7m2p8', rules)).toMatchObject([{ type: 'custom-acme' }]);
    expect(found('ключ=123', rules)).toMatchObject([{ type: 'custom-word' }]);
    expect(found('zq1', rules)).toMatchObject([{ type: 'custom-short' }]);
  });

  it('is made only for the scanners that are asked', () => {
    expect(scanValue(TOKEN, ['pii'], { own: own({}) })).toMatchObject({ findings: [] });
  });
});

describe('a rule', () => {
  it.each<[string, Partial<OwnRule>, string, number]>([
    ['takes its group for the secret', { regex: 'a(b+)(c{9,})', secret_group: 2, entropy: 0.1 }, 'abbccccccccc', 0],
    ['takes the first group that is not empty', { regex: 'a(x?)([bc]{9,})', entropy: 0.9 }, 'abcbcbcbcbcb', 1],
    ['asks for more entropy than it states', { regex: '[ab]{8}', entropy: 1 }, 'abababab', 0],
    ['asks for entropy of the secret alone', { regex: 'id=([ab]{8})', entropy: 0.99 }, 'id=abababab', 1],
    ['is tried where its keyword stands', { keywords: ['build'] }, `the BUILD has ${TOKEN}`, 1],
    ['is not tried without its keyword', { keywords: ['build'] }, TOKEN, 0],
    ['leaves what an expression allows', { allow: [allow({ regexes: ['^acme-k3'] })] }, TOKEN, 0],
    ['leaves what holds a stop word', { allow: [allow({ stopwords: ['V9X0'] })] }, TOKEN, 0],
    ['does not look beyond the secret', { allow: [allow({ regexes: ['sample'] })] }, `sample ${TOKEN}`, 1],
    [
      'looks at the line if told so',
      { allow: [allow({ target: 'line', regexes: ['^a sample'] })] },
      `x\na sample ${TOKEN}\ny`,
      0,
    ],
    [
      'looks at no other line',
      { allow: [allow({ target: 'line', regexes: ['sample'] })] },
      `sample\n${TOKEN}\nsample`,
      1,
    ],
    [
      'looks at the match if told so',
      { regex: 'key (\\w{9})', allow: [allow({ target: 'match', regexes: ['^key'] })] },
      'key abcdefghi',
      0,
    ],
    [
      'wants both under and',
      { allow: [allow({ condition: 'and', regexes: ['k3'], stopwords: ['nothing'] })] },
      TOKEN,
      1,
    ],
    [
      'leaves what both speak of',
      { allow: [allow({ condition: 'and', regexes: ['k3'], stopwords: ['v9'] })] },
      TOKEN,
      0,
    ],
  ])('%s', (_, rule, text, count) => {
    expect(found(text, own(rule))).toHaveLength(count);
  });

  const far = 'x '.repeat(40_000);
  it.each([
    ['far into a text', `${far}${TOKEN}${far}`, 1],
    ['many times', `${TOKEN} `.repeat(3_000), 3_000],
    ['apart', `${TOKEN}${far}${TOKEN}${far}${TOKEN}`, 3],
    ['at the end', `${far}${TOKEN}`, 1],
  ])('finds what stands %s', (_, text, count) => {
    const findings = found(text, own({ regex: '\\bacme-[a-z0-9]{8,40}(?:\\s|$)' }));
    expect(findings).toMatchObject([{ count }]);
  });

  it.each(['\\b[a-z]{3,9}\\b', '[a-z]+$', '(?m)^\\w+', 'x.*y', '(?s)a.{0,1000}.{0,1000}z', '\\d{3}|[a-z]{5,}', 'b?'])(
    'finds with %s what reading all at once finds',
    (regex) => {
      const words = ['alpha', 'bz', 'x1y', '123', '\n', ' ', 'lazyz', 'aé'];
      let seed = 7;
      const text = Array.from({ length: 4_000 }, () => {
        seed = (seed * 48271) % 2147483647;
        return words[seed % words.length];
      }).join(' ');
      const all = [
        ...text.matchAll(new RegExp(regex.replace(/^\(\?([ms])\)/, ''), `g${/^\(\?([ms])\)/.exec(regex)?.[1] ?? ''}`)),
      ];
      const spans = [...matchesOf(regex, text, () => true)].map((groups) => groups[0]);
      expect(spans).toEqual(all.map((match) => [match.index, match.index + match[0].length]));
    },
  );
});

function allow(part: Partial<OwnRule['allow'][number]>): OwnRule['allow'][number] {
  return { condition: 'or', target: 'secret', regexes: [], stopwords: [], ...part };
}

describe('redaction', () => {
  it('takes out the secret alone, under one mark for all own rules, and settles', () => {
    const rules = own({ regex: 'see (acme-\\w{8,40})' }, { type: 'custom-other', regex: 'zz\\d{9}' });
    const value = { note: `see ${TOKEN}, zz123456789`, zz123456789: 'name' };
    const redacted = redactValue(value, SCANNER_NAMES, { own: rules });
    expect(redacted).toMatchObject({
      ok: true,
      value: { note: 'see [redacted:custom], [redacted:custom]', '[redacted:custom]': 'name' },
    });
    expect(found((redacted as { value: unknown }).value, rules)).toEqual([]);
  });

  it('of one type leaves the other', () => {
    const rules = own({}, { type: 'custom-other', regex: 'zz\\d{9}' });
    const redacted = redactValue([TOKEN, 'zz123456789'], ['secrets'], { own: rules }, ['custom-other']);
    expect(redacted).toMatchObject({ ok: true, value: [TOKEN, '[redacted:custom]'] });
  });

  it('says no where a replacement gives rise to another match', () => {
    const rules = own({ regex: 'a\\s*b' });
    const endless = redactValue(`${'a'.repeat(20)}ab${'b'.repeat(20)}`, ['secrets'], { own: rules });
    expect(endless).toMatchObject({ ok: false, code: 'redaction_unsettled' });
  });
});

describe('what rules cost', () => {
  const hostile = own({ regex: '(?i)[\\w.-]{0,50}?(?:acme)[\\w.-]{0,50}=([a-f0-9]{32})' });
  const text = 'acme'.repeat(500);

  it('is counted before it is spent, and fails the scan when it is too much', () => {
    expect(found(text, hostile, { max_rule_work: 10_000 })).toBe('rules_too_costly');
    expect(found(text, hostile)).toEqual([]);
    expect(redactValue(text, SCANNER_NAMES, { own: hostile, max_rule_work: 10_000 })).toMatchObject({
      code: 'rules_too_costly',
    });
  });

  it('is nothing where no keyword stands', () => {
    const quiet = own({ keywords: ['build'] });
    expect(found(text, quiet, { max_rule_work: 0 })).toEqual([]);
  });

  it('grows with the text and not faster', () => {
    const units = (length: number): number => {
      let paid = 0;
      const pay = (chars: number): boolean => {
        paid += chars;
        return true;
      };
      for (const _ of matchesOf('acme-[a-z0-9]{8,40}', `${TOKEN} ${'x'.repeat(500)} `.repeat(length / 500), pay));
      return paid;
    };
    expect(units(400_000) / units(100_000)).toBeLessThan(4.5);
  });
});
