/** What a page shows stays true without anybody's hand: through a stream's gaps, outages, and answers that overtake each other. */
import type { Ask, Told } from '@countersign/console/api';
import { keepTold, listen } from '@countersign/console/live';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

class PlayedSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: PlayedSource[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
    PlayedSource.all.push(this);
  }
  close(): void {
    this.readyState = PlayedSource.CLOSED;
  }
}

test('a stream that opens is news: what came before it was open, it never tells', () => {
  PlayedSource.all = [];
  vi.stubGlobal('EventSource', PlayedSource);
  const document = new EventTarget();
  vi.stubGlobal('document', document);
  const heard = vi.fn();
  const leave = listen('/approvals/events', ['approval_opened'], heard);
  const after = (does: () => void) => {
    does();
    vi.advanceTimersByTime(1000);
    return heard.mock.calls.length;
  };
  const [source] = PlayedSource.all as [PlayedSource];
  expect(after(() => undefined)).toBe(0);
  expect(after(() => source.onopen!())).toBe(1);
  expect(after(() => source.dispatchEvent(new Event('approval_opened')))).toBe(2);
  expect(after(() => source.dispatchEvent(new Event('approval_voted')))).toBe(2);
  // The browser connects again by itself.
  expect(after(() => source.onerror!())).toBe(2);
  expect(after(() => source.onopen!())).toBe(3);
  // It does not, once it was answered by an error.
  source.close();
  source.onerror!();
  vi.advanceTimersByTime(60_000);
  expect(PlayedSource.all.map(({ url }) => url)).toEqual(Array(2).fill('/api/v1/approvals/events'));
  expect(after(() => PlayedSource.all[1]!.onopen!())).toBe(4);
  expect(after(() => document.dispatchEvent(new Event('visibilitychange')))).toBe(5);
  // Events without a pause are no reason to wait for one.
  for (let i = 0; i < 100; i += 1) {
    PlayedSource.all[1]!.dispatchEvent(new Event('approval_opened'));
    vi.advanceTimersByTime(50);
  }
  expect(heard.mock.calls.length).toBeGreaterThan(40);
  const before = heard.mock.calls.length;
  PlayedSource.all[1]!.onopen!();
  leave();
  expect(after(() => document.dispatchEvent(new Event('visibilitychange')))).toBe(before);
});

/** What the API answers, question by question; the first that is not there yet is waited for. */
function playApi(...answers: (object | number | Promise<object>)[]) {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string, { headers }: { headers: Record<string, string> }) => {
    asked.push(`${path.slice('/api/v1'.length)}${headers['x-background'] === undefined ? '' : ' by itself'}`);
    const answer = await answers.shift();
    if (answer === 0 || answer === undefined) throw new TypeError('Failed to fetch');
    return typeof answer === 'number' ? Response.json({ code: 'x' }, { status: answer }) : Response.json(answer);
  });
  return asked;
}

const wholeOf = async (asking: Ask): Promise<Told<unknown>> => {
  const whole = await asking<number[]>('/whole');
  if (!whole.ok) return whole;
  const part = await asking<number[]>('/part');
  return { ok: true, value: [...whole.value, part.ok ? part.value[0] : part.status] };
};

test('what an outage left unanswered, in whole or in part, is asked again, and what stood there stays', async () => {
  const asked = playApi(0, 503, 429, [1], 502, [1], [2], [3], 500, 0, [5], [6], 404);
  const shown: unknown[] = [];
  const keeper = keepTold(wholeOf, (told) => shown.push(told.ok ? told.value : told.status));
  await keeper.look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown).toEqual([0, 503, 429, [1, 502], [1, 2]]);
  expect(asked.slice(0, 2)).toEqual(['/whole', '/whole by itself']);
  void keeper.look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown.slice(5)).toEqual([[5, 6]]);
  await keeper.look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown.slice(6)).toEqual([404]);
  expect(asked).toHaveLength(13);
});

test('an answer never gives way to an older one, and a slow one is not thrown away for a newer question', async () => {
  const [first, second, third] = [0, 1, 2].map(() => Promise.withResolvers<object>());
  playApi(first!.promise, second!.promise, third!.promise);
  const shown: unknown[] = [];
  const keeper = keepTold(
    (asking) => asking('/x'),
    (told) => shown.push(told.ok && told.value),
  );
  const looks = [keeper.look(), keeper.look(), keeper.look()];
  first!.resolve([1]);
  await looks[0];
  expect(shown).toEqual([[1]]);
  third!.resolve([3]);
  await looks[2];
  second!.resolve([2]);
  await looks[1];
  expect(shown).toEqual([[1], [3]]);
  keeper.stop();
  await keeper.look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown).toHaveLength(2);
});
