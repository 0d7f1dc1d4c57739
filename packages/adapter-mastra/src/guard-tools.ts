/**
 * Puts tools of Mastra behind a gate: the same tools, whose `execute` asks first. Hooks are a courtesy: those of a run replace
 * those of its agent, and an answer that Mastra does not know runs the tool.
 */
import { type GuardOptions as CoreOptions, guardCall } from '@countersign/adapter-core/guard-call';
import { NotReleased } from '@countersign/adapter-core/not-released';
import { requireSupported } from '@countersign/adapter-core/supported';

/** Verified under 1.71.0. */
export const SUPPORTED = { package: '@mastra/core', from: '1.0.0', before: '2.0.0' } as const;

export type GuardOptions = CoreOptions & {
  /** One run, e.g. out of the context's thread. */
  run: string | ((context: Context) => string);
};

type Context = {
  agent?: { toolCallId?: string; threadId?: string; resourceId?: string };
  abortSignal?: AbortSignal;
};
type Execute = (input: unknown, context: Context) => unknown;
type AnyTool = { id: string };

/** Throws for a version that is not supported, and for a tool that does not run in this process. */
export function guardTools<T extends Record<string, AnyTool>>(tools: T, options: GuardOptions): T {
  requireSupported(SUPPORTED, import.meta.url, options.log);
  return Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, guardTool(tool, options)])) as T;
}

function guardTool(tool: AnyTool, options: GuardOptions): AnyTool {
  const original = (tool as { execute?: unknown }).execute;
  if (typeof original !== 'function') throw new TypeError(`the tool ${tool.id} does not run in this process`);
  const execute: Execute = async (input, context) => {
    const call_id = context?.agent?.toolCallId;
    if (call_id === undefined) throw new Error(`${tool.id} was called without the id of a tool call: it was not run`);
    const shown = await guardCall(options, {
      framework: 'mastra',
      run: typeof options.run === 'string' ? options.run : options.run(context),
      call_id,
      tool: tool.id,
      input,
      signal: context.abortSignal,
      execute: (args, abortSignal) => (original as Execute).call(tool, args, { ...context, abortSignal }),
    });
    if (shown.error) throw new NotReleased(shown.text, shown.data);
    return shown.output;
  };
  return Object.assign(Object.create(Object.getPrototypeOf(tool)), tool, { execute });
}
