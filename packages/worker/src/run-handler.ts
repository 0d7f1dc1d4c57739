/**
 * Runs one job's handler under its signal and timeout and turns whatever comes of it into a status and an output. The
 * output is content: nothing here logs it.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { WorkerResult } from '@countersign/contracts/worker';
import { CanonicalError, canonicalize, type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';
import { RetryableError } from './retryable-error.ts';

export type Outcome = Pick<WorkerResult, 'status' | 'retryable' | 'output'>;
/** Why a run was ended from outside, as its signal's reason. */
export type EndReason = 'stopped' | 'timed_out' | 'lease_lost' | 'worker_stopping';

export type Run = {
  abort(reason: EndReason): void;
  /** The result to report, at most `stop_grace_ms` after the abort. Null when the lease was lost: nobody would accept it. */
  outcome: Promise<Outcome | null>;
  /** Resolves when the handler has really ended; until then its slot is taken. */
  ended: Promise<void>;
};

export function runHandler(
  handle: (signal: AbortSignal) => unknown,
  bounds: { timeout_ms: number; max_output_bytes: number },
): Run {
  const controller = new AbortController();
  const abort = (reason: EndReason): void => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const timeout = setTimeout(abort, bounds.timeout_ms, 'timed_out' satisfies EndReason);
  const work = settle(handle, controller.signal, bounds.max_output_bytes);
  const ended = work.then(() => clearTimeout(timeout));
  const outcome = Promise.race([work, afterGrace(controller.signal, ended)]).then((own) =>
    controller.signal.aborted ? interrupted(controller.signal.reason as EndReason) : own,
  );
  return { abort, outcome, ended };
}

async function settle(
  handle: (signal: AbortSignal) => unknown,
  signal: AbortSignal,
  max_output_bytes: number,
): Promise<Outcome | null> {
  try {
    return readBack((await handle(signal)) ?? null, max_output_bytes);
  } catch (thrown) {
    return failureFrom(thrown);
  }
}

/**
 * The output as its reader will parse it: what could not be read back strictly (U+0000, 2^53, forty levels) is better told
 * by its author than by its reader, and a getter or a late change makes no difference between what is signed and sent.
 */
function readBack(output: unknown, max_output_bytes: number): Outcome {
  const text = canonicalize(output);
  const bytes = Buffer.byteLength(text);
  if (bytes > max_output_bytes) {
    return failed('output_too_large', `${bytes} bytes, ${max_output_bytes} are allowed`, false);
  }
  const read = parseStrict(`{"output":${text}}`);
  if (!read.ok) return failed('output_not_json', `${read.code} at ${read.at}`, false);
  return { status: 'succeeded', retryable: false, output: (read.value as { output: JsonValue }).output };
}

/** Both texts may be anybody's: an error of a library, a name out of a payload. */
function failed(code: string, detail: string, retryable: boolean): Outcome {
  return {
    status: 'failed',
    retryable,
    output: { error: { code: clip(code, LIMITS.token_chars), detail: clip(detail, LIMITS.reason_chars) } },
  };
}

/** Cutting may halve a surrogate pair, and U+0000 would make the whole result one that nobody reads. */
function clip(text: string, chars: number): string {
  return text.slice(0, chars).replaceAll('\0', '\ufffd').toWellFormed();
}

/** Anything a handler throws, even an object whose getters throw, becomes a failed attempt with a reason. */
function failureFrom(thrown: unknown): Outcome {
  try {
    if (thrown instanceof CanonicalError) return failed('output_not_json', thrown.message, false);
    const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
    return failed(
      typeof code === 'string' && code !== '' ? code : 'handler_failed',
      thrown instanceof Error && typeof message === 'string' ? message : 'thrown without a message',
      thrown instanceof RetryableError,
    );
  } catch {
    return failed('handler_failed', 'what was thrown cannot be read', false);
  }
}

/** A handler that does not listen must not keep its attempt alive. */
function afterGrace(signal: AbortSignal, ended: Promise<void>): Promise<null> {
  return new Promise((resolve) => {
    const begin = (): void => {
      const timer = setTimeout(resolve, LIMITS.stop_grace_ms, null);
      void ended.then(() => clearTimeout(timer));
    };
    signal.addEventListener('abort', begin, { once: true });
  });
}

/** Also when the handler returned something after its signal: it may be half of the work. */
function interrupted(reason: EndReason): Outcome | null {
  if (reason === 'lease_lost') return null;
  if (reason === 'worker_stopping') return failed(reason, 'the worker stopped before the job ended', true);
  return { status: reason, retryable: false, output: { error: { code: reason, detail: 'ended from outside' } } };
}
