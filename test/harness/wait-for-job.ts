/** Waits until a job stands where a test expects it, by asking the API as anybody would. */
import { isTerminal, type JobState } from '@countersign/contracts/states';
import { waitUntil } from '@countersign/infra/wait-until';
import type { TestSystem } from './start-system.ts';

type SeenJob = {
  job_id: string;
  state: JobState;
  reason: string | null;
  approval_id: string | null;
  [field: string]: unknown;
};

export function waitForEnd(system: TestSystem, job_id: string, timeout_ms = 40_000): Promise<SeenJob> {
  return waitUntil(
    `job ${job_id} ends`,
    async () => {
      const job = await seeJob(system, job_id);
      return isTerminal(job.state) && job;
    },
    { timeout_ms },
  );
}

export function waitForState(
  system: TestSystem,
  job_id: string,
  state: JobState,
  timeout_ms = 40_000,
): Promise<SeenJob> {
  return waitUntil(
    `job ${job_id} is ${state}`,
    async () => {
      const job = await seeJob(system, job_id);
      if (job.state !== state && isTerminal(job.state))
        throw new Error(`job ${job_id} ended ${job.state}: ${job.reason}`);
      return job.state === state && job;
    },
    { timeout_ms },
  );
}

/** The open approval of a held job. */
export function waitForApproval(
  system: TestSystem,
  job_id: string,
): Promise<{ approval_id: string; digest: string; [field: string]: any }> {
  return waitUntil(`job ${job_id} has an open approval`, async () => {
    const { body } = await system.api('approver', 'GET', `/api/v1/approvals?job_id=${job_id}&state=open`);
    const [found] = body.approvals as { approval_id: string }[];
    if (!found) return undefined;
    return (await system.api('approver', 'GET', `/api/v1/approvals/${found.approval_id}`)).body;
  });
}

async function seeJob(system: TestSystem, job_id: string): Promise<SeenJob> {
  const { status, body } = await system.api('auditor', 'GET', `/api/v1/jobs/${job_id}`);
  if (status !== 200) throw new Error(`GET of job ${job_id} answered ${status} ${JSON.stringify(body)}`);
  return body as SeenJob;
}
