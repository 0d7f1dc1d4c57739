/**
 * Hooks for the Claude Agent SDK. Its built-in tools (Bash, Write, Edit) run inside its own command line, so the hook is the only
 * gate there is: with a local gate the plane decides, claims and records, and what the model is shown is what was released.
 * It is weaker than every other adapter: nothing but the SDK enforces the hook, and other hooks see the output as it was.
 */
import type { Gate, LocalResult, Outcome } from '@countersign/adapter-core/gate';
import { DEFAULT_WAIT_MS } from '@countersign/adapter-core/gate';
import type { GuardOptions } from '@countersign/adapter-core/guard-call';
import { requireSupported } from '@countersign/adapter-core/supported';
import { tell } from '@countersign/adapter-core/words';
import { type Shown, shownOf, showsMore } from './shown-output.ts';

/**
 * Tried under 0.3.332. `onFailure` of a hook exists from 0.3.300 on, without which the SDK runs the tool when a hook throws; since when
 * `PostToolBatch` is asked, without which nobody would see that an output was not replaced, its notes do not say.
 */
export const SUPPORTED = { package: '@anthropic-ai/claude-agent-sdk', from: '0.3.332', before: '0.4.0' } as const;

export type HookOptions = Omit<GuardOptions, 'argumentsOf'> & {
  /** One run. Left out, the session. */
  runOf?: (input: { session_id: string }) => string;
};

type Before = { session_id: string; tool_name: string; tool_input: unknown; tool_use_id: string };
type After = Before & { tool_response?: unknown; error?: unknown };
type Batch = { tool_calls: { tool_use_id: string; tool_response?: unknown }[] };
type Context = { signal?: AbortSignal };
type Hook<I> = (input: I, tool_use_id: string | undefined, context: Context) => Promise<Record<string, unknown>>;
type Matcher<I> = { hooks: Hook<I>[]; timeout: number; onFailure: 'block' };
export type Hooks = {
  PreToolUse: Matcher<Before>[];
  PostToolUse: Matcher<After>[];
  PostToolUseFailure: Matcher<After>[];
  PostToolBatch: Matcher<Batch>[];
};

/** Give these to `query` as `options.hooks`. Throws for a version that is not supported. */
export function hooks(options: HookOptions): Hooks {
  requireSupported(SUPPORTED, import.meta.url, options.log);
  const calls: Calls = { running: new Map(), shown: new Map() };
  // The SDK blocks a callback that takes longer; it shall hear of a pending call before.
  const timeout = Math.ceil((options.wait_ms ?? DEFAULT_WAIT_MS) / 1_000) + SLACK_S;
  const matching = <I>(hook: Hook<I>): Matcher<I>[] => [{ hooks: [hook], timeout, onFailure: 'block' }];
  return {
    PreToolUse: matching((input, _, { signal }) => before(options, calls, input, signal)),
    PostToolUse: matching((input) => after(options, calls, input, { output: input.tool_response })),
    PostToolUseFailure: matching((input) =>
      after(options, calls, input, { error: { code: 'tool_failed', detail: String(input.error ?? 'failed') } }),
    ),
    PostToolBatch: matching(async (input) => beforeModel(calls, input)),
  };
}

type Finish = Extract<Outcome, { kind: 'run_here' }>['finish'];
/** By the id of the call: what was allowed and has not been reported, and what of it may be shown. */
type Calls = { running: Map<string, Finish>; shown: Map<string, Shown> };
const SLACK_S = 10;

async function before(
  options: HookOptions,
  { running }: Calls,
  input: Before,
  signal = new AbortController().signal,
): Promise<Record<string, unknown>> {
  try {
    const run = options.runOf?.(input) ?? input.session_id;
    const call = {
      framework: 'claude-agent',
      run,
      call_id: input.tool_use_id,
      tool: input.tool_name,
      input: input.tool_input,
    };
    const outcome = await (options.gate as Gate)({ ...call, wait_ms: options.wait_ms ?? DEFAULT_WAIT_MS, signal });
    if (outcome.kind !== 'run_here') return decide('deny', { permissionDecisionReason: tell(outcome).text });
    running.set(input.tool_use_id, outcome.finish);
    return decide('allow', { updatedInput: outcome.input });
  } catch (thrown) {
    options.log?.(`a gate failed: ${thrown instanceof Error ? thrown.name : typeof thrown}`);
    return decide('deny', { permissionDecisionReason: 'The gate failed: not run.' });
  }
}

/** Without a report of the SDK the lease ends, and the job with it: nobody knows what came of it. */
async function after(
  options: HookOptions,
  { running, shown }: Calls,
  input: After,
  result: LocalResult,
): Promise<Record<string, unknown>> {
  const finish = running.get(input.tool_use_id);
  running.delete(input.tool_use_id);
  const raw = 'output' in result ? result.output : result.error.detail;
  const show = await released(options, finish, result, raw);
  shown.set(input.tool_use_id, show);
  if ('error' in result || show.instead === undefined) return {};
  return { hookSpecificOutput: { hookEventName: 'PostToolUse', updatedToolOutput: show.instead } };
}

/** A hook that throws leaves the output as the tool returned it. */
async function released({ log }: HookOptions, finish: Finish | undefined, result: LocalResult, raw: unknown) {
  if (finish === undefined) return shownOf(raw, null, 'The output is not shown: nobody asked the plane for this call.');
  try {
    return shownOf(raw, await finish(result));
  } catch (thrown) {
    log?.(`a gate failed: ${thrown instanceof Error ? thrown.name : typeof thrown}`);
    return shownOf(
      raw,
      null,
      'The gate failed: the output is not shown. Do not repeat the call; ask a person to look.',
    );
  }
}

/** The last word before the model is asked again: where it would see more than was released, the run ends. */
function beforeModel({ running, shown }: Calls, { tool_calls }: Batch): Record<string, unknown> {
  const more = tool_calls.filter(({ tool_use_id, tool_response }) => {
    const show = shown.get(tool_use_id);
    shown.delete(tool_use_id);
    return running.has(tool_use_id) || (show !== undefined && showsMore(show, tool_response));
  });
  if (more.length === 0) return {};
  return {
    continue: false,
    stopReason: 'Countersign: the output of a tool was not released, and the SDK would show it.',
  };
}

function decide(permissionDecision: 'allow' | 'deny', more: Record<string, unknown>): Record<string, unknown> {
  return { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision, ...more } };
}
