/**
 * One look, in one statement, at everything that only a sweep would find: what a lost hint missed and what has come due. It
 * wakes the sweeps that have something to do, and is seldom while nothing is open.
 */
import type { Sweep } from '@countersign/platform/sweep';
import type { SchedulerContext } from './scheduler-context.ts';
import { type Agenda, readAgenda } from './store-agenda.ts';

/** By what each of them has to do. */
export type AgendaSweeps = Readonly<Record<keyof Agenda, Pick<Sweep, 'nudge'>>>;

export async function followAgenda(context: SchedulerContext, sweeps: AgendaSweeps): Promise<'idle' | undefined> {
  const agenda = await readAgenda(context.database);
  const open = (Object.keys(sweeps) as (keyof Agenda)[]).filter((name) => agenda[name]);
  for (const name of open) sweeps[name].nudge();
  // Whatever waits: a stop ends soon after its time.
  return open.length === 0 && agenda.stops_due === null ? 'idle' : undefined;
}
