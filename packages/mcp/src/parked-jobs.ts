/**
 * Jobs that may run and whose caller is not here: left unclaimed, in a file each, so that nothing runs unseen. Whichever
 * process of the proxy the caller comes to next takes the file and runs the job; several share one folder and one worker.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Delivery } from '@countersign/contracts/worker-door';

export type ParkedJobs = {
  /** Somebody waits here for the job. Call the answer when the caller is gone. */
  join(job_id: string): () => void;
  /** `give_up`: nobody came for it in time, so that its slot of the pool is needed again. */
  judge(job_id: string, delivery: Delivery): 'run' | 'leave' | 'give_up';
  close(): void;
};

const LOOK_MS = 100;
/** What is not claimed is delivered every 15 s; an older file is of a time when no process was here, and its warrant may be over. */
const FRESH_MS = 30_000;

/** `take` is handed a parked delivery when its caller has come. */
export function parkedJobsIn(folder: string, grace_ms: number, take: (delivery: Delivery) => void): ParkedJobs {
  const callers = new Map<string, number>();
  const fileOf = (job_id: string): string => join(folder, `${job_id}.parked`);
  const look = (job_id: string): void => {
    const delivery = takeFile(fileOf(job_id));
    if (delivery !== null) take(delivery);
  };
  const timer = setInterval(() => {
    for (const job_id of callers.keys()) look(job_id);
  }, LOOK_MS);
  return {
    join(job_id) {
      callers.set(job_id, (callers.get(job_id) ?? 0) + 1);
      look(job_id);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const others = callers.get(job_id)! - 1;
        if (others === 0) callers.delete(job_id);
        else callers.set(job_id, others);
      };
    },
    judge(job_id, delivery) {
      if (callers.has(job_id)) return 'run';
      const since = parkedSince(fileOf(job_id)) ?? Date.now();
      if (Date.now() - since > grace_ms) {
        rmSync(fileOf(job_id), { force: true });
        return 'give_up';
      }
      park(fileOf(job_id), since, delivery);
      return 'leave';
    },
    close: () => clearInterval(timer),
  };
}

function park(path: string, since: number, delivery: Delivery): void {
  writeFileSync(`${path}.new`, JSON.stringify({ since, delivery }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function parkedSince(path: string): number | null {
  try {
    return Number(JSON.parse(readFileSync(path, 'utf8')).since);
  } catch {
    return null;
  }
}

/** By renaming: of several processes one gets it. */
function takeFile(path: string): Delivery | null {
  const own = `${path}.${process.pid}`;
  try {
    renameSync(path, own);
  } catch {
    return null;
  }
  try {
    const fresh = Date.now() - statSync(own).mtimeMs < FRESH_MS;
    return fresh ? (JSON.parse(readFileSync(own, 'utf8')).delivery as Delivery) : null;
  } finally {
    rmSync(own, { force: true });
  }
}
