/** Gathers all that is to be known before a vote, as far as whoever asks may see it. */
import type { ApprovalView } from '@countersign/contracts/approval';
import type { Decision } from '@countersign/contracts/decision';
import type { JobView } from '@countersign/contracts/job';
import { type Ask, orNothing, queryOf, type Told } from './api.ts';

export type Question = {
  approval: ApprovalView;
  decision: Decision | undefined;
  /** What the same requester did before: in this run, where the job names one. */
  before: readonly JobView[];
  run: string | null;
  /** Whether the approval service would count a vote of this person now. */
  votable: boolean;
};

const SHOWN_BEFORE = 20;
/** The label that names the run that a job belongs to. */
const RUN_LABEL = 'run';

export async function loadQuestion(ask: Ask, id: string): Promise<Told<Question>> {
  const told = await ask<ApprovalView>(`/approvals/${encodeURIComponent(id)}`);
  if (!told.ok) return told;
  const approval = told.value;
  const { job_id, requester, opened_at, effective } = approval;
  const run = effective?.labels[RUN_LABEL] ?? null;
  const before = queryOf({ actor: requester, to: opened_at, limit: SHOWN_BEFORE, run: run ?? undefined });
  const [decisions, jobs, mine] = await Promise.all([
    ask<Decision[]>(`/jobs/${job_id}/decisions`),
    ask<{ jobs: JobView[] }>(`/jobs${before}`),
    ask<{ approvals: ApprovalView[] }>(`/approvals${queryOf({ job_id, state: 'open', mine: 'true' })}`),
  ]);
  const value = {
    approval,
    decision: orNothing(decisions)?.find((each) => (each.gate as string) !== 'output'),
    before: (orNothing(jobs)?.jobs ?? []).filter((job) => job.job_id !== job_id),
    run,
    votable: (orNothing(mine)?.approvals ?? []).some(({ approval_id }) => approval_id === approval.approval_id),
  };
  return { ok: true, value };
}
