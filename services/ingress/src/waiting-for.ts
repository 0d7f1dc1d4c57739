/** What an agent is told of the question that holds its job. Content, votes and reasons are for who may read approvals. */
import type { WaitingFor } from '@countersign/contracts/approval';
import type { Decision } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import type { ShownJob } from '@countersign/contracts/http';
import type { JobView } from '@countersign/contracts/job';
import type { JobState } from '@countersign/contracts/states';
import type { Bus } from '@countersign/platform/bus';

/** Where a person follows the link: to the console's inbox, and from there to one question. */
const INBOX = '/console';

/** As the decision asks; which question it is stands a moment later in `GET /jobs/{id}`. */
export function willWaitFor(state: JobState, { obligations }: Decision): WaitingFor | null {
  if (state !== 'held') return null;
  const groups = [obligations.approval?.stages[0]?.group ?? 'approvers'];
  return { approval_id: null, groups, expires_at: null, url: INBOX };
}

/** A job is shown also while nobody can say what it waits for. */
export async function withWaiting(bus: Bus, job: JobView, traceparent: string): Promise<ShownJob> {
  return { ...job, waiting_for: job.state === 'held' ? await findQuestion(bus, job, traceparent) : null };
}

async function findQuestion(bus: Bus, { tenant, job_id }: JobView, traceparent: string): Promise<WaitingFor | null> {
  try {
    const asked = { tenant, job_id, state: 'open', limit: 1 };
    const [open] = (await bus.call('approval.list', asked, { traceparent })).approvals;
    if (open === undefined) return null;
    const { approval_id, waiting, expires_at } = open;
    return { approval_id, groups: waiting?.groups ?? [], expires_at, url: `${INBOX}/approvals/${approval_id}` };
  } catch (thrown) {
    if (thrown instanceof CountersignError) return null;
    throw thrown;
  }
}
