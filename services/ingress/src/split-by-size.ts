/** Splits what waits into messages that fit the bus, answers included. */
import { LIMITS } from '@countersign/contracts/limits';

/** An answer holds a request twice over (rewritten and effective) and must fit one message as well. */
const BATCH_BYTES = Math.floor(LIMITS.message_bytes / 4);

/** In order; what is larger than a message's share goes alone. */
export function splitBySize<T extends { bytes: number }>(items: readonly T[]): T[][] {
  const batches: T[][] = [];
  let room = 0;
  for (const item of items) {
    const open = batches.at(-1);
    if (open === undefined || item.bytes > room) {
      batches.push([item]);
      room = BATCH_BYTES - item.bytes;
    } else {
      open.push(item);
      room -= item.bytes;
    }
  }
  return batches;
}
