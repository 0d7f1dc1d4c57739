/** What a beat names: all that runs, and of what was reported only what its own answer is late for. The clock is the test's. */
import { generateKeyPairSync } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import type { UnsignedResult } from '@countersign/contracts/worker';
import { createLogger } from '@countersign/platform/logger';
import { holdAttempts } from '@countersign/worker/held-attempts';
import type { WorkerBus } from '@countersign/worker/http-door';
import { keepResults } from '@countersign/worker/keep-results';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function open() {
  const beats: [string, boolean][][] = [];
  const bus = {
    callAt: async (_: string, __: string, { attempts }: { attempts: { dispatch_id: string; reported: boolean }[] }) => {
      beats.push(attempts.map(({ dispatch_id, reported }) => [dispatch_id, reported]));
      return { attempts: [] };
    },
    askRaw: () => new Promise(() => undefined),
  } as unknown as WorkerBus;
  const { privateKey: signingKey } = generateKeyPairSync('ed25519');
  const log = createLogger('worker', 'silent');
  const results = keepResults({ bus, pool: 'desk', worker: 'one', signingKey, log, onSettled: () => undefined });
  const held = holdAttempts({ bus, pool: 'desk', worker: 'one', results, log });
  const report = (dispatch_id: string): void =>
    results.report('job.desk.read', { dispatch_id, claim_id: 'c', tenant: 'acme' } as UnsignedResult, '');
  const run = (dispatch_id: string): void =>
    held.hold(dispatch_id, { claim_id: 'c', lease_ms: 15_000, asked_at: performance.now(), abort: () => undefined });
  return { beats, held, results, report, run };
}

test('a result is named once it was kept for a beat, and what runs always', async () => {
  const { beats, held, results, report, run } = open();
  const { beat_ms } = LIMITS;
  const next = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  await next(beat_ms - 1);
  report('early');
  run('young');
  await next(1);
  expect(beats).toEqual([[['young', false]]]);
  held.release('young');
  await next(1);
  report('late');
  await next(beat_ms - 1);
  expect(beats.slice(1)).toEqual([[['early', true]]]);
  results.settle('early');
  await next(beat_ms);
  expect(beats.slice(2)).toEqual([[['late', true]]]);
  results.settle('late');
  await next(beat_ms);
  expect(beats).toHaveLength(3);
  // Whoever stops leaves behind what is not settled, however young it is.
  report('last');
  expect(results.list().map(({ dispatch_id }) => dispatch_id)).toEqual(['last']);
  held.close();
  results.close();
});
