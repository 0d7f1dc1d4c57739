/** The checker of counts finds what it is there to find, and nothing else. */

import { expect, test } from 'vitest';
import { checkCounts } from '../../failures/check-counts.ts';

const LIMIT = { id: 'l', per: { agent: 'a' }, counts: 'cost', most: '1', within_ms: 10_000, exceeded: 'park' };

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
