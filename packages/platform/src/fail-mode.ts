/** When a gate may go on without the policy kernel: never by default, and never without an end that was set beforehand. */
import { nowMs } from './clock.ts';

export type FailMode = { FAIL_MODE: 'closed' | 'open'; FAIL_OPEN_UNTIL?: string | undefined };

export const NEEDS_END = { message: 'must be set when FAIL_MODE is open', path: ['FAIL_OPEN_UNTIL'] };

/** For a service's settings: `open` needs an end. */
export function endsSometime({ FAIL_MODE, FAIL_OPEN_UNTIL }: FailMode): boolean {
  return FAIL_MODE === 'closed' || FAIL_OPEN_UNTIL !== undefined;
}

export function isFailOpen({ FAIL_MODE, FAIL_OPEN_UNTIL }: FailMode): boolean {
  return FAIL_MODE === 'open' && FAIL_OPEN_UNTIL !== undefined && nowMs() < Date.parse(FAIL_OPEN_UNTIL);
}
