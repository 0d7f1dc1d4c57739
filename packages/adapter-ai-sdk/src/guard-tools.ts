/**
 * Puts the tools of the AI SDK behind a gate: the same tools, whose `execute` asks first. Its own approvals are a courtesy: it
 * runs the tool for an answer that it does not know, and for an approval that comes twice.
 */
import { type GuardOptions as CoreOptions, guardCall } from '@countersign/adapter-core/guard-call';
import { NotReleased } from '@countersign/adapter-core/not-released';
import { requireSupported } from '@countersign/adapter-core/supported';

/** Verified with 7.0.173 and 6.0.325. */
export const SUPPORTED = { package: 'ai', from: '6.0.0', before: '8.0.0' } as const;

export type GuardOptions = CoreOptions & {
  /** One run: a conversation with its turn, or what names it. */
  run: string | (() => string);
  /** Names of tools that run elsewhere (at the provider, in the browser) and may pass by the gate. */
  ungoverned?: readonly string[];
};

type CallOptions = { toolCallId: string; abortSignal?: AbortSignal };
type Execute = (input: unknown, options: CallOptions) => unknown;
type AnyTool = { type?: string | undefined; execute?: unknown };

/** Throws for a version that is not supported, and for a tool that does not run here and is not named in `ungoverned`. */
export function guardTools<T extends Record<string, AnyTool>>(tools: T, options: GuardOptions): T {
  requireSupported(SUPPORTED, import.meta.url, options.log);
  const guarded = Object.entries(tools).map(([name, tool]) => [name, guardTool(name, tool, options)]);
  return Object.fromEntries(guarded) as T;
}

function guardTool(name: string, tool: AnyTool, options: GuardOptions): AnyTool {
  if (typeof tool.execute !== 'function') {
    if (options.ungoverned?.includes(name)) return tool;
    throw new TypeError(`the tool ${name} does not run in this process: name it in ungoverned, or leave it out`);
  }
  const original = tool.execute as Execute;
  const execute: Execute = async (input, given) => {
    const shown = await guardCall(options, {
      framework: 'ai-sdk',
      run: typeof options.run === 'string' ? options.run : options.run(),
      call_id: given.toolCallId,
      tool: name,
      input,
      signal: given.abortSignal,
      execute: async (args, abortSignal) => lastOf(await original(args, { ...given, abortSignal })),
    });
    if (shown.error) throw new NotReleased(shown.text, shown.data);
    return shown.output;
  };
  return { ...tool, execute };
}

/** A tool that streams has its last value as its output: nothing of it leaves before it was screened. */
async function lastOf(output: unknown): Promise<unknown> {
  if (typeof output !== 'object' || output === null || !(Symbol.asyncIterator in output)) return output;
  let last: unknown;
  for await (const each of output as AsyncIterable<unknown>) last = each;
  return last;
}
