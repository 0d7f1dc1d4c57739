/** What a client talks to, in either era of the protocol: lists what is offered, and asks for everything else. */

import { MCP_REQUESTS } from '@countersign/adapter-core/mcp-requests';
import { outcomeOfFailure } from '@countersign/adapter-core/read-outcome';
import { tell } from '@countersign/adapter-core/words';
import { ApiError } from '@countersign/client/api-error';
import type { Client } from '@countersign/client/create-client';
import { CLIENT_INFO_META_KEY, ProtocolError, type Server, type ServerContext } from '@modelcontextprotocol/server';
import { type Answer, type Asked, askAgain, askPlane, type Caller, type PlaneParts } from './ask-plane.ts';
import type { KeptTasks } from './kept-tasks.ts';
import type { Method, Params } from './names.ts';
import { offeredTools, RESULT_TOOL } from './offered-tools.ts';
import { RecordError } from './record-error.ts';
import { callable, type ReviewedTools } from './reviewed-tools.ts';
import {
  answerWithTask,
  type Connection,
  type Declared,
  declaredTask,
  refuseTask,
  serveTasks,
  TASK_CAPABILITIES,
} from './serve-tasks.ts';
import { type Links, linksFor } from './show-link.ts';
import { fetchedResult, type McpResult, NOT_RUN, otherResult, refusal, toolResult } from './show-outcome.ts';
import { taskNotices } from './task-notices.ts';
import { TaskServer } from './task-server.ts';
import type { Tool } from './tool-record.ts';
import { UpstreamError } from './upstream.ts';

/** `client` also says what is within the ceiling. */
export type ListingCaller = Caller & { client: Pick<Client, 'simulateAll'> };
/** Who asks in this request: over HTTP each comes with its own credential. */
export type CallerOf = (ctx: ServerContext) => ListingCaller;

export type ServerParts = Omit<PlaneParts, keyof Caller> & {
  tools: ReviewedTools;
  /** Of the server behind. */
  capabilities: Record<string, unknown>;
  tasks: KeptTasks;
  wait_ms: number;
  /** 32 bytes, with which the proxy knows again what it handed a client to bring back. */
  state_key: Uint8Array;
};

type TalkParts = ServerParts & { links: Links };
type Request = { params?: Params };

/** What may be answered with a link (beside `tools/call`). */
const LINKED: ReadonlySet<string> = new Set(['resources/read', 'prompts/get']);

const WAIT_META = 'countersign/wait-ms';
const KEY_META = 'countersign/idempotency-key';
const PROGRESS_MS = 5_000;
const SAYS: Readonly<Record<string, string>> = {
  tool_changed:
    'Not run. The server changed this tool since it was reviewed; it is held until somebody has looked at the difference.',
  tool_not_reviewed: 'Not run. Nobody has reviewed this tool yet.',
  tool_unknown: 'Not run. The server has no such tool.',
};

export function proxyServer(parts: ServerParts, callerOf: CallerOf): Server {
  const offers = (name: string): boolean => name in parts.capabilities;
  const links = linksFor(parts.state_key, parts.server, (ctx) => callerOf(ctx).name);
  const server = new TaskServer(
    { name: `countersign-${parts.server}`, version: '0.1.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        ...TASK_CAPABILITIES,
        ...(offers('resources') ? { resources: {} } : {}),
        ...(offers('prompts') ? { prompts: {} } : {}),
        ...(offers('completions') ? { completions: {} } : {}),
      },
      requestState: { verify: links.verify },
    },
  );
  const handle = (method: string, answer: (params: Params, ctx: ServerContext) => Promise<McpResult>): void =>
    server.setRequestHandler(
      method as 'tools/call',
      ((request: Request, ctx: ServerContext) => answer(withoutMeta(request.params ?? {}), ctx)) as never,
    );
  const connection = { server, notices: taskNotices(server.closed) };
  serveTasks(server, parts, callerOf);
  handle('tools/list', (_, ctx) => listTools(parts, callerOf(ctx)));
  handle('tools/call', (params, ctx) => callTool({ ...parts, ...callerOf(ctx), links }, connection, params, ctx));
  for (const method of MCP_REQUESTS) {
    const [kind] = method.split('/');
    if (method === 'tools/call' || !offers(kind === 'completion' ? 'completions' : kind!)) continue;
    handle(method, async (params, ctx) => {
      const asked = askedOf({ ...parts, links }, server, { method, params }, ctx);
      const answer = await askPlane({ ...parts, ...callerOf(ctx) }, asked);
      const link = LINKED.has(method) ? await links.show(answer.outcome, ctx) : null;
      return link ?? handOver(answer, () => otherResult(answer.outcome));
    });
  }
  return server;
}

