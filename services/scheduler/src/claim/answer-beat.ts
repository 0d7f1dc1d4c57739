/**
 * Answers a worker's beat: for each attempt it names, go on, stop, or settled. A stop is a stop: switches, cancels,
 * revocations and deadlines are read from `control` and the rows at every beat.
 */

import type { ControlState } from '@countersign/contracts/control';
import { stopFor, workerSubject } from '@countersign/contracts/control';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { BeatAnswer } from '@countersign/contracts/worker';
import { gate } from '@countersign/platform/control-gate';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { BeatenAttempt } from '../store-attempts.ts';
import {
  extendLeases,
  isRevoked,
  readBeaten,
  readParties,
  readRevokedUses,
  tenantsAndSubjects,
} from '../store-attempts.ts';
import { beatStep } from '../store-steps.ts';

type Beat = RpcParsed<'scheduler.beat'>['attempts'][number];
type Order = BeatAnswer['attempts'][number];
/** `revoked`: approvals whose grant was revoked. */
type Given = { state: ControlState; revoked: ReadonlySet<string> };
type Worker = { pool: string; worker: string };

export async function answerBeat(
  context: SchedulerContext,
  who: Worker,
  { attempts }: RpcParsed<'scheduler.beat'>,
): Promise<BeatAnswer> {
  if (attempts.length === 0) return { attempts: [] };
  const running = attempts.every((beat) => !beat.reported);
  if (running && (await beatStep(context.database, who, attempts))) return { attempts: attempts.map(goesOn) };
  return context.database.transaction(async (tx) => {
    const ids = attempts.map((beat) => beat.dispatch_id);
    const parties = await readParties(tx, ids);
    const [tenants, subjects] = tenantsAndSubjects(parties);
    const [state, known] = await Promise.all([
      gate(tx, tenants, [...subjects, workerSubject(who)]),
      readBeaten(tx, ids),
    ]);
    const revoked = await readRevokedUses(tx, parties);
    const orders = attempts.map((beat) => orderFor(beat, known.get(beat.dispatch_id), who, { state, revoked }));
    /** Attempts told to stop are not extended: the lease runs out even if the worker never answers. */
    await extendLeases(
      tx,
      attempts.filter((_, i) => orders[i]!.order === 'continue'),
    );
    return { attempts: orders };
  });
}

function goesOn({ dispatch_id }: Beat): Order {
  return { dispatch_id, order: 'continue', reason: null };
}

function orderFor(beat: Beat, attempt: BeatenAttempt | undefined, who: Worker, given: Given): Order {
  const { dispatch_id } = beat;
  // By pool and name: two pools may each have a `w1`.
  const own = attempt?.pool === who.pool && attempt.worker === who.worker;
  const alive = own && attempt.claim_id === beat.claim_id;
  if (!alive) return { dispatch_id, order: beat.reported ? 'settled' : 'stop', reason: 'claim_lost' };
  if (attempt.attempt_state !== 'running' && attempt.attempt_state !== 'reported') {
    return { dispatch_id, order: beat.reported ? 'settled' : 'stop', reason: 'attempt_stale' };
  }
  if (attempt.is_due && !beat.reported) return { dispatch_id, order: 'stop', reason: 'lease_expired' };
  const reason = beat.reported ? null : reasonToStop(attempt, who, given);
  return reason === null ? { dispatch_id, order: 'continue', reason } : { dispatch_id, order: 'stop', reason };
}

/** Why a running attempt must end, or null. */
function reasonToStop(attempt: BeatenAttempt, worker: Worker, { state, revoked }: Given): string | null {
  if (state.revoked.includes(workerSubject(worker))) return 'worker revoked';
  const stop = stopFor(state, { ...attempt, agent: attempt.actor });
  if (stop) return `stopped by switch ${stop.switch_id}`;
  if (isRevoked(attempt, state)) return 'identity revoked';
  if (attempt.approval_id !== null && revoked.has(attempt.approval_id)) return 'the grant was revoked';
  if (attempt.cancel_requested_by !== null) return 'cancelled';
  if (attempt.ran_out) return 'timeout';
  if (attempt.past_deadline) return 'deadline';
  return null;
}
