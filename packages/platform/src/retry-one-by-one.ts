/**
 * Runs a batch as one, and when that fails for any reason but an outage, each of its items alone: one bad row never
 * fails its neighbours. An outage fails everything at once; trying item by item would only make it longer.
 */
import { CountersignError, isOutage } from '@countersign/contracts/errors';

/** Answers of the runs that succeeded. `onBad` hears of each item that fails alone; outages are thrown. */
export async function retryOneByOne<I, R>(
  items: readonly I[],
  run: (items: readonly I[]) => Promise<R>,
  onBad: (item: I, thrown: unknown) => void | Promise<void>,
): Promise<R[]> {
  if (items.length === 0) return [];
  try {
    return [await run(items)];
  } catch (thrown) {
    if (isOutageError(thrown)) throw thrown;
    if (items.length === 1) {
      await onBad(items[0]!, thrown);
      return [];
    }
  }
  const answers: R[] = [];
  for (const item of items) answers.push(...(await retryOneByOne([item], run, onBad)));
  return answers;
}

function isOutageError(thrown: unknown): boolean {
  return thrown instanceof CountersignError && isOutage(thrown.code);
}
