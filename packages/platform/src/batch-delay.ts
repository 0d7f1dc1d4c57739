/** Lets more work share the next commit, but only when the last one was busy: a quiet system answers at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '@countersign/contracts/limits';

/** `rows`: of the batch that just ran; `waiting`: what has gathered for the next one. */
export async function waitForMore(rows: number, waiting: number): Promise<void> {
  if (rows >= LIMITS.busy_rows && waiting < LIMITS.batch_rows) await pause(LIMITS.batch_delay_ms);
}
