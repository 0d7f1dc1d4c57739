/** A delivery that was taken and could not be claimed: made again while its caller waits, handed on when the caller goes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parkedJobsIn } from '@countersign/mcp/parked-jobs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { folder } from './mcp-parts.ts';

const DELIVERY = { dispatch_id: 'd' } as never;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(dir: string) {
  const taken: unknown[] = [];
  return { taken, jobs: parkedJobsIn(dir, 60_000, (delivery) => taken.push(delivery)) };
}

test('is taken again every two seconds until it is claimed, and never when it is over', () => {
  const { taken, jobs } = open(folder());
  expect(jobs.judge('one', DELIVERY)).toBe('leave');
  jobs.join('one');
  expect(taken).toEqual([DELIVERY]);
  vi.advanceTimersByTime(1_900);
  expect(taken).toHaveLength(1);
  vi.advanceTimersByTime(200);
  expect(taken).toHaveLength(2);
  jobs.claimed('one');
  vi.advanceTimersByTime(60_000);
  expect(taken).toHaveLength(2);

  jobs.judge('two', DELIVERY);
  jobs.join('two');
  vi.advanceTimersByTime(120_000);
  // 30 s after it was delivered its warrant may be over.
  expect(taken.length - 2).toBeLessThanOrEqual(16);
  jobs.close();
});

test('goes on in whichever process its caller comes to next', () => {
  const dir = folder();
  const [first, second] = [open(dir), open(dir)];
  first.jobs.judge('one', DELIVERY);
  const leave = first.jobs.join('one');
  expect(first.taken).toHaveLength(1);
  expect(existsSync(join(dir, 'one.parked'))).toBe(false);
  leave();
  second.jobs.join('one');
  expect([first.taken.length, second.taken.length]).toEqual([1, 1]);
  vi.advanceTimersByTime(5_000);
  expect([first.taken.length, second.taken.length]).toEqual([1, 3]);
  for (const { jobs } of [first, second]) jobs.close();
});
