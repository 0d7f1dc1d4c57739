/**
 * Puts the tools of a LangChain.js or LangGraph agent behind a gate: each is replaced by one of the same name and schema that
 * asks first. What arrives there is what would run, whatever middleware did before; the framework's own approvals are not read.
 */
import { type GuardOptions as CoreOptions, guardCall } from '@countersign/adapter-core/guard-call';
import { requireSupported } from '@countersign/adapter-core/supported';
import { ToolMessage } from '@langchain/core/messages';
import { type StructuredToolInterface, tool } from '@langchain/core/tools';

export type GuardOptions = CoreOptions & {
  /** What one run is. Left out, the thread: `configurable.thread_id`. */
  runOf?: (config: RunConfig) => string | undefined;
};
type RunConfig = { configurable?: Record<string, unknown>; signal?: AbortSignal; toolCall?: { id?: string } };

/** Verified with 1.4.0 under langchain 1.5.14 and langgraph 1.7.3. */
export const SUPPORTED = { package: '@langchain/core', from: '1.2.13', before: '2.0.0' } as const;

/** Throws for a version that is not supported, and for a tool that the model's provider runs: it would pass by the gate. */
export function guardTools(
  tools: readonly StructuredToolInterface[],
  options: GuardOptions,
): StructuredToolInterface[] {
  requireSupported(SUPPORTED, import.meta.url, options.log);
  return tools.map((each) => guardTool(each, options));
}

function guardTool(original: StructuredToolInterface, options: GuardOptions): StructuredToolInterface {
  const { name, description, schema } = original;
  if (typeof original.invoke !== 'function' || typeof name !== 'string')
    throw new TypeError('only tools that run in this process can be guarded; one of these is run by the provider');
  return tool(
    async (input: unknown, config: RunConfig) => {
      const call_id = config.toolCall?.id;
      if (call_id === undefined) throw new Error(`${name} was called without the id of a tool call: it was not run`);
      const run = (options.runOf ?? threadOf)(config);
      if (run === undefined) throw new Error('no thread_id in configurable, and no runOf: the tool was not run');
      const execute = (args: unknown, signal: AbortSignal) => original.invoke(args as never, { signal });
      const call = { framework: 'langchain', run, call_id, tool: name, input, signal: config.signal, execute };
      const { text, error, data } = await guardCall(options, call);
      const status = error ? 'error' : 'success';
      return new ToolMessage({
        content: text,
        tool_call_id: call_id,
        name,
        status,
        additional_kwargs: { countersign: data },
      });
    },
    { name, description, schema: schema as never },
  ) as unknown as StructuredToolInterface;
}

function threadOf({ configurable }: RunConfig): string | undefined {
  const thread = configurable?.thread_id;
  return typeof thread === 'string' && thread !== '' ? thread : undefined;
}
