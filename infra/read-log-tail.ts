/** Reads what a program has logged, from a place on and up to a bound, and its last lines for a message. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** Bytes of a log that are looked at: more than what all that runs on one server says when it dies under them. */
const LOOKED_AT_BYTES = 1024 * 1024;

/** Bytes that the log holds now; 0 when there is none. */
export function logSize(log_path: string): number {
  return statSync(log_path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What was logged from byte `from` on, the end of it where it is too long. One that was emptied since is read from its start. */
export function readLog(log_path: string, from: number): string {
  let log: number;
  try {
    log = openSync(log_path, 'r');
  } catch {
    return '(no log)';
  }
  try {
    const { size } = fstatSync(log);
    const start = Math.max(from > size ? 0 : from, size - LOOKED_AT_BYTES);
    const bytes = Buffer.alloc(size - start);
    return bytes.subarray(0, readSync(log, bytes, 0, bytes.length, start)).toString('utf8');
  } finally {
    closeSync(log);
  }
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
