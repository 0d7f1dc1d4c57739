/** SQL of the agenda: each part is answered by the first row of a partial index. */
import type { Tx } from '@countersign/platform/database';

export type Agenda = {
  /** Jobs wait for dispatch. */
  cleared: boolean;
  /** Jobs wait for an approval, which may have closed. */
  held: boolean;
  /** Jobs are held for a question of a policy that is no longer active. */
  outdated: boolean;
  /** Attempts are under way, whose output may have been screened. */
  under_way: boolean;
  /** A warrant that nobody claimed is to be sent again. */
  unclaimed: boolean;
  /** A lease or a screening deadline ran out. */
  lost: boolean;
  /** A deadline passed while a job waited. */
  overdue: boolean;
  /** Jobs wait for a limit, which may have room. */
  parked: boolean;
  /** Jobs wait for others to end, which may have. */
  waits: boolean;
  /** The time of a stop is over; null while none ends by itself. */
  stops_due: boolean | null;
};

const AGENDA = `
SELECT EXISTS (SELECT FROM scheduler.jobs WHERE waiting = 'cleared') AS cleared,
       EXISTS (SELECT FROM scheduler.jobs WHERE waiting = 'held') AS held,
       EXISTS (SELECT FROM scheduler.outdated(1)) AS outdated,
       EXISTS (SELECT FROM scheduler.attempts WHERE under_way) AS under_way,
       EXISTS (SELECT FROM scheduler.attempts WHERE under_way AND state = 'dispatched' AND due_at <= clock_timestamp()) AS unclaimed,
       EXISTS (SELECT FROM scheduler.attempts
                WHERE under_way AND state IN ('running', 'reported') AND due_at <= clock_timestamp()) AS lost,
       EXISTS (SELECT FROM scheduler.jobs WHERE waiting IS NOT NULL AND deadline_at <= clock_timestamp())
       OR EXISTS (SELECT FROM scheduler.attempts a
                   CROSS JOIN LATERAL (SELECT deadline_at FROM scheduler.jobs
                                        WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
                   WHERE a.under_way AND a.state = 'dispatched' AND a.due_at <= clock_timestamp()
                     AND j.deadline_at <= clock_timestamp())
       OR EXISTS (SELECT FROM scheduler.parked WHERE deadline_at <= clock_timestamp()) AS overdue,
       EXISTS (SELECT FROM scheduler.parked_queues WHERE look_at <= clock_timestamp()) AS parked,
       EXISTS (SELECT FROM scheduler.running_waits) AS waits,
       control.stops_due() AS stops_due`;

export async function readAgenda(tx: Tx): Promise<Agenda> {
  return (await tx.query<Agenda>(AGENDA))[0]!;
}
