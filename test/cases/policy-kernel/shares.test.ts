/**
 * What all tenants of a kernel share has a part for each: whoever asks for much makes nobody else hear that it is too much.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import { startReading } from '@countersign/policy-kernel/compile-apart';
import { openReplay } from '@countersign/policy-kernel/replay-history';
import { expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';

type Replay = ReturnType<typeof openReplay>;

test('one tenant’s replays leave room for another’s, which is answered', async () => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  /** As far as a replay uses it: a candidate that takes its time, and no jobs. */
  const openCandidate = async (tenant: string) => {
    waiting += 1;
    if (tenant === 'greedy') await gate.promise;
    return { asked: { scope: tenant, version: null, snapshot: 'sha256:0', epoch: null } } as never;
  };
  const database = { query: async (text: string) => (/count/.test(text) ? [{ jobs: 0 }] : []) } as unknown as Tx;
  const replay = openReplay({
    policies: {} as never,
    scans: {} as never,
    readRuns: async () => [],
    openCandidate,
    database,
  });
  const ask = (tenant: string): ReturnType<Replay> =>
    replay({
      tenant,
      ask: { candidate: { files: {} }, from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', limit: 10 },
    } as Parameters<Replay>[0]);

  const mine = Array.from({ length: LIMITS.replays }, () => ask('greedy').catch((thrown) => thrown));
  expect(await codeOf(ask('greedy'))).toBe('share_exceeded');
  expect(await ask('modest')).toMatchObject({ policy: { scope: 'modest' }, jobs: 0 });
  gate.resolve();
  const outcomes = await Promise.all(mine);
  expect(outcomes.filter((each) => 'policy' in each).length).toBe(waiting - 1);
  // What was held is free again.
  expect(await ask('greedy')).toMatchObject({ jobs: 0 });
});

const ROOT = { keys: [], threshold: 1 } as never;

/** Refused quickly, and in its turn. */
function files(name: string) {
  return { kind: 'files' as const, files: { [name]: 'no policy' }, snapshot: 'sha256:0' };
}

test('one tenant’s flood of policies to read delays another’s by one, and never the kernel’s own', async () => {
  const reading = startReading(ROOT);
  const order: string[] = [];
  const ask = (whose: string | undefined, name: string): Promise<unknown> =>
    reading.ask(files(name), whose).then(() => order.push(name));
  try {
    const flood = Array.from({ length: LIMITS.waiting_policies }, (_, i) => ask('greedy', `greedy ${i}`));
    const outcomes = Promise.allSettled(flood);
    expect(await codeOf(reading.ask(files('one more'), 'greedy'))).toBe('share_exceeded');
    const late = ask('modest', 'modest');
    const own = ask(undefined, 'own');
    await Promise.all([late, own]);
    const taken = (await outcomes).filter(({ status }) => status === 'fulfilled').length;
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(LIMITS.waiting_policies);
    // What was being read when they came, then the kernel's own, one of those who came first, and then its turn.
    expect(order.indexOf('own')).toBeLessThanOrEqual(1);
    expect(order.indexOf('modest')).toBeLessThanOrEqual(3);
    expect(order).toHaveLength(taken + 2);
  } finally {
    await reading.stop();
  }
});
