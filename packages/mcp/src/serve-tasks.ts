/**
 * A call as a task, where this very request declared that its client takes one: `params.task` in 2025-11-25, the extension
 * `io.modelcontextprotocol/tasks` in 2026-07-28. A task is a job of its owner's and nothing more: its state is read off the job each
 * time, what a client sends to it is never a vote, and cancelling it asks to cancel the job.
 */
import { outcomeOfFailure, type Settled } from '@countersign/adapter-core/read-outcome';
import { tell } from '@countersign/adapter-core/words';
import { ApiError } from '@countersign/client/api-error';
import type { ShownJob } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { isTerminal } from '@countersign/contracts/states';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import {
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  RELATED_TASK_META_KEY,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { type Answer, askAgain, type Caller, type PlaneParts } from './ask-plane.ts';
import type { KeptTask, KeptTasks } from './kept-tasks.ts';
import type { Params } from './names.ts';
import { type McpResult, NOT_RUN, toolResult } from './show-outcome.ts';
import type { Move, TaskNotices } from './task-notices.ts';
import { TaskMade, type TaskServer } from './task-server.ts';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
/** For `initialize`; of 2026-07-28 the library leaves `tasks` out. */
export const TASK_CAPABILITIES = {
  tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  extensions: { [TASKS_EXTENSION]: {} },
};

export const REQUIRES_TASKS = { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } };

/** `ttl_ms`: what the client asked for, null for whatever there is. */
export type Declared = { era: '2025' | '2026'; ttl_ms: number | null };
export type TaskParts = PlaneParts & { tasks: KeptTasks };
/** Where the task was asked for. */
export type Connection = { server: TaskServer; notices: TaskNotices };

const SAYS: Readonly<Partial<Record<View['state'], string>>> = {
  cleared: 'allowed: it runs while its client asks for it',
  dispatched: 'allowed: it runs while its client asks for it',
  running: 'it runs',
};
const INVALID_PARAMS = -32_602;
const METHOD_NOT_FOUND = -32_601;
const POLL_MS = 2_000;
/** A client that asks every POLL_MS is waiting in between. */
const PRESENT_MS = 3 * POLL_MS;
const WAIT_MS = 20_000;
const PAGE = 20;

/** Null for a request that declared none. */
export function declaredTask(params: Params, { mcpReq }: ServerContext): Declared | null {
  if (mcpReq.envelope !== undefined) return declaresTasks(mcpReq.envelope) ? { era: '2026', ttl_ms: null } : null;
  if (typeof params.task !== 'object' || params.task === null) return null;
  const { ttl } = params.task as { ttl?: unknown };
  return { era: '2025', ttl_ms: typeof ttl === 'number' && ttl > 0 ? Math.ceil(ttl) : null };
}

/** Of 2025-11-25: a tool that takes no task was asked for one. */
export function refuseTask(): never {
  throw new ProtocolError(METHOD_NOT_FOUND, 'this tool takes no tasks');
}

/**
 * Throws TaskMade where the answer is a task: in 2025 whatever came of the call, since that is what was asked for, in 2026 what is held
 * alone. Throws a ProtocolError for a call of 2025 that no job stands for. Comes back where it is to be said in words.
 */
export function answerWithTask(
  parts: TaskParts,
  connection: Connection,
  declared: Declared,
  { outcome, handedOver }: Answer,
): void {
  if (declared.era === '2026' && outcome.kind !== 'pending') return;
  const job_id = 'job_id' in outcome ? outcome.job_id : null;
  const ttl_ms = Math.min(declared.ttl_ms ?? LIMITS.mcp_task_ms, LIMITS.mcp_task_ms);
  const task = job_id === null ? null : parts.tasks.keep(ownerOf(parts), job_id, ttl_ms);
  if (task === null) {
    if (declared.era === '2026') return;
    const { text, data } = tell(outcome);
    throw new ProtocolError(NOT_RUN, job_id === null ? text : `Too many tasks. ${text}`, data);
  }
  bePresent(parts, task);
  const made = viewOf(outcome, task);
  // Its result is fetched by the task's id.
  if (outcome.kind !== 'pending') handedOver();
  if (declared.era === '2026') throw new TaskMade({ resultType: 'task', ...shown2026(task, made) });
  const shown = shown2025(task, made);
  tellMoves(parts, connection, task);
  throw new TaskMade({ task: shown });
}

