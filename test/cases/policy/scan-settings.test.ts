/**
 * Countries that a policy's content is scanned for: they bind at both gates, a tenant's only add, and none is taken silently.
 */
import { outputPolicyActive, type ScanSettings } from '@countersign/contracts/policy';
import { screenOutput } from '@countersign/output-safety/screen-output';
import { decide } from '@countersign/policy/decide';
import { compileOutputPolicy } from '@countersign/policy/decide-output';
import { packPolicy, unpackPolicy } from '@countersign/policy/pack-policy';
import { settingsFor } from '@countersign/policy/scan-settings';
import { atOnce } from '@countersign/policy/steps';
import { explain } from '@countersign/policy-author/explain';
import { lintPolicy } from '@countersign/policy-author/lint-policy';
import { describe, expect, it } from 'vitest';
import { compiled, contextOf, faultCodes, finalOf, itemOf, verdict } from './ask-policy.ts';

const RULES = `
rules: [{ id: yes, match: {}, decision: allow }]
input_rules: [{ id: no-phones, match: { types: [phone] }, decision: deny }]
output_policy: { rules: [{ id: hide, match: { types: [phone] }, decision: redact }] }
`;
const BERLIN = 'reach us, 030 901 820 11, any day';
const PARIS = 'reach us, 01 42 68 53 00, any day';
const policy = compiled(`${RULES}scanning: { countries: [DE] }`, {
  'tenants/acme.yaml': 'scanning: { countries: [FR] }',
});

function ask(tenant: string, prompt: string) {
  return verdict(policy, { tenant, topic: 'job.a', prompt })[0];
}

describe('countries', () => {
  it('make national numbers count in requests; a tenant’s add to everybody’s, for that tenant alone', () => {
    expect([ask('other', BERLIN), ask('other', PARIS)]).toEqual(['deny', 'allow']);
    expect([ask('acme', BERLIN), ask('acme', PARIS)]).toEqual(['deny', 'deny']);
    expect(verdict(compiled(RULES), { topic: 'job.a', prompt: BERLIN })).toEqual(['allow', 'yes']);
  });

  it('make them count in outputs, redaction included, from what is stored when the policy comes into force', () => {
    const stored = { ...policy.sources.policy.output_policy, scanning: policy.scanning };
    const output = compileOutputPolicy(outputPolicyActive.parse(JSON.parse(JSON.stringify(stored))));
    const screened = (tenant: string, text: string) =>
      screenOutput(output, { output: [text], text: JSON.stringify([text]), tenant, topic: 'job.a', capability: null });
    expect(screened('other', BERLIN).released).toBe('["reach us, [redacted:phone], any day"]');
    expect(screened('other', PARIS).released).toBe(JSON.stringify([PARIS]));
    expect(screened('acme', PARIS).released).toBe('["reach us, [redacted:phone], any day"]');
  });

  it('hold for a compensation too', () => {
    const back = compiled(`
scanning: { countries: [DE] }
rules: [{ id: yes, match: {}, decision: allow, rollback: required }]
input_rules: [{ id: no-phones, match: { topics: [job.back], types: [phone] }, decision: deny }]
`);
    const withNumber = (number: string) => ({
      topic: 'job.a',
      compensation: { topic: 'job.back', payload: { text: number } },
    });
    expect(verdict(back, withNumber('nothing'))[0]).toBe('allow');
    expect(verdict(back, withNumber(BERLIN))[0]).toBe('deny');
  });

  it('survive the way to another process', () => {
    expect(atOnce(unpackPolicy(packPolicy(policy))).scanning).toEqual(policy.scanning);
  });

  it('do not take a scan that was made with other settings for their own', () => {
    const item = itemOf({ topic: 'job.a', prompt: BERLIN });
    const { prompt, payload } = item.request;
    const decided = (settings: ScanSettings) => {
      const scans = { known: [{ prompt, payload, settings, findings: [] }], wanted: null };
      return finalOf(decide(policy, item, contextOf({ scans })));
    };
    expect(decided({ countries: [] }).decision).toBe('deny');
    expect(decided(settingsFor(policy.scanning, 'default')).decision).toBe('allow');
  });

  it('are shown by an explanation', () => {
    const item = itemOf({ topic: 'job.a', tenant: 'acme', prompt: BERLIN });
    const { derivation, text } = explain(policy, item, contextOf());
    expect(derivation?.countries).toEqual(['DE', 'FR']);
    expect(text).toContain('scanned for national telephone numbers of DE, FR.');
  });
});

describe('a policy', () => {
  it.each([
    ['scanning: { countries: [XX] }', 'country_unknown'],
    ['scanning: { countries: [de] }', 'field_invalid'],
    ['scanning: { countries: [] }', 'field_invalid'],
    ['scanning: { countries: [DE, DE] }', 'id_duplicate'],
    ['scanning: { country: [DE] }', 'field_unknown'],
  ])('with %s is refused', (line, code) => {
    expect(faultCodes(`${RULES}${line}`)).toContain(code);
    expect(faultCodes(RULES, { 'tenants/acme.yaml': line })).toContain(code);
  });

  it.each([
    ['enabled: false', true],
    ['rules: []', true],
    ['fail_mode: open', true],
    ['binary: allow', true],
    ['binary: quarantine', false],
    ['fail_mode: closed', false],
  ])('an output policy with %s is told so where outputs leave unread: %s', (line, told) => {
    const codes = lintPolicy(compiled(`version: 1\noutput_policy: { ${line} }`)).map(({ code }) => code);
    expect(codes.includes('output_unscanned')).toBe(told);
  });

  it('whose rules look at no personal data is told that its countries change nothing', () => {
    const idle = 'scanning: { countries: [DE] }\noutput_policy: { rules: [] }';
    expect(lintPolicy(compiled(`version: 1\n${idle}`)).map(({ code }) => code)).toContain('scanning_unused');
    expect(lintPolicy(policy).map(({ code }) => code)).not.toContain('scanning_unused');
  });
});
