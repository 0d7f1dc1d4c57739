/**
 * Keeps a log that a running program appends to within a size: what it holds is moved to `<log>.1`, which replaces the
 * one before. The program keeps its file open and knows nothing of it, so the file is copied and emptied, not renamed.
 */
import { copyFileSync, rmSync, statSync, truncateSync } from 'node:fs';

/** Bytes from which a log is moved aside. Two generations of each log are the most that lies on the disk. */
const LOG_BYTES = 8 * 1024 * 1024;
const LOOK_EVERY_MS = 2_000;

/** Looks at the log until the returned function is called. */
export function keepLogBounded(log_path: string, max_bytes = LOG_BYTES): () => void {
  const timer = setInterval(() => boundLog(log_path, max_bytes), LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** Moves the log aside when it holds more than `max_bytes`. On a full disk the old lines go: the bound holds all the same. */
export function boundLog(log_path: string, max_bytes = LOG_BYTES): void {
  const size = statSync(log_path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= max_bytes) return;
  const before = `${log_path}.1`;
  try {
    rmSync(before, { force: true });
    copyFileSync(log_path, before);
  } catch {
    rmSync(before, { force: true });
  }
  truncateSync(log_path);
}
