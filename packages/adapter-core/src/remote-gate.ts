/**
 * Remote placement: the tool is a topic, a worker of a pool runs it, and the agent's process holds no credential for it. The
 * job's state alone decides; asked again, the same call finds the same job.
 */
import type { Client, Submitted } from '@countersign/client/create-client';
import type { JobRequestInput } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import { callKey } from './call-key.ts';
import { findHeld } from './find-held.ts';
import type { Gate, ToolCall } from './gate.ts';
import { outcomeOfDenial, outcomeOfEnd, outcomeOfFailure, pendingOf, type Settled } from './read-outcome.ts';
import { runLabel } from './run-label.ts';

export type GateOptions = {
  client: Pick<Client, 'submit' | 'job' | 'cancel'>;
  /** Where the API is: what links lead to. */
  url: string;
  /** Id of the agent whose credential the client has. */
  agent: string;
  /**
   * The job that a call asks for, e.g. `{ topic: 'job.crm.lookup', payload: input }`. The same call must give the same one. Its label
   * `run` is the call's run, unless it names one itself.
   */
  requestOf(call: ToolCall): JobRequestInput;
  /** An aborted call cancels its job. Left out, the job goes on, and the same call finds it again. */
  cancel_on_abort?: boolean;
};

export function remoteGate(options: GateOptions): Gate {
  return findHeld(async (call) => {
    call.signal.throwIfAborted();
    try {
      return await settle(options, call);
    } catch (thrown) {
      if (!call.signal.aborted) return outcomeOfFailure(thrown);
      if (options.cancel_on_abort === true) await cancelCall(options, call);
      throw call.signal.reason;
    }
  });
}

/** Waits in parts, as long as one submission may wait, under the same key each time. */
export async function settle(options: GateOptions, call: ToolCall): Promise<Settled> {
  const end = performance.now() + call.wait_ms;
  for (;;) {
    const left_s = Math.ceil(Math.max(0, end - performance.now()) / 1_000);
    const said = await submit(options, call, Math.min(left_s, LIMITS.submit_wait_s));
    if (said.outcome === 'ended') return outcomeOfEnd(said);
    if (said.outcome === 'denied') return outcomeOfDenial(said);
    if (said.outcome !== 'accepted') throw new Error('an answer that this adapter does not know');
    if (performance.now() >= end) return pendingOf(await options.client.job(said.job_id), options.url);
  }
}

export function submit(options: GateOptions, call: ToolCall, wait_s: number): Promise<Submitted> {
  const idempotency_key = callKey(options.agent, call);
  const { signal } = call;
  return options.client.submit(requestFor(options, call), { idempotency_key, wait_s, signal });
}

function requestFor({ requestOf }: GateOptions, call: ToolCall): JobRequestInput {
  const request = requestOf(call);
  return { ...request, labels: { run: runLabel(call.run), ...request.labels } };
}

/** Best effort: who aborted is told the reason and nothing else. */
async function cancelCall(options: GateOptions, call: ToolCall): Promise<void> {
  const { client, agent } = options;
  try {
    const said = await client.submit(requestFor(options, call), { idempotency_key: callKey(agent, call) });
    if (said.outcome === 'accepted') await client.cancel(said.job_id, 'the call was aborted');
  } catch {
    // Nobody is left to hear it.
  }
}
