/**
 * What must not be scanned where it is decided is scanned in child processes, and decided once its findings are known.
 */
import type { DecideItem } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { Metrics } from '@countersign/platform/metrics';
import { openModelCalls } from '@countersign/platform/model-calls';
import { decide } from '@countersign/policy/decide';
import type { ItemAnswer } from '@countersign/policy-kernel/decide-jobs';
import { decideWithScans } from '@countersign/policy-kernel/decide-with-scans';
import { openScans, type Scans } from '@countersign/policy-kernel/scan-apart';
import { afterAll, describe, expect, it } from 'vitest';
import { compiled, contextOf, finalOf, itemOf } from '../policy/ask-policy.ts';

const counted: string[] = [];
const metrics = {
  count: (name: string, labels: object) => void counted.push(`${name} ${JSON.stringify(labels)}`),
} as unknown as Metrics;
const filler = 'words and words '.repeat(LIMITS.inline_scan_bytes / 16);
const RULES = `
rules:
  - { id: rewritten, match: { topics: [job.rewritten] }, decision: remediate, remediation: { id: wrap, topic: job.a, payload: { wrapped: true } } }
  - { id: yes, match: {}, decision: allow }
input_rules: [{ id: no-numbers, match: { types: [us_ssn, phone] }, decision: deny }]
`;
const OWN = { 'scanners.yaml': "rules: [{ id: acme, regex: '(?i)[\\w.-]{0,50}acme[a-z.-]{0,90}=([a-f0-9]{32})' }]" };
const policy = compiled(RULES, { 'tenants/german.yaml': 'scanning: { countries: [DE] }' });
const own = compiled(RULES.replace('[us_ssn,', '[custom-acme, us_ssn,'), OWN);

const NO_MODEL = openModelCalls(metrics, undefined);

/** What is found does not depend on how fast the machine is. */
const patient = openScans(metrics, NO_MODEL, undefined, 30_000);
afterAll(() => patient.stop());

function large(text: string, body: object = {}) {
  return itemOf({ topic: 'job.a', prompt: `${text} ${filler}`, ...body });
}

function decideApart(item: DecideItem, under = policy, scans: Pick<Scans, 'decide'> = patient) {
  let rounds = 0;
  return scans
    .decide(item.gate, (apart) => {
      rounds += 1;
      return decide(under, item, contextOf({ scans: apart }));
    })
    .then((outcome) => ({ ...finalOf(outcome), rounds }));
}

