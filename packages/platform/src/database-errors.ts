/** What an error of Postgres means: an outage, something to try again, or a fault of the statement. */
import { CountersignError } from '@countersign/contracts/errors';

/** Class 08 connection, 53 resources, 58 a disk that fails, 57P0x shutdown, 55P03 lock and 57014 statement timeouts, 25006 a server that only reads. */
const OUTAGE = /^(08...|53...|58...|57P0[1-5]|57014|55P03|25P0[34]|25006)$/;
/** 25P03: this process stood still in the middle of a transaction, on a busy machine. The server has undone it. */
const UNDONE = /^(40001|40P01|25P03)$/;
/** A deadlock, a serialization failure, and a key that is there. */
const MOVED = /^(40001|40P01|23505)$/;
const SOCKET = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)/;

/** Nothing of the transaction was stored, and it may be tried again. */
export function isUndone(thrown: unknown): boolean {
  return UNDONE.test(codeOf(isUnavailable(thrown) ? thrown.cause : thrown));
}

export function hasMoved(thrown: unknown): boolean {
  return MOVED.test(codeOf(thrown));
}

/** An outage as CountersignError `database_unavailable`, anything else as it is. */
export function translate(thrown: unknown): unknown {
  if (thrown instanceof CountersignError || !isOutageOf(thrown)) return thrown;
  return new CountersignError('database_unavailable', undefined, { cause: thrown });
}

function isOutageOf(thrown: unknown): boolean {
  const code = codeOf(thrown);
  if (OUTAGE.test(code) || SOCKET.test(code)) return true;
  return (
    thrown instanceof Error &&
    /terminated|timeout|not queryable|Cannot use a pool|closed/i.test(thrown.message) &&
    code === ''
  );
}

export function isUnavailable(thrown: unknown): thrown is CountersignError {
  return thrown instanceof CountersignError && thrown.code === 'database_unavailable';
}

function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

export function rejectTranslated(thrown: unknown): Promise<never> {
  return Promise.reject(translate(thrown));
}
