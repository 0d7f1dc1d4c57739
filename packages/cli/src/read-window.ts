/** The span of history that a replay looks at: from one instant to another, or the last hours or days. */

import { duration } from '@countersign/contracts/duration';
import { instant } from '@countersign/contracts/names';
import { UsageError } from './exit-codes.ts';
import { readShape } from './read-shape.ts';

export type WindowOptions = { from?: string; to?: string; last?: string };

export function readWindow({ from, to, last }: WindowOptions, now: Date): { from: string; to: string } {
  if ((from === undefined) === (last === undefined)) throw new UsageError('say --from, or --last, and not both');
  const end = to === undefined ? now.toISOString() : readShape(instant, to, '--to');
  if (from !== undefined) return { from: readShape(instant, from, '--from'), to: end };
  return { from: new Date(Date.parse(end) - readShape(duration, last, '--last')).toISOString(), to: end };
}
