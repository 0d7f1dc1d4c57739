/**
 * Sharing a commit: who waits together is served together, one bad row fails alone, an outage fails all of its batch,
 * and nobody waits for ever behind a queue that is full.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { groupCommit } from '@countersign/platform/group-commit';
import { describe, expect, test, vi } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';

/** The clock's pauses, which a test ends by hand. */
const pauses = vi.hoisted((): { ms: number; end: () => void }[] => []);
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((end) => pauses.push({ ms, end })),
}));

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function outage() {
  return new CountersignError('database_unavailable');
}

/** Records the batches that were run; `run` decides over one item. */
function recording(
  one: (item: number) => number | CountersignError,
  options: { max_rows?: number; max_queue?: number } = {},
) {
  const batches: number[][] = [];
  const submit = groupCommit<number, number>({
    ...options,
    run: async (items) => {
      batches.push(items);
      return items.map(one);
    },
  });
  return { batches, submit };
}

function outcomesOf(work: Promise<unknown>[]): Promise<unknown[]> {
  return Promise.allSettled(work).then((all) =>
    all.map((each) =>
      each.status === 'fulfilled'
        ? each.value
        : ((each.reason as { code?: string }).code ?? (each.reason as Error).message),
    ),
  );
}

describe('a batch', () => {
  test('is shared by all that came together, in order, and each hears its own answer', async () => {
    const { batches, submit } = recording((item) => item * 10);
    expect(await Promise.all(range(5).map(submit))).toEqual([0, 10, 20, 30, 40]);
    expect(batches).toEqual([[0, 1, 2, 3, 4]]);
  });

  test('is never larger than allowed, and order holds across batches', async () => {
    const { batches, submit } = recording((item) => item, { max_rows: 3 });
    await Promise.all(range(8).map(submit));
    expect(batches).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ]);
  });

  test('gathers while another one runs, and never runs beside it', async () => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const batches: number[][] = [];
    const submit = groupCommit<number, number>({
      run: async (items) => {
        expect(++running).toBe(1);
        batches.push(items);
        if (batches.length === 1) await gate.promise;
        running -= 1;
        return items;
      },
    });
    const first = submit(0);
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    const rest = [1, 2, 3].map(submit);
    expect(batches).toHaveLength(1);
    gate.resolve();
    await Promise.all([first, ...rest]);
    expect(batches).toEqual([[0], [1, 2, 3]]);
  });

  test('works again after it was empty', async () => {
    const { batches, submit } = recording((item) => item);
    await submit(1);
    await submit(2);
    expect(batches).toEqual([[1], [2]]);
  });
});

describe('a bad row', () => {
  test('that is answered with an error fails alone', async () => {
    const { batches, submit } = recording((item) => (item === 1 ? new CountersignError('state_conflict') : item));
    expect(await outcomesOf(range(3).map(submit))).toEqual([0, 'state_conflict', 2]);
    expect(batches).toHaveLength(1);
  });

  test.each([
    ['a bug', () => new RangeError('row 1'), 'row 1'],
    ['a fault of the row', () => new CountersignError('state_conflict'), 'state_conflict'],
  ])('that throws (%s) fails alone: its neighbours are tried one by one, in order', async (_, thrown, outcome) => {
    const { batches, submit } = recording((item) => {
      if (item === 1) throw thrown();
      return item;
    });
    expect(await outcomesOf(range(4).map(submit))).toEqual([0, outcome, 2, 3]);
    expect(batches).toEqual([[0, 1, 2, 3], [0], [1], [2], [3]]);
  });

  test('alone in its batch is not tried twice', async () => {
    const { batches, submit } = recording(() => {
      throw new RangeError('row');
    });
    expect(await outcomesOf([submit(7)])).toEqual(['row']);
    expect(batches).toEqual([[7]]);
  });
});

test('an outage fails the whole batch at once; who comes later is served', async () => {
  let down = true;
  const { batches, submit } = recording((item) => {
    if (down) throw outage();
    return item;
  });
  expect(await outcomesOf(range(3).map(submit))).toEqual(range(3).map(() => 'database_unavailable'));
  expect(batches).toEqual([[0, 1, 2]]);
  down = false;
  expect(await submit(9)).toBe(9);
});

test('who finds the queue full hears at once to come back, and takes nobody’s place', async () => {
  const gate = Promise.withResolvers<void>();
  const batches: number[][] = [];
  const submit = groupCommit<number, number>({
    max_queue: 2,
    run: async (items) => {
      batches.push(items);
      await gate.promise;
      return items;
    },
  });
  const first = submit(0);
  await vi.waitFor(() => expect(batches).toEqual([[0]]));
  const waiting = [submit(1), submit(2)];
  expect(await codeOf(submit(3))).toBe('overloaded');
  gate.resolve();
  expect(await Promise.all([first, ...waiting])).toEqual([0, 1, 2]);
  expect(batches).toEqual([[0], [1, 2]]);
});

test('a flood of one delays the others by one turn, and leaves room for them', async () => {
  const gate = Promise.withResolvers<void>();
  const batches: string[][] = [];
  const submit = groupCommit<string, string>({
    max_queue: 10,
    max_rows: 2,
    whose: (item) => item[0]!,
    run: async (items) => {
      batches.push(items);
      await gate.promise;
      return items;
    },
  });
  const first = submit('a0');
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  const flood = range(5).map((i) => submit(`a${i + 1}`));
  expect(await codeOf(submit('a6'))).toBe('share_exceeded');
  const late = submit('b1');
  gate.resolve();
  await Promise.all([first, ...flood, late]);
  expect(batches.slice(0, 3)).toEqual([['a0'], ['a1', 'b1'], ['a2', 'a3']]);
});

describe('after a batch', () => {
  /** The next caller comes when the first batch was answered. */
  const runAfterBatchOf = async (rows: number): Promise<{ batches: number[][]; next: Promise<number> }> => {
    const { batches, submit } = recording((item) => item);
    await Promise.all(range(rows).map(submit));
    return { batches, next: submit(-1) };
  };

  test('that was busy, the next one gathers for a moment', async () => {
    const { batches, next } = await runAfterBatchOf(LIMITS.busy_rows);
    await vi.waitFor(() => expect(pauses).toHaveLength(1));
    expect(pauses[0]!.ms).toBe(LIMITS.batch_delay_ms);
    expect(batches).toHaveLength(1);
    pauses.shift()!.end();
    expect(await next).toBe(-1);
    expect(batches).toHaveLength(2);
  });

  test('in a quiet system nobody waits', async () => {
    expect(await (await runAfterBatchOf(LIMITS.busy_rows - 1)).next).toBe(-1);
    expect(pauses).toEqual([]);
  });
});
