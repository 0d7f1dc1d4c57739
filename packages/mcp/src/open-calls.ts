/**
 * Which job a call is, and of which run, until its result has been handed over: one small file for each, made before the job is asked
 * for, so that the same call finds the same job after a kill too. A file that is lost costs a new job, never an old result.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

export type OpenCall = { job_id: string; run: string };

export type OpenCalls = {
  /** The call that is open, of the run that asked first, or a new one of this run. */
  open(key: string, run: string): OpenCall;
  /** The result was handed over: the next call of that key is another job. */
  close(job_id: string): void;
  has(job_id: string): boolean;
  /** To be called before the request is handed to the server behind: true once for each job, whichever process asks. */
  mayHandOn(job_id: string): boolean;
};

/** Longer than any job waits (`deadline_ms`). */
const STALE_MS = 48 * 60 * 60 * 1000;
const KEY_CHARS = 40;
const JOB_ID = /^mcp-[0-9a-f]{40}-[0-9a-f]{16}$/;
const OPEN = /^(mcp-[0-9a-f]{40}-[0-9a-f]{16}) ([!-~]+)$/;

/** `key` is hex, of which the first 40 digits count. */
export function openCallsIn(folder: string): OpenCalls {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  forgetStale(folder);
  const fileOf = (job_id: string): string => join(folder, job_id.split('-')[1]!);
  const handedOver = new Set<string>();
  return {
    open(key, run) {
      const name = key.slice(0, KEY_CHARS);
      const path = join(folder, name);
      if (handedOver.has(read(path)?.job_id ?? '')) forget(path);
      const fresh = { job_id: `mcp-${name}-${randomBytes(8).toString('hex')}`, run };
      return create(path, `${fresh.job_id} ${run}`) ? fresh : (read(path) ?? fresh);
    },
    close(job_id) {
      if (!this.has(job_id)) return;
      // The file goes once the answer is on its way: killed before that, the same call gets the same answer.
      handedOver.add(job_id);
      setImmediate(() => {
        if (this.has(job_id)) forget(fileOf(job_id));
        handedOver.delete(job_id);
      });
    },
    has: (job_id) => JOB_ID.test(job_id) && read(fileOf(job_id))?.job_id === job_id,
    mayHandOn(job_id) {
      const path = sentOf(fileOf(job_id));
      if (create(path, `${job_id} sent`)) return true;
      if (read(path)?.job_id === job_id) return false;
      // Of a job of this call that was handed over.
      rmSync(path, { force: true });
      return create(path, `${job_id} sent`);
    },
  };
}

function sentOf(path: string): string {
  return `${path}.sent`;
}

function forget(path: string): void {
  for (const each of [path, sentOf(path)]) rmSync(each, { force: true });
}

function create(path: string, text: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== 'EEXIST') throw thrown;
    // One that a kill left without content names no job.
    if (read(path) !== null) return false;
    rmSync(path, { force: true });
    return create(path, text);
  }
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return true;
}

function read(path: string): OpenCall | null {
  try {
    const [, job_id, run] = OPEN.exec(readFileSync(path, 'utf8')) ?? [];
    return job_id === undefined || run === undefined ? null : { job_id, run };
  } catch {
    return null;
  }
}

function forgetStale(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) rmSync(path, { force: true });
  }
}
