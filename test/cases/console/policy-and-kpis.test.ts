/** The pages of the policy and of the KPIs, without a browser: what is different between two texts, and rates day by day. */
import type { Ask } from '@countersign/console/api';
import { diffLines } from '@countersign/console/diff-lines';
import { html } from '@countersign/console/html';
import { daysUntil, KpisView, loadDays, seriesOf } from '@countersign/console/kpis-page';
import { differences } from '@countersign/console/policy-page';
import { renderView } from '@countersign/console/render-view';
import type { Kpis } from '@countersign/contracts/kpis';
import { describe, expect, test } from 'vitest';

const HOSTILE = '<img src=x onerror=alert(1)>\u202E"\'';

describe('the policy', () => {
  const changed = (before: string, after: string): string =>
    diffLines([...before], [...after])
      .map(([sign, line]) => `${sign}${line}`)
      .join('');

  test.each([
    ['', '', ''],
    ['abc', 'abc', ' a b c'],
    ['', 'ab', '+a+b'],
    ['ab', '', '-a-b'],
    ['abcd', 'axcd', ' a-b+x c d'],
    ['abcabba', 'cbabac', '-a-b c-a b+a b a+c'],
  ])('differs from %j to %j by %j', (before, after, says) => {
    const found = changed(before, after);
    const side = (sign: string): string =>
      diffLines([...before], [...after])
        .flatMap(([mark, line]) => (mark === ' ' || mark === sign ? [line] : []))
        .join('');
    expect([side('-'), side('+')]).toEqual([before, after]);
    expect(found.match(/ \w/g)?.length).toBe(says.match(/ \w/g)?.length);
  });

  test('what is too long to compare is all old and all new', () => {
    const [before, after] = [2_100, 2_101].map((n) => Array.from({ length: n }, (_, i) => `${n}.${i}`)) as [
      string[],
      string[],
    ];
    const signs = diffLines(['same', ...before], ['same', ...after]).map(([sign]) => sign);
    expect([signs.indexOf('-'), signs.indexOf('+'), signs.length]).toEqual([1, 2_101, 1 + 2_100 + 2_101]);
  });

  test('shows each file: its text, that it is the same, or the lines that are not', () => {
    const show = (before: object, after: object): string =>
      renderView(html`<div>${differences(before as never, after as never)}</div>`).replaceAll(
        /<(?!del|ins)[^>]*>/g,
        '',
      );
    expect(show({}, { 'a.yaml': `x: ${HOSTILE}` })).toContain('a.yamlx: &lt;img');
    const both = show({ a: '1\n2', b: 'same', c: 'gone' }, { a: '1\n3', b: 'same' });
    expect(both).toContain('<del>- 2\n<ins>+ 3');
    expect(both).toContain('b: the same');
    expect(both).toContain('<del>- gone');
  });
});

describe('KPIs', () => {
  const day = (from: string, more: object = {}): Kpis => ({
    ...{ tenant: 'acme', from, to: from, up_to_leaf: 1, decisions: [], approvals: [], outputs: [], remediations: [] },
    ...{ ended: {}, fail_open: 0, evidence: { judged: 0, complete: 0, completeness: null, missing: [] } },
    ...more,
  });
  const decided = { capability: null, environment: null, deny_rate: 0, constrain_rate: 0, remediated: 0 };
  const busy = day('2026-11-26', {
    decisions: [
      { ...decided, jobs: 6, denied: 1, held: 0, constrained: 2 },
      { ...decided, jobs: 2, denied: 1, held: 1, constrained: 0 },
    ],
    approvals: [{ group: 'sre', outcome: 'granted', closed: 1, median_ms: 1, p95_ms: 90_000 }],
    outputs: [{ topic: null, screened: 4, redacted: 1, quarantined: 0, redact_rate: 0, quarantine_rate: 0 }],
    evidence: { judged: 3, complete: 2, completeness: 0.6667, missing: [] },
  });

  test('are days side by side, each rate of its own day, and nothing where nothing was counted', () => {
    const series = Object.fromEntries(seriesOf([day('2026-11-25'), busy]).map(({ name, values }) => [name, values]));
    expect(series).toEqual({
      'Jobs asked for': [0, 8],
      Denied: [null, 25],
      'Held for people': [null, 12.5],
      'Let through within bounds': [null, 25],
      'Outputs redacted': [null, 25],
      'Outputs held back': [null, 0],
      'Approvals, p95 of the slowest group': [null, 1.5],
      'Let through by an open fail mode': [0, 0],
      'Run records that lack nothing': [null, 66.7],
    });
    const text = renderView(html`<${KpisView} days=${[day('2026-11-25'), busy]} />`);
    expect(text).toContain('aria-label="Denied: at most 25 % a day, last 25 %"');
    expect(text.match(/<rect/g)).toHaveLength(7);
    expect(text).not.toMatch(/NaN|Infinity|style=/);
  });

  test('are asked for day by day, and a refusal is told as it is', async () => {
    const days = daysUntil(Date.parse('2026-11-26T05:01:01Z'));
    expect([days.length, days[0], days.at(-1)]).toEqual([14, '2026-11-13', '2026-11-26']);
    const refused = { ok: false as const, status: 403, problem: { code: 'x', detail: 'y' } };
    const asked: string[] = [];
    const asking = (async (path: string) => {
      asked.push(path);
      return path.includes('from=2026-11-20') ? refused : { ok: true, value: day('x') };
    }) as Ask;
    expect(await loadDays(asking, days)).toEqual(refused);
    expect(asked[0]).toBe('/kpis?from=2026-11-13&to=2026-11-13');
    expect(await loadDays(asking, days.slice(0, 3))).toMatchObject({ ok: true, value: { length: 3 } });
  });
});
