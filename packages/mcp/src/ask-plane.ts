/**
 * One request of a client as a job: the same request is the same job until its result was handed over, and a caller waits
 * for it a short while only, unless it runs already.
 */
import { callKey } from '@countersign/adapter-core/call-key';
import type { Gate } from '@countersign/adapter-core/gate';
import { outcomeOfEnd, outcomeOfFailure, pendingOf, type Settled } from '@countersign/adapter-core/read-outcome';
import { remoteGate } from '@countersign/adapter-core/remote-gate';
import { ApiError } from '@countersign/client/api-error';
import type { Client } from '@countersign/client/create-client';
import type { ShownJob } from '@countersign/contracts/http';
import type { JobRequestInput } from '@countersign/contracts/job';
import { labelValue } from '@countersign/contracts/names';
import { isTerminal } from '@countersign/contracts/states';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Method, Params } from './names.ts';
import { topicOf } from './names.ts';
import type { OpenCalls } from './open-calls.ts';
import type { PoolWorker } from './pool-worker.ts';
import type { CallPayload } from './run-jobs.ts';

export type Asked = {
  method: Method;
  params: Params;
  /** Of `tools/call`: digest and annotations of the reviewed definition. */
  tool?: { digest: string; annotations: unknown };
  client: { name: string; version: string };
  /** The client's own name of the call: an equal one under another name is another call, and under the same one no new one. */
  idempotency_key?: string;
  wait_ms: number;
  signal: AbortSignal;
};

/** As whom the plane is asked. */
export type Caller = {
  agent: string;
  /** Tells apart who share the agent: their calls are never each other's. */
  name: string;
  /** Of this session: the label `run` of what is asked for in it. The client cannot name it. */
  run: string;
  client: Pick<Client, 'submit' | 'job' | 'cancel' | 'result' | 'untilEnded' | 'events'>;
};

export type PlaneParts = Caller & {
  server: string;
  url: string;
  /** A client that cancels its call cancels the job. */
  cancel_on_abort: boolean;
  calls: OpenCalls;
  worker: Pick<PoolWorker, 'join' | 'isRunning'>;
};

/** `handedOver` is to be called once the answer is on its way. */
export type Answer = { outcome: Settled; handedOver(): void };

export async function askPlane(parts: PlaneParts, asked: Asked): Promise<Answer> {
  const { server, calls, worker } = parts;
  const key = callKey(parts.agent, {
    framework: 'mcp',
    run: server,
    call_id: canonicalize(identityOf(parts.name, asked)),
  });
  // A call that an earlier session left open stays in that session's run: it is the same job.
  const { job_id, run } = calls.open(key, parts.run);
  const leave = worker.join(job_id);
  try {
    const { wait_ms, signal } = asked;
    const gate = gateOf(parts, job_id, asked);
    const call = {
      framework: 'mcp',
      run,
      call_id: job_id,
      tool: asked.method,
      input: asked.params,
      wait_ms,
      signal,
    };
    let outcome = await gate(call);
    // What runs is waited for as long as the client does.
    while (outcome.kind === 'pending' && worker.isRunning(job_id))
      outcome = await gate({ ...call, wait_ms: WHILE_RUNNING_MS });
    if (outcome.kind === 'run_here') throw new Error('a remote gate runs nothing here');
    // What its client named keeps its answer: a replay is told it again.
    const once = asked.idempotency_key === undefined && closes(outcome);
    return { outcome, handedOver: () => once && calls.close(job_id) };
  } finally {
    leave();
  }
}

/** By id, for who cannot repeat the call. Being asked for, by whom it belongs to, is what lets an approved job run. */
export async function askAgain(
  parts: PlaneParts,
  job_id: string,
  wait_ms: number,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const seen = await parts.client.job(job_id);
    if (seen.actor !== parts.agent)
      throw new ApiError(404, { code: 'not_found', detail: 'there is no such job of yours' });
    return await fetchEnd(parts, seen, wait_ms, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    return { outcome: outcomeOfFailure(thrown), handedOver: () => undefined };
  }
}

async function fetchEnd(parts: PlaneParts, now: ShownJob, wait_ms: number, signal: AbortSignal): Promise<Answer> {
  const { client, calls, worker } = parts;
  const { job_id } = now;
  const leave = calls.has(job_id) ? worker.join(job_id) : () => undefined;
  try {
    const seen = wait_ms === 0 ? now : await untilEnded(client, job_id, wait_ms, signal);
    if (!isTerminal(seen.state)) return { outcome: pendingOf(seen, parts.url), handedOver: () => undefined };
    const result = await client.result(job_id).catch((thrown: unknown) => {
      if (thrown instanceof ApiError && thrown.status >= 400 && thrown.status < 500) return null;
      throw thrown;
    });
    return { outcome: outcomeOfEnd({ job: seen, result } as never), handedOver: () => calls.close(job_id) };
  } finally {
    leave();
  }
}

/** As it stands when it has ended, or after that time. */
function untilEnded(client: Caller['client'], job_id: string, wait_ms: number, signal: AbortSignal): Promise<ShownJob> {
  return client
    .untilEnded(job_id, { signal: AbortSignal.any([signal, AbortSignal.timeout(wait_ms)]) })
    .catch((thrown: unknown) => {
      signal.throwIfAborted();
      if (thrown instanceof ApiError) throw thrown;
      return client.job(job_id);
    });
}

const WHILE_RUNNING_MS = 20_000;

/** What makes two calls the same one. Who names a call means that one, and other arguments under its name are refused. */
function identityOf(caller: string, { method, params, tool, client, idempotency_key }: Asked): unknown[] {
  const who = [method, params.name ?? null, client, caller];
  return idempotency_key === undefined ? [...who, params, tool?.digest ?? null] : [...who, { named: idempotency_key }];
}

function gateOf(parts: PlaneParts, job_id: string, asked: Asked): Gate {
  const request = requestOf(parts.server, job_id, asked);
  const { client, url, agent, cancel_on_abort } = parts;
  return remoteGate({ client, url, agent, cancel_on_abort, requestOf: () => request });
}

function requestOf(server: string, job_id: string, { method, params, tool, client }: Asked): JobRequestInput {
  const payload: CallPayload = { method, params, client };
  if (tool) Object.assign(payload, { definition: tool.digest, server_says: tool.annotations ?? {} });
  const labels = {
    mcp_server: server,
    mcp_client: `${client.name}/${client.version}`,
    ...(tool ? { mcp_tool: String(params.name), mcp_definition: tool.digest } : {}),
  };
  // A name that is no label stands in the payload alone: a rule that wants the label does not match.
  const usable = Object.entries(labels).filter(([, value]) => labelValue.safeParse(value).success);
  return { job_id, topic: topicOf(server, method, params), payload, labels: Object.fromEntries(usable) };
}

/** What was not decided or has not ended is asked for again under the same id. */
function closes({ kind }: Settled): boolean {
  return kind !== 'pending' && kind !== 'unavailable';
}
