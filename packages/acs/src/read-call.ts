/** Reads a step as the call it asks about: what is decided has to be what the host runs, so what says two things is refused. */
import { MCP_REQUESTS } from '@countersign/adapter-core/mcp-requests';
import { topicToken } from '@countersign/adapter-core/topic-token';
import { tellShapeFaults } from '@countersign/contracts/shape-fault';
import { z } from 'zod';
import type { AcsRequest } from './envelope.ts';
import { AcsError } from './envelope.ts';

/** `key` finds the call again when its result comes; `tool` is its own name, and `topic` what follows `job.acs.<host>.`. */
export type AcsCall = { key: string; tool: string; topic: string; input: Record<string, unknown> };
/** `ref`: key of the call; null where the host does not say, and only the tool tells. */
export type AcsResult = { ref: string | null; tool: string; output: unknown; failed: boolean };

const name = z.string().min(1).max(1_000);
const toolCall = z.looseObject({
  tool: z.looseObject({ name }),
  operation: name.optional(),
  arguments: z.record(z.string(), z.looseObject({ value: z.unknown() })),
  raw_command: z.string().optional(),
});
const toolResult = z.looseObject({
  tool: z.looseObject({ name }),
  request_id_ref: z.string().optional(),
  exit_status: z.enum(['success', 'failure', 'timeout', 'blocked']),
  outputs: z.array(z.looseObject({ value: z.unknown() })),
});
const wrapped = z.looseObject({ id: z.union([z.string(), z.number()]) });
const wrappedCall = wrapped.extend({
  method: z.literal('tools/call'),
  params: z.looseObject({ name, arguments: z.record(z.string(), z.unknown()).default({}) }),
});
const wrappedRequest = wrapped.extend({
  method: z.string(),
  params: z.record(z.string(), z.unknown()).default({}),
});
const wrappedResult = wrapped.extend({ result: z.looseObject({ isError: z.boolean().optional() }) });
const wrappedError = wrapped.extend({ error: z.looseObject({ code: z.number(), message: z.string() }) });

const MCP = 'protocols/MCP/';
export const MCP_METHODS: readonly string[] = MCP_REQUESTS.map((method) => `${MCP}${method}`);

/** Case is folded, since hosts name the same tool `Bash` and `bash`; the label `acs_tool` has the name as it was. */
export function topicOf(...names: string[]): string {
  return names.map((each) => topicToken(each.toLowerCase())).join('.');
}

export function readToolCall({ params }: AcsRequest): AcsCall {
  const { tool, operation, arguments: given, raw_command } = parse(toolCall, params.payload);
  const input = Object.fromEntries(Object.entries(given).map(([key, { value }]) => [key, value ?? null]));
  if (raw_command !== undefined && raw_command !== input.command)
    throw new AcsError('INVALID_PARAMS', 'raw_command is not the argument `command`: nobody knows which would run');
  const topic = topicOf(tool.name, ...(operation === undefined ? [] : [operation]));
  return { key: params.request_id, tool: tool.name, topic, input };
}

export function readToolResult({ params }: AcsRequest): AcsResult {
  const { tool, request_id_ref: ref = null, exit_status, outputs } = parse(toolResult, params.payload);
  const values = outputs.map(({ value }) => value ?? null);
  return {
    ref,
    tool: tool.name,
    output: values.length === 1 ? values[0] : values,
    failed: exit_status !== 'success',
  };
}

/** A request of MCP and, under the same id, its answer: both come by the request's own method. */
export function readMcp({ method, params }: AcsRequest): AcsCall | AcsResult {
  const keyOf = (id: string | number): string => `mcp ${JSON.stringify(id)}`;
  const result = wrappedResult.safeParse(params.payload);
  if (result.success) {
    const { id, result: output } = result.data;
    return { ref: keyOf(id), tool: '', output, failed: output.isError === true };
  }
  const failed = wrappedError.safeParse(params.payload);
  if (failed.success) return { ref: keyOf(failed.data.id), tool: '', output: failed.data.error, failed: true };
  const asked = method.slice(MCP.length);
  if (asked === 'tools/call') {
    const { id, params: call } = parse(wrappedCall, params.payload);
    return { key: keyOf(id), tool: call.name, topic: topicOf('mcp', call.name), input: call.arguments };
  }
  const request = parse(wrappedRequest, params.payload);
  if (request.method !== asked)
    throw new AcsError(
      'INVALID_PARAMS',
      'the step names another method than its payload: nobody knows which would run',
    );
  // A segment more than a tool's topic has, so it is never taken for a tool's.
  return { key: keyOf(request.id), tool: asked, topic: topicOf('mcp', ...asked.split('/')), input: request.params };
}

function parse<T extends z.ZodType>(schema: T, payload: unknown): z.output<T> {
  const read = schema.safeParse(payload);
  if (read.success) return read.data;
  const faults = tellShapeFaults(read.error.issues.slice(0, 5), payload, 'all of it');
  throw new AcsError('INVALID_PARAMS', `payload: ${faults}`);
}
