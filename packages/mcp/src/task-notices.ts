/**
 * Tells a client that a task of its moved, while the connection (2025-11-25) or subscription (2026-07-28) lasts. The protocol leaves it to
 * the receiver whether it does so, and has clients go on asking: what is not told costs them a question. It is read off the job's evidence.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ApiError } from '@countersign/client/api-error';
import { isTerminal, JOB_STATES, type JobState } from '@countersign/contracts/states';
import type { Caller } from './ask-plane.ts';

/** As the job came to it. */
export type Move = { state: JobState; updated_at: string };
/** False when the connection is gone. */
export type Tell = (move: Move) => Promise<boolean>;
export type TaskNotices = {
  /** From its first step on, for `ms` at most; beyond the bound of a connection nothing is told. */
  follow(client: Follower, job_id: string, ms: number, tell: Tell): void;
};

type Follower = Pick<Caller['client'], 'events'>;

/** Of one connection or subscription. Each hangs on an event stream of the plane. */
export const MOST_FOLLOWED = 32;
const AGAIN_MS = 10_000;
const STATE_OF = new Map<string, JobState>(JOB_STATES.map((state) => [`job_${state}`, state]));

/** `closed`: of the connection; `again_ms`: after a stream that broke off. */
export function taskNotices(closed: AbortSignal, again_ms: number = AGAIN_MS): TaskNotices {
  const followed = new Set<string>();
  return {
    follow(client, job_id, ms, tell) {
      if (followed.has(job_id) || followed.size >= MOST_FOLLOWED) return;
      followed.add(job_id);
      const signal = AbortSignal.any([closed, AbortSignal.timeout(ms)]);
      void tellMoves(client, job_id, signal, again_ms, tell).finally(() => followed.delete(job_id));
    },
  };
}

/** To the job's end, or until its reader is turned away. Nobody waits for it: whoever asks hears how the task stands. */
async function tellMoves(
  client: Follower,
  job_id: string,
  signal: AbortSignal,
  again_ms: number,
  tell: Tell,
): Promise<void> {
  for (let after = -1; !signal.aborted; ) {
    try {
      for await (const { seq, kind, recorded_at } of client.events(job_id, { after, signal })) {
        const state = STATE_OF.get(kind);
        if (state !== undefined && !(await tell({ state, updated_at: recorded_at }))) return;
        if (state !== undefined && isTerminal(state)) return;
        after = seq;
      }
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status >= 400 && thrown.status < 500) return;
    }
    await pause(again_ms, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
