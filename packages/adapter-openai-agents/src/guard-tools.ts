/**
 * Puts function tools of the OpenAI Agents SDK behind a gate: the same tools, whose `invoke` asks first. Its approvals and
 * guardrails are a courtesy: it runs the tool for an answer that it does not know, and for a stored approval that comes twice.
 */
import { type GuardOptions as CoreOptions, guardCall } from '@countersign/adapter-core/guard-call';
import { requireSupported } from '@countersign/adapter-core/supported';

/** Verified with 0.20.0. */
export const SUPPORTED = { package: '@openai/agents-core', from: '0.4.0', before: '0.21.0' } as const;

export type GuardOptions = CoreOptions & {
  /** One run: a session with its turn, or what names it. */
  run: string | (() => string);
  /** Names of tools that run elsewhere (hosted ones) or by other means (shell, computer) and may pass by the gate. */
  ungoverned?: readonly string[];
};

type Details = { toolCall?: { callId?: string }; signal?: AbortSignal };
type Invoke = (context: never, input: string, details?: Details) => Promise<unknown>;
type AnyTool = { type: string; name: string };

/** Throws for a version that is not supported, and for a tool that is no function and not named in `ungoverned`. */
export function guardTools<T extends AnyTool>(tools: readonly T[], options: GuardOptions): T[] {
  requireSupported(SUPPORTED, import.meta.url, options.log);
  return tools.map((tool) => guardTool(tool, options));
}

function guardTool<T extends AnyTool>(tool: T, options: GuardOptions): T {
  if (tool.type !== 'function') {
    if (options.ungoverned?.includes(tool.name)) return tool;
    throw new TypeError(`the tool ${tool.name} is not a function: name it in ungoverned, or leave it out`);
  }
  const original = (tool as unknown as { invoke: Invoke }).invoke;
  const invoke: Invoke = async (context, text, details) => {
    const call_id = details?.toolCall?.callId;
    if (call_id === undefined) throw new Error(`${tool.name} was called without the id of a tool call: it was not run`);
    const input = readArguments(text);
    if (input === null) return 'Not run. The arguments are no JSON object.';
    const shown = await guardCall(options, {
      framework: 'openai-agents',
      run: typeof options.run === 'string' ? options.run : options.run(),
      call_id,
      tool: tool.name,
      input,
      signal: details?.signal,
      execute: (args, signal) => original(context, JSON.stringify(args), { ...details, signal }),
    });
    return shown.text;
  };
  // The SDK's timeout does not end what runs; it would only say that it did. How long a call waits is `wait_ms`.
  return { ...tool, invoke, timeoutMs: undefined };
}

function readArguments(text: string): object | null {
  try {
    const input: unknown = JSON.parse(text);
    return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : null;
  } catch {
    return null;
  }
}
