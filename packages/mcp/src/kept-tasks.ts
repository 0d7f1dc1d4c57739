/**
 * Which jobs are tasks of a client, and whose: one small file for each beside the open calls, so that a task outlives the
 * process that made it. What it stands for is the job alone; a file that is lost costs the task, never a result.
 */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '@countersign/contracts/limits';
import { z } from 'zod';

const keptTask = z.object({ job_id: z.string(), owner: z.string(), created_at: z.iso.datetime(), ttl_ms: z.int() });
export type KeptTask = z.infer<typeof keptTask>;

export type KeptTasks = {
  /** The task that the job is already, or a new one. Null when its owner has too many. */
  keep(owner: string, job_id: string, ttl_ms: number): KeptTask | null;
  /** Null for what is not there, over, or somebody else's: nobody is told which. */
  find(owner: string, job_id: string): KeptTask | null;
  /** Newest first. */
  list(owner: string): KeptTask[];
};

const JOB_ID = /^mcp-[0-9a-f]{40}-[0-9a-f]{16}$/;
const SUFFIX = '.task';

/** `folder` is there. */
export function keptTasksIn(folder: string): KeptTasks {
  const fileOf = (job_id: string): string => join(folder, `${job_id}${SUFFIX}`);
  const read = (job_id: string): KeptTask | null => {
    const found = JOB_ID.test(job_id) ? readTask(fileOf(job_id)) : null;
    if (found === null || !isOver(found)) return found;
    rmSync(fileOf(job_id), { force: true });
    return null;
  };
  const find: KeptTasks['find'] = (owner, job_id) => {
    const found = read(job_id);
    return found?.owner === owner ? found : null;
  };
  const list: KeptTasks['list'] = (owner) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(SUFFIX))
      .flatMap((name) => find(owner, name.slice(0, -SUFFIX.length)) ?? [])
      .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.job_id.localeCompare(a.job_id));
  return {
    keep(owner, job_id, ttl_ms) {
      const known = read(job_id);
      if (known !== null) return known.owner === owner ? known : null;
      if (list(owner).length >= LIMITS.mcp_agent_tasks) return null;
      const task = { job_id, owner, created_at: new Date().toISOString(), ttl_ms };
      const path = fileOf(job_id);
      writeFileSync(`${path}.new`, JSON.stringify(task), { mode: 0o600 });
      renameSync(`${path}.new`, path);
      return task;
    },
    find,
    list,
  };
}

function isOver({ created_at, ttl_ms }: KeptTask): boolean {
  return Date.parse(created_at) + ttl_ms <= Date.now();
}

function readTask(path: string): KeptTask | null {
  try {
    return keptTask.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
