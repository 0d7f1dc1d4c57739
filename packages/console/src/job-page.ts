/** One job in the console, told anew as its entries are sealed, until it has ended. */
import { isTerminal } from '@countersign/contracts/states';
import type { Person } from './api.ts';
import { JOB_KINDS } from './heard-kinds.ts';
import { html, type View } from './html.ts';
import { JobView } from './job-view.ts';
import { loadJob, type WholeJob } from './load-job.ts';
import { useEvents, useNow, useTold } from './router.ts';
import { problem, waiting } from './show-problem.ts';
import { VerifyView } from './verify-view.ts';

export function JobPage({ id, person }: { id: string; person: Person }): View {
  const now = useNow();
  const [tick, listen] = useEvents(JOB_KINDS);
  const { told } = useTold((asking) => loadJob(asking, id, person), id, tick);
  listen(told?.ok && !isOver(told.value) ? `/jobs/${encodeURIComponent(id)}/events` : null);
  if (told === undefined) return waiting();
  if (!told.ok) return problem(told);
  const more = html`<${VerifyView} whole=${told.value} person=${person} />`;
  return html`<${JobView} whole=${told.value} now=${now} more=${more} />`;
}

/** Ended, and all of it sealed: what comes after belongs to others. */
function isOver({ job, timeline }: WholeJob): boolean {
  return isTerminal(job.state) && timeline.ok && timeline.value.every(({ leaf_index }) => leaf_index !== null);
}
