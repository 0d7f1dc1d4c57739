/**
 * Puts the tools of a LangChain.js or LangGraph agent behind a gate: each is replaced by one of the same name and schema that
 * asks first. What arrives there is what would run, whatever middleware did before; the framework's own approvals are not read.
 */
import { DEFAULT_WAIT_MS, type Gate, type LocalResult, neverRun, type Outcome } from '@countersign/adapter-core/gate';
import { type Told, tell } from '@countersign/adapter-core/words';
import { ToolMessage } from '@langchain/core/messages';
import { type StructuredToolInterface, tool } from '@langchain/core/tools';
import { requireSupported } from './supported.ts';

export type GuardOptions = {
  gate: Gate;
  /** Milliseconds for which a call waits for its outcome before the model hears that it is pending. */
  wait_ms?: number;
  /** What one run is. Left out, the thread: `configurable.thread_id`. */
  runOf?: (config: RunConfig) => string | undefined;
  /** Local placement: the tool's arguments out of the job's payload. Left out, the payload is the arguments. */
  argumentsOf?: (payload: unknown) => unknown;
  /** Hears the supported range at the start, and what a gate that failed threw; content is never among it. */
  log?: (line: string) => void;
};
type RunConfig = { configurable?: Record<string, unknown>; signal?: AbortSignal; toolCall?: { id?: string } };

const FAILED: Told = {
  text: 'The gate failed, and nobody knows whether this ran. Do not repeat it; ask a person to look.',
  error: true,
  data: { status: 'unknown' },
};

/** Throws for a version that is not supported, and for a tool that the model's provider runs: it would pass by the gate. */
export function guardTools(
  tools: readonly StructuredToolInterface[],
  options: GuardOptions,
): StructuredToolInterface[] {
  options.log?.(requireSupported());
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
      const told = await ask(original, options, { call_id, input, config });
      const status = told.error ? 'error' : 'success';
      const additional_kwargs = { countersign: told.data };
      return new ToolMessage({ content: told.text, tool_call_id: call_id, name, status, additional_kwargs });
    },
    { name, description, schema: schema as never },
  ) as unknown as StructuredToolInterface;
}

type Asked = { call_id: string; input: unknown; config: RunConfig };

async function ask(original: StructuredToolInterface, options: GuardOptions, asked: Asked): Promise<Told> {
  const { call_id, input, config } = asked;
  const run = (options.runOf ?? threadOf)(config);
  if (run === undefined) throw new Error('no thread_id in configurable, and no runOf: the tool was not run');
  const signal = config.signal ?? new AbortController().signal;
  const wait_ms = options.wait_ms ?? DEFAULT_WAIT_MS;
  try {
    const call = { framework: 'langchain', run, call_id, tool: original.name, input, wait_ms, signal };
    return await show(original, options, await options.gate(call));
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    // The framework would show the model what was thrown.
    options.log?.(`a gate failed: ${thrown instanceof Error ? thrown.name : typeof thrown}`);
    return FAILED;
  }
}

function show(original: StructuredToolInterface, options: GuardOptions, outcome: Outcome): Told | Promise<Told> {
  switch (outcome.kind) {
    case 'run_here':
      return runHere(original, options, outcome);
    case 'released':
    case 'denied':
    case 'quarantined':
    case 'pending':
    case 'unknown':
    case 'unavailable':
      return tell(outcome);
    default:
      return neverRun(outcome);
  }
}

/** The model hears what was released, never what the tool returned. */
async function runHere(
  original: StructuredToolInterface,
  { argumentsOf = (payload) => payload }: GuardOptions,
  { input, signal, finish }: Extract<Outcome, { kind: 'run_here' }>,
): Promise<Told> {
  let result: LocalResult;
  try {
    result = { output: await original.invoke(argumentsOf(input) as never, { signal }) };
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : 'thrown without a message';
    result = { error: { code: 'tool_failed', detail } };
  }
  return tell(await finish(result));
}

function threadOf({ configurable }: RunConfig): string | undefined {
  const thread = configurable?.thread_id;
  return typeof thread === 'string' && thread !== '' ? thread : undefined;
}
