/** Which answers the kernel seals for the dispatch gate, until when, and that the seal is of the answer that left. */
import type { DecideAnswer, DecideItem } from '@countersign/contracts/decision';
import { isSealed, sealedAnswerOf } from '@countersign/ledger/decision-seal';
import type { ActivePolicy } from '@countersign/policy-kernel/active-policies';
import { decideJob } from '@countersign/policy-kernel/decide-jobs';
import { openDecisionCache } from '@countersign/policy-kernel/decision-cache';
import { historyFor } from '@countersign/policy-kernel/read-runs';
import { openSealer } from '@countersign/policy-kernel/seal-answer';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { compiled, itemOf, SNAPSHOT } from '../policy/ask-policy.ts';

const KEY = Buffer.alloc(32, 9);
const NOW = '2026-06-01T12:00:00.000Z';
const LIFETIME_MS = 60_000;
const BODY = { topic: 'job.read.users', payload: { n: 1 } };

beforeEach(() => void vi.useFakeTimers({ now: Date.parse(NOW), toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function kernel(policy: string, over: { ends_at?: string; lifetime_ms?: number } = {}) {
  const { ends_at = '2100-01-01T00:00:00Z', lifetime_ms = LIFETIME_MS } = over;
  const active: ActivePolicy = {
    scope: 'default',
    version: 1,
    snapshot: SNAPSHOT,
    epoch: 3,
    activated_at: NOW,
    not_after: ends_at,
    ends_at,
    policy: compiled(policy),
  };
  const parts = {
    policies: { refresh: async () => undefined, of: () => active, count: () => 1 },
    cache: openDecisionCache({
      rows: 8,
      ttl_ms: lifetime_ms,
      monotonicMs: () => performance.now(),
      count: () => undefined,
    }),
    sealer: openSealer({ keys: [KEY], lifetime_ms }),
    metrics: { count: () => undefined, set: () => undefined, observe: () => undefined } as never,
  };
  return (item: DecideItem): DecideAnswer => {
    const answer = decideJob(parts, item);
    if (!answer.ok) throw new Error(answer.error.code);
    return answer.value;
  };
}

const ALLOW = 'rules: [{ id: all, match: {}, decision: allow }]';

/** Whether the answer's seal is the kernel's over this very answer. */
function holds({ reusable, ...judged }: DecideAnswer): boolean {
  return reusable !== null && isSealed([KEY], sealedAnswerOf(judged, reusable.until)!, reusable.seal);
}

test('what was read of a run counts only for a policy that calls the same jobs one run', () => {
  const known = { run: { by: 'agent', within: 1_000 }, history: [] } as const;
  const wanted = [known.run, { ...known.run }, { by: 'agent', within: 2_000 }, { by: 'run' }, null] as const;
  expect(wanted.map((run) => historyFor(known, run))).toEqual([[], [], undefined, undefined, undefined]);
  expect(historyFor(undefined, known.run)).toBeUndefined();
});

describe('sealed', () => {
  test.each([
    ['allow', ALLOW],
    ['approval', 'rules: [{ id: all, match: {}, decision: require_approval }]'],
    ['constraints', 'rules: [{ id: all, match: {}, decision: allow_with_constraints, constraints: { timeout: 5s } }]'],
    [
      'a rewrite',
      'rules: [{ id: fix, match: { topics: [job.read.users] }, decision: remediate, remediation: { id: r, topic: job.read.x } }, { id: all, match: {}, decision: allow }]',
    ],
  ])('%s', (_, policy) => {
    const answer = kernel(policy)(itemOf(BODY));
    expect(answer.reusable?.until).toBe('2026-06-01T12:01:00.000Z');
    expect(holds(answer)).toBe(true);
    expect(holds({ ...answer, effective: { ...answer.effective!, capability: 'infra.write' } })).toBe(false);
    expect(holds({ ...answer, rewritten: { ...answer.rewritten!, priority: 9 } })).toBe(false);
  });

  test('no longer than the policy itself', () => {
    const ends_at = '2026-06-01T12:00:10.000Z';
    expect(kernel(ALLOW, { ends_at })(itemOf(BODY)).reusable?.until).toBe(ends_at);
  });

  test('again from the cache, with its own decision and no longer than before', () => {
    const decide = kernel(ALLOW);
    const first = decide(itemOf(BODY));
    vi.setSystemTime(Date.parse(NOW) + 1_000);
    const second = decide({ ...itemOf(BODY), request: first.rewritten!, gate: 'dispatch' });
    expect(second.decisions).toMatchObject([{ cached: true, gate: 'dispatch' }]);
    expect(second.reusable?.until).toBe(first.reusable!.until);
    expect(second.reusable?.seal).not.toBe(first.reusable!.seal);
    expect(holds(second)).toBe(true);
  });
});

describe('not sealed', () => {
  test.each([
    ['a denial', 'rules: [{ id: no, match: {}, decision: deny }]', {}],
    [
      'what read the clock',
      `rules: [{ id: day, match: {}, when: 'now > timestamp("2020-01-01T00:00:00Z")', decision: allow }]`,
      {},
    ],
    ['what only observes', `mode: { observe: { until: "2026-06-02T00:00:00Z" } }\n${ALLOW}`, {}],
    ['what an ended policy decided', ALLOW, { ends_at: '2026-06-01T11:00:00.000Z' }],
    ['anything where nothing is to stand', ALLOW, { lifetime_ms: 0 }],
  ])('%s', (_, policy, over) => {
    expect(kernel(policy, over)(itemOf(BODY)).reusable).toBeNull();
  });
});