/** Without the plane nobody knows what may be offered. Throws a ProtocolError. */
async function listTools({ server, tools }: ServerParts, { client }: ListingCaller): Promise<McpResult> {
  try {
    return { tools: await offeredTools(server, tools, client) };
  } catch (thrown) {
    if (thrown instanceof ApiError) return otherResult(outcomeOfFailure(thrown));
    const { code, text } = faultOf(thrown);
    throw new ProtocolError(NOT_RUN, text, { status: 'refused', code });
  }
}

async function callTool(parts: TalkParts & Caller, connection: Connection, sent: Params, ctx: ServerContext) {
  const declared = declaredTask(sent, ctx);
  const { task: _, ...params } = sent;
  if (params.name === RESULT_TOOL.name)
    return declared?.era === '2025' ? refuseTask() : fetchResult(parts, params, ctx);
  const found = await parts.tools.find(String(params.name)).catch(faultOf);
  if (found !== null && 'text' in found) return refuse(found, declared);
  const may = callable(found);
  if ('refused' in may) return refuse({ code: may.refused, text: SAYS[may.refused]! }, declared);
  const { annotations } = found!.now as Tool;
  const tool = { digest: may.digest, annotations };
  const call = { ...askedOf(parts, connection.server, { method: 'tools/call', params }, ctx), tool };
  // Who asks for a task waits by asking about it.
  const asked = declared?.era === '2025' ? { ...call, wait_ms: 0 } : call;
  const stop = sayProgress(ctx);
  const answer = await askPlane(parts, asked).finally(stop);
  if (declared !== null) answerWithTask(parts, connection, declared, answer);
  return (await parts.links.show(answer.outcome, ctx)) ?? handOver(answer, () => toolResult(answer.outcome));
}

type Fault = { code: string; text: string };

/** Why nobody can say which tools there are. Throws what is a bug. */
function faultOf(thrown: unknown): Fault {
  if (thrown instanceof ApiError) return { code: thrown.code, text: tell(outcomeOfFailure(thrown)).text };
  if (thrown instanceof UpstreamError) return { code: thrown.code, text: `Not run: ${thrown.message}.` };
  if (thrown instanceof RecordError)
    return { code: thrown.code, text: 'Not run. The record of reviewed tools does not count; its owner has to look.' };
  throw thrown;
}

/** A client that takes nothing but a task hears of a fault. */
function refuse({ code, text }: Fault, declared: Declared | null): McpResult {
  if (declared?.era === '2025') throw new ProtocolError(NOT_RUN, text, { status: 'refused', code });
  return refusal(code, text);
}

async function fetchResult(parts: ServerParts & Caller, params: Params, ctx: ServerContext): Promise<McpResult> {
  const job_id = String((params.arguments as Params | undefined)?.job_id ?? '');
  if (!/^mcp-[0-9a-f-]{1,60}$/.test(job_id)) return refusal('job_unknown', 'That is no job id of a pending answer.');
  const answer = await askAgain(parts, job_id, waitOf(parts, ctx), ctx.mcpReq.signal);
  return handOver(answer, () => fetchedResult(answer.outcome));
}

function handOver({ handedOver }: Answer, show: () => McpResult): McpResult {
  handedOver();
  return show();
}

function askedOf(
  parts: TalkParts,
  server: Server,
  { method, params }: { method: Method; params: Params },
  ctx: ServerContext,
): Asked {
  const key = ctx.mcpReq._meta?.[KEY_META];
  const envelope = ctx.mcpReq.envelope as Readonly<Record<string, unknown>> | undefined;
  const named = (envelope?.[CLIENT_INFO_META_KEY] ?? server.getClientVersion() ?? {}) as Partial<Asked['client']>;
  return {
    method,
    params,
    client: { name: String(named.name ?? 'unknown'), version: String(named.version ?? '') },
    ...(typeof key === 'string' ? { idempotency_key: key } : {}),
    wait_ms: parts.links.declined(ctx) ? 0 : waitOf(parts, ctx),
    signal: ctx.mcpReq.signal,
  };
}

/** A client may ask for a shorter wait, never a longer one. */
function waitOf({ wait_ms }: ServerParts, ctx: ServerContext): number {
  const asked = ctx.mcpReq._meta?.[WAIT_META];
  return typeof asked === 'number' && asked >= 0 ? Math.min(asked, wait_ms) : wait_ms;
}

/** That it is waited for, and nothing of the call. */
function sayProgress({ mcpReq }: ServerContext): () => void {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let progress = 0;
  const timer = setInterval(() => {
    progress += 1;
    const params = { progressToken, progress, message: 'waiting for Countersign' };
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  }, PROGRESS_MS);
  return () => clearInterval(timer);
}

function withoutMeta({ _meta: _, ...params }: Params): Params {
  return params;
}