describe('scanning apart', () => {
  it('is for large contents alone, prompts and payloads, and decides as scanning here does', async () => {
    expect(await decideApart(itemOf({ topic: 'job.a', prompt: 'ssn 123-45-6789' }))).toMatchObject({ rounds: 1 });
    expect(await decideApart(large('ssn 123-45-6789'))).toMatchObject({
      rounds: 2,
      decision: 'deny',
      findings: [{ type: 'us_ssn', place: '/prompt' }],
    });
    const many = Array.from({ length: 9_000 }, (_, i) => `member ${i}`);
    const wide = itemOf({ topic: 'job.a', payload: { many, ssn: '123-45-6789' } });
    expect(await decideApart(wide)).toMatchObject({ rounds: 2, findings: [{ type: 'us_ssn', place: '/payload/ssn' }] });
    expect(await decideApart(large('fine'))).toMatchObject({ rounds: 2, decision: 'allow' });
    expect(counted).toEqual([]);
  });

  it('is not done for who looks at no finding', async () => {
    const blind = compiled('rules: [{ id: yes, match: {}, decision: allow }]');
    expect(await decideApart(large('ssn 123-45-6789'), blind)).toMatchObject({ rounds: 1, decision: 'allow' });
  });

  it('scans with the settings of the tenant', async () => {
    const number = 'reach us, 030 901 820 11, any day';
    expect(await decideApart(large(number, { tenant: 'german' }))).toMatchObject({ decision: 'deny' });
    expect(await decideApart(large(number))).toMatchObject({ decision: 'allow' });
  });

  it('looks at a rewrite and at a compensation as well', async () => {
    const rewritten = large('ssn 123-45-6789', { topic: 'job.rewritten', payload: { a: 1 } });
    const careful = compiled(RULES.replace('match: { types', 'match: { topics: [job.a], types'));
    expect(await decideApart(rewritten, careful)).toMatchObject({ rounds: 2, decision: 'deny' });
    const back = compiled(`
rules: [{ id: yes, match: {}, decision: allow, rollback: required }]
input_rules: [{ id: no, match: { topics: [job.back], types: [us_ssn] }, decision: deny }]
`);
    const asked = itemOf({
      topic: 'job.a',
      compensation: { topic: 'job.back', payload: { text: `ssn 123-45-6789 ${filler}` } },
    });
    expect(await decideApart(asked, back)).toMatchObject({ rounds: 2, decision: 'deny' });
  });

  it('is for small contents too that own rules take much work over, and not for others', async () => {
    const costly = itemOf({ topic: 'job.a', prompt: 'acme.'.repeat(4_000) });
    expect(costly.request.prompt!.length).toBeLessThan(LIMITS.inline_scan_bytes);
    expect(await decideApart(costly, own)).toMatchObject({ rounds: 2, decision: 'allow' });
    expect(await decideApart(costly)).toMatchObject({ rounds: 1 });
    const short = itemOf({ topic: 'job.a', prompt: 'acme.key=9f86d081884c7d659a2feaa0c55ad015' });
    expect(await decideApart(short, own)).toMatchObject({ rounds: 1, findings: [{ type: 'custom-acme' }] });
    const long = itemOf({ topic: 'job.a', prompt: `${'acme.'.repeat(4_000)} ${short.request.prompt}` });
    expect(await decideApart(long, own)).toMatchObject({ rounds: 2, findings: [{ type: 'custom-acme' }] });
  });

  it.each([
    ['hangs', 'deadline', 300],
    ['crashes', 'crash', 30_000],
  ])('counts as failed what %s, so that a rule which looks denies', async (kind, fault, deadline_ms) => {
    counted.length = 0;
    const scans = openScans(metrics, NO_MODEL, new URL(`./scan-${kind}.ts`, import.meta.url), deadline_ms);
    expect(await decideApart(large('fine'), policy, scans)).toMatchObject({
      decision: 'deny',
      reason: expect.stringContaining('scan_too_large'),
    });
    expect(counted).toEqual([`scans_failed_total {"gate":"submit","fault":"${fault}"}`]);
    await scans.stop();
  });
});

describe('a question with several items', () => {
  it('decides each, those that had to be scanned after the others, in their order', async () => {
    const items = [large('ssn 123-45-6789'), itemOf({ topic: 'job.a', prompt: 'fine' }), large('fine')];
    const asked: number[] = [];
    const decideAll = async (some: readonly DecideItem[]): Promise<ItemAnswer[]> => {
      asked.push(some.length);
      return some.map((item) => {
        const outcome = decide(policy, item, contextOf({ scans: patient.of(item) }));
        return { ok: true, value: { ...(outcome as { answer: object }).answer, reusable: null } } as ItemAnswer;
      });
    };
    const answers = await decideWithScans(items, decideAll, patient);
    const decisions = answers.map((answer) => answer.ok && answer.value.decisions.at(-1)!.decision);
    expect(decisions).toEqual(['deny', 'allow', 'allow']);
    expect(asked).toEqual([3, 2]);
  });

  it('answers that it is overloaded for what no process was free for, and for that alone', async () => {
    const [one, other] = [large('fine'), large('fine')];
    const scans: Pick<Scans, 'of' | 'scan'> = {
      of: patient.of,
      scan: (scanning, gate) => {
        if (scanning === patient.of(one)) return Promise.reject(new CountersignError('overloaded'));
        return patient.scan(scanning, gate);
      },
    };
    const decideAll = async (some: readonly DecideItem[]): Promise<ItemAnswer[]> =>
      some.map((item) => {
        const outcome = decide(policy, item, contextOf({ scans: patient.of(item) }));
        return { ok: true, value: { ...(outcome as { answer: object }).answer, reusable: null } } as ItemAnswer;
      });
    const answers = await decideWithScans([one, other], decideAll, scans);
    expect(answers).toMatchObject([{ ok: false, error: { code: 'overloaded' } }, { ok: true }]);
  });
});