/** `notifications/tasks/status`, once the answer that names the task is on its way. In 2026-07-28 clients listen for them. */
function tellMoves({ client }: TaskParts, { server, notices }: Connection, task: KeptTask): void {
  const show = ({ state, updated_at }: Move): McpResult =>
    shown2025(task, { state, updated_at, cancel_requested: false, waiting_for: null });
  const keyOf = ({ status, statusMessage }: McpResult): string => canonicalize([status, statusMessage ?? null]);
  let told = keyOf(show({ state: 'held', updated_at: task.created_at }));
  setImmediate(() =>
    notices.follow(client, task.job_id, task.ttl_ms, async (move) => {
      const params = show(move);
      if (keyOf(params) === told) return true;
      told = keyOf(params);
      return server.notification({ method: 'notifications/tasks/status', params }).then(
        () => true,
        () => false,
      );
    }),
  );
}

/** Registers what clients ask about tasks. */
export function serveTasks(
  server: TaskServer,
  parts: Omit<TaskParts, keyof Caller>,
  callerOf: (ctx: ServerContext) => Caller,
) {
  const handle = (
    method: string,
    answer: (parts: TaskParts, task: KeptTask, ctx: ServerContext) => Promise<McpResult>,
    only?: Declared['era'],
  ): void =>
    server.setRequestHandler(method, { params: z.looseObject({ taskId: z.string() }) }, async ({ taskId }, ctx) => {
      requireEra(ctx, only);
      const own = { ...parts, ...callerOf(ctx) };
      const task = own.tasks.find(ownerOf(own), taskId);
      if (task === null) throw new ProtocolError(INVALID_PARAMS, 'there is no such task, or it is over');
      return (await answer(own, task, ctx).catch(toldAs)) as never;
    });
  handle('tasks/get', getTask);
  handle('tasks/result', fetchTask, '2025');
  handle('tasks/cancel', cancelTask);
  // What a person has to agree to is asked of nobody here.
  handle('tasks/update', async () => ({}), '2026');
  server.setRequestHandler(
    'tasks/list',
    { params: z.looseObject({ cursor: z.string().optional() }).optional() },
    (async (params: { cursor?: string } | undefined, ctx: ServerContext) =>
      listTasks({ ...parts, ...callerOf(ctx) }, params?.cursor).catch(toldAs)) as never,
  );
}

async function getTask(parts: TaskParts, task: KeptTask, ctx: ServerContext): Promise<McpResult> {
  bePresent(parts, task);
  if (ctx.mcpReq.envelope !== undefined) return taskNow(parts, task, ctx.mcpReq.signal);
  return shown2025(task, await parts.client.job(task.job_id));
}

/** In 2026-07-28, with its result or error once it has ended. */
export async function taskNow(parts: TaskParts, task: KeptTask, signal: AbortSignal): Promise<McpResult> {
  const job = await parts.client.job(task.job_id);
  if (!isTerminal(job.state) || job.state === 'cancelled') return shown2026(task, job);
  const { outcome, handedOver } = await askAgain(parts, task.job_id, 0, signal);
  if (outcome.kind === 'unavailable') throw new ProtocolError(NOT_RUN, tell(outcome).text);
  handedOver();
  return { ...shown2026(task, job), ...ended2026(outcome) };
}

/** Waits for the end, as long as its client does. */
async function fetchTask(parts: TaskParts, task: KeptTask, { mcpReq }: ServerContext): Promise<McpResult> {
  for (;;) {
    const { outcome, handedOver } = await askAgain(parts, task.job_id, WAIT_MS, mcpReq.signal);
    if (outcome.kind === 'pending') continue;
    if (outcome.kind === 'unavailable') throw new ProtocolError(NOT_RUN, tell(outcome).text);
    handedOver();
    const result = toolResult(outcome);
    return { ...result, _meta: { ...(result._meta as object), [RELATED_TASK_META_KEY]: { taskId: task.job_id } } };
  }
}

async function cancelTask(parts: TaskParts, task: KeptTask, { mcpReq }: ServerContext): Promise<McpResult> {
  const is2025 = mcpReq.envelope === undefined;
  const before = await parts.client.job(task.job_id);
  if (isTerminal(before.state)) {
    if (!is2025) return {};
    throw new ProtocolError(INVALID_PARAMS, `the task has ended (${statusOf(before)})`);
  }
  await parts.client.cancel(task.job_id, 'its task was cancelled');
  return is2025 ? shown2025(task, await parts.client.job(task.job_id)) : {};
}

