/**
 * Jobs that may run and whose caller is not here: left unclaimed, in a file each, so that nothing runs unseen. Whichever
 * process of the proxy the caller comes to next takes the file and runs the job; several share one folder and one worker.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Delivery } from '@countersign/contracts/worker-door';

export type ParkedJobs = {
  /** Somebody waits here for the job. Call the answer when the caller is gone. */
  join(job_id: string): () => void;
  /** `give_up`: nobody came for it in time, so that its slot of the pool is needed again. */
  judge(job_id: string, delivery: Delivery): 'run' | 'leave' | 'give_up';
  /** It was claimed: what was taken of it is done with. */
  claimed(job_id: string): void;
  close(): void;
};

/** `since`: when the first delivery of it came; `fresh_until`: of this one. */
type Parked = { since: number; fresh_until: number; delivery: Delivery };

const LOOK_MS = 100;
/** A claim that met an outage is made again while its caller waits: the message itself comes again much later. */
const RETRY_MS = 2_000;
/** What is not claimed is delivered every 15 s; an older file is of a time when no process was here, and its warrant may be over. */
const FRESH_MS = 30_000;

/** `take` is handed a parked delivery when its caller has come. */
export function parkedJobsIn(folder: string, grace_ms: number, take: (delivery: Delivery) => void): ParkedJobs {
  const callers = new Map<string, number>();
  const taken = new Map<string, Parked & { again_at: number }>();
  const fileOf = (job_id: string): string => join(folder, `${job_id}.parked`);
  const look = (job_id: string): void => {
    const found = takeFile(fileOf(job_id));
    if (found !== null) taken.set(job_id, { ...found, again_at: 0 });
    const mine = taken.get(job_id);
    const now = Date.now();
    if (mine === undefined || now < mine.again_at) return;
    if (now > mine.fresh_until) return void taken.delete(job_id);
    mine.again_at = now + RETRY_MS;
    take(mine.delivery);
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
        if (others > 0) return void callers.set(job_id, others);
        callers.delete(job_id);
        // Not claimed yet: whichever process its caller comes to next goes on with it.
        const mine = taken.get(job_id);
        taken.delete(job_id);
        if (mine !== undefined) park(fileOf(job_id), mine);
      };
    },
    judge(job_id, delivery) {
      if (callers.has(job_id)) return 'run';
      const since = parkedSince(fileOf(job_id)) ?? Date.now();
      if (Date.now() - since > grace_ms) {
        rmSync(fileOf(job_id), { force: true });
        return 'give_up';
      }
      park(fileOf(job_id), { since, fresh_until: Date.now() + FRESH_MS, delivery });
      return 'leave';
    },
    claimed: (job_id) => void taken.delete(job_id),
    close: () => clearInterval(timer),
  };
}

function park(path: string, parked: Parked): void {
  const { since, fresh_until, delivery } = parked;
  writeFileSync(`${path}.new`, JSON.stringify({ since, fresh_until, delivery }), { mode: 0o600 });
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
function takeFile(path: string): Parked | null {
  const own = `${path}.${process.pid}`;
  try {
    renameSync(path, own);
  } catch {
    return null;
  }
  try {
    const parked = JSON.parse(readFileSync(own, 'utf8')) as Parked;
    return Date.now() < parked.fresh_until ? parked : null;
  } finally {
    rmSync(own, { force: true });
  }
}
