/** A small file that a process of its own keeps: one process at a time holds it, and what was written survives a power cut. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './exit-codes.ts';

/** Throws UsageError while another process holds the file; `who` it is. Answers how to let go of it. */
export function holdFile(path: string, who: string): () => void {
  const lock = `${path}.lock`;
  try {
    const file = openSync(lock, 'wx', 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    if (isAlive(Number(readFileSync(lock, 'utf8')))) throw new UsageError(`${lock}: another ${who} holds this state`);
    // It was killed. Of two that find that out at once, one gets the file.
    unlinkSync(lock);
    return holdFile(path, who);
  }
  return () => unlinkSync(lock);
}

/** The whole text or none of it, on the disk when it returns. */
export function writeThrough(path: string, text: string): void {
  const next = `${path}.new`;
  const file = openSync(next, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
