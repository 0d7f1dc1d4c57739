/**
 * Sharing the way from the door on: who is alone never waits, who comes among others waits a bounded moment and then leaves
 * with them. Counted in pauses and bunches; the clock is the test's.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { openGathering } from '@countersign/ingress/gather-submissions';
import { beforeEach, describe, expect, test, vi } from 'vitest';

/** The clock's pauses, which a test ends by hand. */
const pauses = vi.hoisted((): { ms: number; end: () => void }[] => []);
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, _: undefined, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((end, abort) => {
      signal.addEventListener('abort', () => abort(signal.reason));
      pauses.push({ ms, end });
    }),
}));
const clock = vi.hoisted(() => ({ now_ms: 1_000 }));
vi.mock('@countersign/platform/clock', () => ({ monotonicMs: () => clock.now_ms }));
beforeEach(() => {
  pauses.length = 0;
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function untilIdle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Work that begins when it leaves the door and ends when the test says so. */
function openDoor() {
  const gather = openGathering();
  const begun: number[] = [];
  const ends = new Map<number, PromiseWithResolvers<void>>();
  const submit = (who: number): Promise<number> =>
    gather(async () => {
      begun.push(who);
      const end = Promise.withResolvers<void>();
      ends.set(who, end);
      await end.promise;
      return who;
    });
  return {
    begun,
    submit,
    end: (who: number) => ends.get(who)!.resolve(),
    fail: (who: number) => ends.get(who)!.reject(new Error('broken')),
  };
}

test('clients that ask one after the other never wait, be they as many as are nobody’s others', async () => {
  const { submit, begun, end } = openDoor();
  for (const round of range(20)) {
    const together = range(LIMITS.gather_others).map((i) => round * 10 + i);
    const answers = together.map(submit);
    expect(begun.slice(-together.length)).toEqual(together);
    together.forEach(end);
    expect(await Promise.all(answers)).toEqual(together);
  }
  expect(pauses).toEqual([]);
});

test('who comes among others waits for a bounded moment, and leaves with all that came meanwhile', async () => {
  const { submit, begun, end } = openDoor();
  const first = range(LIMITS.gather_others).map(submit);
  const late = [10, 11, 12].map(submit);
  await untilIdle();
  expect(begun).toEqual(range(LIMITS.gather_others));
  // One pause for the whole bunch: the second to come waits less than the first.
  expect(pauses.map(({ ms }) => ms)).toEqual([LIMITS.gather_ms]);
  pauses[0]!.end();
  await untilIdle();
  expect(begun.slice(LIMITS.gather_others)).toEqual([10, 11, 12]);
  for (const who of begun) end(who);
  await Promise.all([...first, ...late]);

  // What is over counts no longer.
  const next = submit(20);
  expect(begun).toContain(20);
  end(20);
  await next;
  expect(pauses).toHaveLength(1);
});

test('a bunch that is full leaves at once, and the next to come waits with a bunch of its own', async () => {
  const { submit, begun } = openDoor();
  const full = LIMITS.gather_others + LIMITS.gather_rows;
  for (const i of range(full + 1)) void submit(i);
  await untilIdle();
  expect(begun).toEqual(range(full));
  void submit(full + 1);
  expect(pauses).toHaveLength(2);
  pauses[1]!.end();
  await untilIdle();
  expect(begun).toEqual(range(full + 2));
});

test('a submission that fails is no longer under way', async () => {
  const { submit, fail, begun } = openDoor();
  for (const i of range(LIMITS.gather_others * 3)) {
    const broken = submit(i);
    expect(begun).toContain(i);
    fail(i);
    await expect(broken).rejects.toThrow('broken');
  }
  expect(pauses).toEqual([]);
});

describe('after a bunch that was worth its wait', () => {
  /** Everybody is answered before the next comes. */
  async function leaveWith(size: number) {
    const door = openDoor();
    const answers = range(LIMITS.gather_others + size).map(door.submit);
    await untilIdle();
    pauses.at(-1)!.end();
    await untilIdle();
    door.begun.forEach(door.end);
    await Promise.all(answers);
    return door;
  }

  test('the first to come waits for the next bunch, though nobody is under way', async () => {
    const { submit, begun } = await leaveWith(LIMITS.gather_worth);
    const before = begun.length;
    for (const who of [100, 101]) void submit(who);
    await untilIdle();
    expect(begun).toHaveLength(before);
    expect(pauses.map(({ ms }) => ms)).toEqual([LIMITS.gather_ms, LIMITS.gather_ms]);
    pauses[1]!.end();
    await untilIdle();
    expect(begun.slice(before)).toEqual([100, 101]);
  });

  describe('the next one that is', () => {
    /** Pauses of the one bunch that follows: `comes` hears of each before it ends. */
    async function follow(comes: (submit: (who: number) => Promise<number>, pause: number) => void) {
      const { submit, begun } = await leaveWith(LIMITS.gather_worth);
      const before = begun.length;
      pauses.length = 0;
      for (const i of range(LIMITS.gather_worth)) void submit(100 + i);
      for (let i = 0; begun.length === before; i += 1) {
        expect(i).toBeLessThan(LIMITS.gather_most_ms);
        clock.now_ms += pauses[i]!.ms - 1;
        comes(submit, i);
        clock.now_ms += 1;
        pauses[i]!.end();
        await untilIdle();
      }
      return { waited: pauses.map(({ ms }) => ms), left: begun.length - before };
    }

    test('leaves when nobody has come for as long as one waits', async () => {
      const { gather_ms, gather_worth } = LIMITS;
      expect(await follow(() => undefined)).toEqual({ waited: [gather_ms], left: gather_worth });
      const one = await follow((submit, pause) => void (pause === 0 && submit(200)));
      expect(one).toEqual({ waited: [gather_ms, gather_ms - 1], left: gather_worth + 1 });
    });

    test('waits for a bounded time in all, however many come', async () => {
      const { waited, left } = await follow((submit, pause) => void submit(200 + pause));
      expect(waited.reduce((sum, ms) => sum + ms)).toBe(LIMITS.gather_most_ms);
      expect(left).toBe(LIMITS.gather_worth + waited.length);
    });
  });

  test('who comes later than a bunch waits leaves at once', async () => {
    const { submit, begun } = await leaveWith(LIMITS.gather_worth);
    clock.now_ms += LIMITS.gather_ms;
    void submit(100);
    expect(begun).toContain(100);
    expect(pauses).toHaveLength(1);
  });

  test('one that was not worth it ends that, and so does a smaller one to begin with', async () => {
    const { submit, begun, end } = await leaveWith(LIMITS.gather_worth);
    const few = range(LIMITS.gather_worth - 1).map((i) => submit(100 + i));
    pauses[1]!.end();
    await untilIdle();
    begun.forEach(end);
    await Promise.all(few);
    void submit(200);
    expect(begun).toContain(200);

    const quiet = await leaveWith(LIMITS.gather_worth - 1);
    void quiet.submit(300);
    expect(quiet.begun).toContain(300);
  });
});
