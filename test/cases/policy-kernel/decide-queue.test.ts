/** The two bounds in front of a decision: how much may wait and how long, and how much is remembered and how long. */

import { openDecideQueue } from '@countersign/policy-kernel/decide-queue';
import { openDecisionCache, questionOf } from '@countersign/policy-kernel/decision-cache';
import { describe, expect, test } from 'vitest';
import { answerOf, ask, compiled, itemOf } from '../policy/ask-policy.ts';

describe('queue', () => {
  const queueOf = (over: { max_items?: number; decide?: (n: number) => number; clock?: { ms: number } } = {}) => {
    const clock = over.clock ?? { ms: 0 };
    const decide = over.decide ?? ((n: number) => n * 2);
    const monotonicMs = (): number => clock.ms;
    return openDecideQueue({ decide, max_items: over.max_items ?? 10, deadline_ms: 100, slice_ms: 5, monotonicMs });
  };

  test('answers in the order of the items', async () => {
    const decideAll = queueOf();
    expect(await Promise.all([decideAll([1, 2]), decideAll([3])])).toEqual([[2, 4], [6]]);
  });

  test('refuses at once what would wait too long in line, and takes more when the line is shorter', async () => {
    const decideAll = queueOf({ max_items: 2 });
    const first = decideAll([1, 2]);
    await expect(decideAll([3])).rejects.toMatchObject({ code: 'overloaded' });
    await first;
    expect(await decideAll([3])).toEqual([6]);
  });

  test('never decides after the deadline', async () => {
    const clock = { ms: 0 };
    const decided: number[] = [];
    const decide = (n: number): number => {
      clock.ms += 60;
      return decided.push(n);
    };
    const late = queueOf({ clock, decide })([1, 2, 3]);
    await expect(late).rejects.toMatchObject({ code: 'overloaded' });
    expect(decided).toEqual([1, 2]);
  });

  test('lets the event loop breathe between slices', async () => {
    const clock = { ms: 0 };
    const decide = (n: number): number => {
      clock.ms += 10;
      return n;
    };
    const decideAll = queueOf({ clock, decide });
    const order: string[] = [];
    const work = [1, 2, 3].map((n) => decideAll([n]).then(() => order.push(`decided ${n}`)));
    setImmediate(() => setImmediate(() => order.push('breath')));
    await Promise.all(work);
    expect(order.indexOf('breath')).toBeLessThan(order.indexOf('decided 3'));
  });

  test('a bug in one batch fails that batch only', async () => {
    const decideAll = queueOf({
      decide: (n) => {
        if (n === 1) throw new TypeError('bug');
        return n;
      },
    });
    const [bad, good] = await Promise.allSettled([decideAll([1]), decideAll([2])]);
    expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
  });
});

describe('cache', () => {
  const UNDER = { epoch: 1, observing: false };
  const policy = compiled('rules: [{ id: yes, match: {}, decision: allow }]');
  const answer = { ...answerOf(ask(policy, { topic: 'job.a' })).answer, reusable: null };
  const cacheOf = (clock: { ms: number }, rows = 2) => {
    const counts: string[] = [];
    const cache = openDecisionCache({
      rows,
      ttl_ms: 10,
      monotonicMs: () => clock.ms,
      count: (what) => counts.push(what),
    });
    return { cache, counts };
  };

  test('forgets after its time, and the oldest first', () => {
    const clock = { ms: 0 };
    const { cache, counts } = cacheOf(clock);
    const [a, b, c] = ['a', 'b', 'c'].map((hash) => questionOf(UNDER, itemOf({ topic: 'job.a' }, { job_hash: hash })));
    for (const asked of [a!, b!, c!]) cache.set(asked, answer);
    expect([cache.get(a!), cache.get(c!)]).toEqual([null, answer]);
    clock.ms = 10;
    expect(cache.get(c!)).toBeNull();
    expect(counts).toEqual(['eviction', 'miss', 'hit', 'miss']);
  });

  test('answers only what is the same in everything that policy can see, the epoch included', () => {
    const base = itemOf({ topic: 'job.a' });
    const others = [
      itemOf({ topic: 'job.b' }),
      itemOf({ topic: 'job.a', tenant: 'other' }),
      itemOf({ topic: 'job.a', payload: {} }),
      itemOf({ topic: 'job.a', prompt: '' }),
      itemOf({ topic: 'job.a', labels: { env: 'prod' } }),
      itemOf({ topic: 'job.a' }, { actor: { ...base.actor, id: 'agent-2' } }),
      itemOf(
        { topic: 'job.a' },
        { actor: { ...base.actor, ceiling: { topics: [], capabilities: [], environments: [] } } },
      ),
      itemOf({ topic: 'job.a' }, { job_hash: `sha256:${'2'.repeat(64)}` }),
    ];
    const { cache } = cacheOf({ ms: 0 });
    cache.set(questionOf(UNDER, base), answer);
    for (const under of [
      { ...UNDER, epoch: 2 },
      { ...UNDER, observing: true },
    ])
      expect(cache.get(questionOf(under, base))).toBeNull();
    for (const item of others) expect(cache.get(questionOf(UNDER, item))).toBeNull();
    expect(cache.get(questionOf(UNDER, itemOf({ topic: 'job.a' }, { gate: 'dispatch' })))).toBe(answer);
  });
});
