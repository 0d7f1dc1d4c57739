/** What every adapter does with a tool call: ask, run here only when told to, and hand on only what was released. */
import { DEFAULT_WAIT_MS, type Gate, type LocalResult, neverRun, type Outcome } from './gate.ts';
import { type Told, tell } from './words.ts';

export type GuardOptions = {
  gate: Gate;
  /** Milliseconds for which a call waits for its outcome before the model hears that it is pending. */
  wait_ms?: number;
  /** Local placement: the tool's arguments out of the job's payload. Left out, the payload is the arguments. */
  argumentsOf?: (payload: unknown) => unknown;
  /** Hears the supported range at the start, and what a gate that failed threw; content is never among it. */
  log?: (line: string) => void;
};

export type GuardedCall = {
  framework: string;
  run: string;
  call_id: string;
  tool: string;
  input: unknown;
  signal?: AbortSignal | undefined;
  /** The framework's own copy of the tool. */
  execute(input: unknown, signal: AbortSignal): unknown;
};

/** `output`: the released value itself, undefined where there is none. */
export type Shown = Told & { output?: unknown };

/** Throws the reason of an aborted signal, and nothing that a framework could take for a yes or show its model. */
export async function guardCall(options: GuardOptions, { execute, ...call }: GuardedCall): Promise<Shown> {
  const signal = call.signal ?? new AbortController().signal;
  try {
    const outcome = await options.gate({ ...call, signal, wait_ms: options.wait_ms ?? DEFAULT_WAIT_MS });
    return await show(outcome, (input, until) => execute((options.argumentsOf ?? same)(input), until));
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    options.log?.(`a gate failed: ${thrown instanceof Error ? thrown.name : typeof thrown}`);
    return FAILED;
  }
}

async function show(outcome: Outcome, execute: GuardedCall['execute']): Promise<Shown> {
  switch (outcome.kind) {
    case 'run_here':
      return show(await outcome.finish(await resultOf(() => execute(outcome.input, outcome.signal))), execute);
    case 'released':
      return { ...tell(outcome), output: outcome.output };
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

async function resultOf(execute: () => unknown): Promise<LocalResult> {
  try {
    return { output: await execute() };
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : 'thrown without a message';
    return { error: { code: 'tool_failed', detail } };
  }
}

function same(payload: unknown): unknown {
  return payload;
}

const FAILED: Told = {
  text: 'The gate failed, and nobody knows whether this ran. Do not repeat it; ask a person to look.',
  error: true,
  data: { status: 'unknown' },
};
