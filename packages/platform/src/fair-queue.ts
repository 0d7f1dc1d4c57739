/**
 * A queue in order of arrival for each owner, taken in turns between them: a flood of one delays the
 * others by one turn, and leaves room for them (the rule of shares.ts).
 */
import { CountersignError } from '@countersign/contracts/errors';

export type FairQueue<T> = {
  readonly size: number;
  /** Throws `overloaded` when it is full, `share_exceeded` when whoever it is for has as much waiting as there is room left. */
  push(item: T): void;
  /** Up to `count`, one of each in turn. */
  take(count: number): T[];
};

/** Without `whose` it is one line, and all of the room is its. */
export function openFairQueue<T>(max_items: number, whose?: (item: T) => string): FairQueue<T> {
  /** In the order of turns: who had one goes to the end. */
  const lines = new Map<string, T[]>();
  let size = 0;
  const takeOne = (): T => {
    const [who, line] = lines.entries().next().value!;
    const item = line.shift()!;
    lines.delete(who);
    if (line.length > 0) lines.set(who, line);
    size -= 1;
    return item;
  };
  return {
    get size() {
      return size;
    },
    push(item) {
      const who = whose?.(item) ?? '';
      const line = lines.get(who) ?? [];
      const free = max_items - size;
      if (free < 1) throw new CountersignError('overloaded');
      if (whose && line.length + 1 > free) throw new CountersignError('share_exceeded');
      line.push(item);
      lines.set(who, line);
      size += 1;
    },
    take: (count) => Array.from({ length: Math.min(count, size) }, takeOne),
  };
}
