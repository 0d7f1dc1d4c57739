/**
 * Who may have how many event streams: beyond its share a key loses its longest idle stream, never another tenant's.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { createEventStreams, type EventStreams } from '@countersign/ingress/stream-events';
import type { Bus } from '@countersign/platform/bus';
import { createMetrics } from '@countersign/platform/metrics';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const ENTRY = { chain: 'job:acme:one', seq: 1, kind: 'job_admitted', leaf_index: 1, body: '{}' };
/** As far as event streams use it. */
const bus = { call: async () => ({ entries: [ENTRY] }), subscribe: () => () => {} } as unknown as Bus;

let streams: EventStreams;
beforeEach(() => {
  vi.useFakeTimers();
  streams = createEventStreams(bus, createMetrics('ingress', '', []), async (all) => all.map(() => false));
});
afterEach(async () => {
  let isOver = false;
  const closed = streams.close().then(() => {
    isOver = true;
  });
  // Not all timers: what another file of this process left behind may set new ones for ever.
  for (let i = 0; !isOver && i < 1_000; i += 1) await vi.advanceTimersByTimeAsync(LIMITS.sse_heartbeat_ms);
  await closed;
  vi.useRealTimers();
});

type Opened = { over: () => Promise<boolean>; cancel: () => Promise<void> };

async function open(tenant: string, key_id: string): Promise<Opened> {
  const readable = (await streams.open(
    { tenant, job_id: 'one' },
    { after: 0, reader: { id: 'reader', key_id, token_id: null } },
  ))!;
  const reader = readable.getReader();
  let done = false;
  const read = async (): Promise<void> => {
    for (;;) {
      const next = await reader.read();
      done = next.done;
      if (done) return;
    }
  };
  void read();
  return {
    cancel: () => reader.cancel(),
    async over() {
      await vi.advanceTimersByTimeAsync(1);
      return done;
    },
  };
}

async function openAll(tenant: string, key_id: string): Promise<Opened[]> {
  const opened: Opened[] = [];
  while (opened.length <= LIMITS.sse_clients) {
    try {
      opened.push(await open(tenant, key_id));
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'share_exceeded' });
      return opened;
    }
  }
  throw new Error('nobody refused them');
}

/** Until it holds, at most until they are refused. */
async function openUntil(holds: () => Promise<boolean>): Promise<Opened[]> {
  const opened: Opened[] = [];
  while (!(await holds())) opened.push(await open('acme', 'greedy'));
  return opened;
}

test('one key cannot take all, whatever it does, and the next tenant gets in', async () => {
  const mine = await openAll('acme', 'greedy');
  expect(mine.length).toBeLessThan(LIMITS.sse_clients / 2);
  const other = await open('other', 'modest');
  expect(await other.over()).toBe(false);
  expect(await open('acme', 'second')).toBeDefined();
});

test('its longest idle stream gives way to its next one', async () => {
  const first = await open('acme', 'greedy');
  await vi.advanceTimersByTimeAsync(LIMITS.sse_heartbeat_ms / 2);
  const second = await open('acme', 'greedy');
  await vi.advanceTimersByTimeAsync(LIMITS.sse_heartbeat_ms);
  const room = (await openUntil(async () => (await first.over()) || (await second.over()))).length;
  expect([await first.over(), await second.over()]).toEqual([true, false]);
  expect(room).toBeGreaterThan(10);
  const rest = await openAll('acme', 'greedy');
  expect(await second.over()).toBe(true);
  expect(await Promise.all(rest.map(({ over }) => over()))).not.toContain(true);
});

test('a place that was left is the next one’s', async () => {
  const mine = await openAll('acme', 'greedy');
  for (const { cancel } of mine) await cancel();
  expect(await openAll('acme', 'greedy')).toHaveLength(mine.length);
});

test("another tenant's idle streams are never taken for it", async () => {
  const other = await open('other', 'modest');
  await vi.advanceTimersByTimeAsync(LIMITS.sse_heartbeat_ms);
  await openAll('acme', 'greedy');
  expect(await other.over()).toBe(false);
});
