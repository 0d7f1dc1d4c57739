/**
 * Appends lines to a file, whole batches or nothing: a full disk leaves no half line. What is written is bounded: a file that is
 * full is set aside under a number, and the oldest goes.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';

/** `keep`: how many full files stay beside the one that is written. */
export type FileBounds = { max_bytes: number; keep: number };

/** Returns when the lines are on the disk. */
export function writeLines(path: string, lines: readonly string[], bounds: FileBounds): void {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  let file = openSync(path, 'a+', 0o600);
  try {
    const before = withoutHalfLine(file);
    if (before > 0 && before + bytes.length > bounds.max_bytes) {
      closeSync(file);
      rotate(path, bounds.keep);
      file = openSync(path, 'a+', 0o600);
    }
    append(file, bytes);
  } finally {
    closeSync(file);
  }
}

/** A process that was killed may have left one; its entry comes again. Answers the size. */
function withoutHalfLine(file: number): number {
  const { size } = fstatSync(file);
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const from = Math.max(end - chunk.length, 0);
    const read = readSync(file, chunk, 0, end - from, from);
    const at = chunk.subarray(0, read).lastIndexOf('\n');
    if (at >= 0) return cutTo(file, from + at + 1, size);
    end = from;
  }
  return cutTo(file, 0, size);
}

function cutTo(file: number, length: number, size: number): number {
  if (length < size) ftruncateSync(file, length);
  return length;
}

function append(file: number, bytes: Uint8Array): void {
  const { size } = fstatSync(file);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fsyncSync(file);
  } catch (thrown) {
    if (fstatSync(file).isFile()) ftruncateSync(file, size);
    throw thrown;
  }
}

/** `x` → `x.1` → `x.2` …; the last one goes. */
function rotate(path: string, keep: number): void {
  rmSync(`${path}.${keep}`, { force: true });
  for (let i = keep - 1; i >= 1; i -= 1) if (existsSync(`${path}.${i}`)) renameSync(`${path}.${i}`, `${path}.${i + 1}`);
  if (keep > 0) renameSync(path, `${path}.1`);
  else rmSync(path);
}
