/**
 * What every adapter asks for each tool call, and all that it can be answered. `released` and `run_here` are the only ways to
 * an effect; nothing in a framework's history, state or resume value is one.
 */
import type { Constraints, Remediation } from '@countersign/contracts/decision';

export type ToolCall = {
  /** Name of the adapter, e.g. `langchain`. */
  framework: string;
  /** What the framework calls one run: a thread, a session with its turn. It names the call, and is the job's label `run`. */
  run: string;
  /** The id that the model gave the call: asked again under the same one, the same answer comes; while it waits, under any other too. */
  call_id: string;
  tool: string;
  input: unknown;
  /** Milliseconds to wait for an outcome before it is `pending`; 0 does not wait. */
  wait_ms: number;
  /** Aborted, the gate throws its reason; the job goes on unless the gate was told to cancel it. */
  signal: AbortSignal;
};

/** How a tool that was run in the agent's own process ended. */
export type LocalResult = { output: unknown } | { error: { code: string; detail: string } };

export type Outcome =
  /** It ran somewhere, and its output was screened. `failed`: what it returned is an error. */
  | { kind: 'released'; output: unknown; failed: boolean; job_id: string }
  /** To be run now, with this input and under these constraints; the attempt is claimed. `finish` answers what was released. */
  | {
      kind: 'run_here';
      input: unknown;
      constraints: Constraints;
      signal: AbortSignal;
      finish(result: LocalResult): Promise<Exclude<Outcome, { kind: 'run_here' }>>;
      job_id: string;
    }
  /** It did not run and will not. */
  | {
      kind: 'denied';
      code: string;
      rule_id: string | null;
      reason: string;
      remediation: Remediation | null;
      job_id: string | null;
    }
  /** It ran, and what it returned is quarantined. */
  | { kind: 'quarantined'; job_id: string }
  /** It has not run. `approval_id` is null where it waits for something else than people. */
  | {
      kind: 'pending';
      job_id: string;
      approval_id: string | null;
      groups: readonly string[];
      url: string | null;
      expires_at: string | null;
      retry_after_ms: number;
    }
  /** It may have run and may not; nobody knows what came of it. Never tried again here. */
  | { kind: 'unknown'; job_id: string }
  /** Nobody decided. It did not run, unless an earlier call under the same id did. */
  | { kind: 'unavailable'; retry_after_ms: number };

export type Gate = (call: ToolCall) => Promise<Outcome>;

export const DEFAULT_WAIT_MS = 20_000;

/** For the default of a switch over outcomes: an outcome that an adapter does not know never runs a tool. */
export function neverRun(outcome: never): never {
  throw new Error(`an outcome that this adapter does not know: ${String((outcome as { kind?: unknown }).kind)}`);
}