async function listTasks(parts: TaskParts, cursor = '0'): Promise<McpResult> {
  const from = /^\d{1,4}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(from)) throw new ProtocolError(INVALID_PARAMS, 'the cursor is none of ours');
  const all = parts.tasks.list(ownerOf(parts));
  const page = all.slice(from, from + PAGE);
  const tasks = await Promise.all(page.map(async (task) => shown2025(task, await parts.client.job(task.job_id))));
  return { tasks, ...(all.length > from + PAGE ? { nextCursor: String(from + PAGE) } : {}) };
}

type View = Pick<ShownJob, 'state' | 'cancel_requested' | 'updated_at' | 'waiting_for'>;

/** As the call's own answer says it, before anybody asks for the job. A task begins in `working`, whatever became of it already. */
function viewOf(outcome: Settled, { created_at: updated_at }: KeptTask): View & { text?: string } {
  const begun = { state: 'held', cancel_requested: false, updated_at, waiting_for: null } as const;
  return outcome.kind === 'pending' ? { ...begun, text: tell(outcome).text } : begun;
}

/** Waiting for a person is `working`: `input_required` would ask the client itself for something. */
function statusOf({ state }: Pick<View, 'state'>): 'working' | 'completed' | 'cancelled' | 'failed' {
  if (!isTerminal(state)) return 'working';
  if (state === 'cancelled') return 'cancelled';
  return state === 'succeeded' ? 'completed' : 'failed';
}

function messageOf(view: View & { text?: string }): { statusMessage?: string } {
  if (view.text !== undefined) return { statusMessage: view.text };
  if (view.cancel_requested && !isTerminal(view.state)) return { statusMessage: 'it runs, and was asked to stop' };
  const { waiting_for, state } = view;
  if (isTerminal(state)) return { statusMessage: state };
  if (!waiting_for) return SAYS[state] === undefined ? {} : { statusMessage: SAYS[state] };
  return { statusMessage: `waiting for approval ${waiting_for.approval_id} by ${waiting_for.groups.join(', ')}` };
}

function shown2025(task: KeptTask, view: View): McpResult {
  return {
    ...common(task, view),
    status: statusOf(view),
    ttl: task.ttl_ms,
    pollInterval: POLL_MS,
  };
}

/** `failed` is for what ended in an error of the protocol; a tool's own error is a result. */
function shown2026(task: KeptTask, view: View): McpResult {
  const status = statusOf(view);
  return {
    ...common(task, view),
    status: status === 'failed' ? 'completed' : status,
    ttlMs: task.ttl_ms,
    pollIntervalMs: POLL_MS,
  };
}

function common(task: KeptTask, view: View): McpResult {
  const { job_id: taskId, created_at: createdAt } = task;
  return { taskId, createdAt, lastUpdatedAt: view.updated_at, ...messageOf(view) };
}

function ended2026(outcome: Settled): McpResult {
  try {
    return { result: { resultType: 'complete', ...toolResult(outcome) } };
  } catch (thrown) {
    if (!(thrown instanceof ProtocolError)) throw thrown;
    return { status: 'failed', error: { code: thrown.code, message: thrown.message } };
  }
}

/** The job may run: somebody waits for it here. */
function bePresent({ worker, calls }: Pick<TaskParts, 'worker' | 'calls'>, { job_id }: KeptTask): void {
  if (!calls.has(job_id)) return;
  const leave = worker.join(job_id);
  setTimeout(leave, PRESENT_MS).unref();
}

/** Callers that share an agent are told apart by their names. */
export function ownerOf({ server, agent, name }: TaskParts): string {
  return sha256Hex(encodeUtf8(canonicalize([server, agent, name])));
}

/** `meta`: of a request of 2026-07-28. */
export function declaresTasks(meta: unknown): boolean {
  const declared = (meta as Readonly<Record<string, unknown>> | undefined)?.[CLIENT_CAPABILITIES_META_KEY];
  const extension = (declared as { extensions?: Record<string, unknown> } | undefined)?.extensions?.[TASKS_EXTENSION];
  return typeof extension === 'object' && extension !== null;
}

function requireEra({ mcpReq }: ServerContext, only: Declared['era'] | undefined): void {
  const era = mcpReq.envelope === undefined ? '2025' : '2026';
  if (only !== undefined && only !== era) throw new ProtocolError(METHOD_NOT_FOUND, 'Method not found');
  if (era === '2026' && !declaresTasks(mcpReq.envelope)) throw new MissingRequiredClientCapabilityError(REQUIRES_TASKS);
}

/** Nothing is known of the task's state meanwhile. */
function toldAs(thrown: unknown): never {
  if (!(thrown instanceof ApiError)) throw thrown;
  throw new ProtocolError(NOT_RUN, tell(outcomeOfFailure(thrown)).text);
}
