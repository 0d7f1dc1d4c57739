/** Fits a parsed value to its schema, or says where it does not fit. It never repairs, and never repeats a value. */
import { CountersignError, type ErrorCode } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { shapeFaults } from '@countersign/contracts/shape-fault';
import type { z } from 'zod';

type Path = readonly PropertyKey[];
type Fault = { code: ErrorCode; at: string; says: string };

/** `code` and `at` are the first fault's, `detail` names them all. */
export function readShape<S extends z.ZodType>(schema: S, value: unknown, code?: ErrorCode): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues
    .flatMap((issue) => shapeFaults(issue, value))
    .map(({ code: kind, path, says }) => ({ code: kind, at: pointerOf(path), says }));
  const first = faults[0]!;
  throw new CountersignError(code ?? first.code, detailOf(faults), { at: first.at });
}

/** RFC 6901, cut: keys are the caller's and may be long. */
function pointerOf(path: Path): string {
  return path
    .map((step) => `/${String(step).slice(0, LIMITS.token_chars).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

function detailOf(faults: readonly Fault[]): string {
  const named = faults.slice(0, LIMITS.reported_faults).map(({ at, says }) => `${at || 'the body'}${says}`);
  const rest = faults.length - named.length;
  return rest > 0 ? `${named.join('; ')}; and ${rest} more` : named.join('; ');
}
