/** The checker of counts finds what it is there to find, and nothing else. */

import { expect, test } from 'vitest';
import { checkCounts } from '../../failures/check-counts.ts';

const LIMIT = { id: 'l', per: { agent: 'a' }, counts: 'cost', most: '1', within_ms: 10_000, exceeded: 'park' };

const AT_ONCE = { id: 'r', per: {}, counts: 'running', most: '1', takes: '1', within_ms: null, exceeded: 'wait' };

/** Of one job, by its states and their times in seconds; null for an entry that says nothing of the state. */
function ranAt(job: string, ...steps: [kind: string, at_s: number, state: string | null][]) {
  const entries = steps.map(([kind, at_s, state]) => ({
    ...{ chain: job, kind, time_us: String(at_s * 1e6) },
    body: JSON.stringify({ ...(state && { state }), decision: { obligations: { limits: [AT_ONCE] } } }),
  }));
  return [job, entries] as const;
}

test('one more at once is found, whatever became of the others', () => {
  const steps: Parameters<typeof ranAt>[1][] = [
    ['job_dispatched', 1, 'dispatched'],
    ['job_running', 2, 'running'],
    ['attempt_lost', 5, null],
  ];
  const first = ranAt('1', ...steps);
  const lost = ranAt('1', ...steps, ['job_cleared', 5, 'cleared']);
  const second = (at_s: number) =>
    ranAt('2', ['job_dispatched', at_s, 'dispatched'], ['job_succeeded', at_s + 1, 'succeeded']);
  const faults = (...chains: (readonly [string, unknown])[]) => checkCounts(new Map(chains as never));
  expect(faults(first, second(4))).toEqual(['the limit r let more run at once than 1']);
  expect(faults(first, second(6))).toEqual(['the limit r let more run at once than 1']);
  expect(faults(lost, second(4))).toHaveLength(1);
  expect(faults(lost, second(5))).toEqual([]);
  expect(faults(second(0), lost)).toEqual([]);
});

type Step = { at_s: number; takes: string; kind?: string; parked?: boolean; asked?: boolean };

function chainsOf(steps: readonly Step[]) {
  const chains = steps.map(({ at_s, takes, parked = false, asked = false }, i) => {
    const limited = asked ? { limited: [{ id: 'l' }] } : {};
    const decision = { obligations: { limits: [{ ...LIMIT, takes }] }, ...limited };
    const entry = (kind: string, body: object) => ({
      chain: `job:${i}`,
      kind,
      time_us: String(at_s * 1e6),
      body: JSON.stringify(body),
    });
    const admitted = entry('job_admitted', { state: parked ? 'parked' : 'cleared', decisions: [decision] });
    return [
      `job:${i}`,
      parked ? [admitted, entry('job_cleared', { state: 'cleared', decision })] : [admitted],
    ] as const;
  });
  return new Map(chains);
}

test.each<[string, Step[], number]>([
  [
    'as much as may be',
    [
      { at_s: 1, takes: '0.4' },
      { at_s: 2, takes: '0.6' },
    ],
    0,
  ],
  [
    'a millionth more',
    [
      { at_s: 1, takes: '0.4' },
      { at_s: 2, takes: '0.600001' },
    ],
    1,
  ],
  [
    'more by a parked one',
    [
      { at_s: 1, takes: '0.5' },
      { at_s: 2, takes: '0.6', parked: true },
    ],
    1,
  ],
  [
    'more beyond the window',
    [
      { at_s: 1, takes: '1' },
      { at_s: 11, takes: '1' },
    ],
    0,
  ],
  [
    'more that somebody approved',
    [
      { at_s: 1, takes: '1' },
      { at_s: 2, takes: '1', asked: true },
    ],
    0,
  ],
])('%s', (_, steps, faults) => {
  expect(checkCounts(chainsOf(steps))).toHaveLength(faults);
});
