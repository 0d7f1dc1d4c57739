/**
 * Decides items of one question together; what one of them needs scanned apart is scanned beside the others, and then it is
 * decided again.
 */
import type { DecideItem } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import type { ItemAnswer } from './decide-jobs.ts';
import { MOST_SCANS, type Scans } from './scan-apart.ts';

type DecideAll = (items: readonly DecideItem[]) => Promise<ItemAnswer[]>;

/** Answers in the items' order. Throws what `decideAll` throws. */
export async function decideWithScans(
  items: readonly DecideItem[],
  decideAll: DecideAll,
  scans: Pick<Scans, 'of' | 'scan'>,
): Promise<ItemAnswer[]> {
  const answers = await decideAll(items);
  let open = wanting(items, scans);
  for (let round = 0; open.length > 0 && round < MOST_SCANS; round += 1) {
    const failures = await Promise.all(open.map((item) => scanFor(item, scans)));
    const ready = open.filter((_, i) => failures[i] === null);
    open.forEach((item, i) => {
      const failure = failures[i] ?? null;
      if (failure !== null) answers[items.indexOf(item)] = failure;
    });
    const decided = await decideAll(ready);
    ready.forEach((item, i) => {
      answers[items.indexOf(item)] = decided[i]!;
    });
    open = wanting(ready, scans);
  }
  return answers;
}

function wanting(items: readonly DecideItem[], scans: Pick<Scans, 'of'>): DecideItem[] {
  return items.filter((item) => scans.of(item).wanted !== null);
}

/** Null when it was scanned, or counts as failed. */
async function scanFor(item: DecideItem, scans: Pick<Scans, 'of' | 'scan'>): Promise<ItemAnswer | null> {
  try {
    await scans.scan(scans.of(item), item.gate);
    return null;
  } catch (thrown) {
    if (thrown instanceof CountersignError) return { ok: false, error: thrown.toFailure() };
    throw thrown;
  }
}
