/** The ledger entry of a job's step, whichever service records it: always who, what and by which rule; never content. */
import type { Decision } from './decision.ts';
import { chainOfJob, type NewEntry } from './ledger-entry.ts';
import { recordDecision } from './recorded-decision.ts';

/** The part of a job's row that every one of its entries repeats. */
export type JobFacts = {
  tenant: string;
  job_id: string;
  topic: string;
  capability: string | null;
  actor: string;
  auth_method: string;
  owner: string | null;
  job_hash: string;
  traceparent: string;
};

/** What `scheduler.facts` fills into the entries of an attempt, in this order: that of the keys in canonical JSON. */
export const FACT_HOLES = [
  'actor',
  'attempt',
  'auth_method',
  'capability',
  'job_hash',
  'job_id',
  'owner',
  'tenant',
  'topic',
  'traceparent',
] as const satisfies readonly (keyof JobFacts | 'attempt')[];

/** Decisions are recorded without what the entry says itself (recorded-decision.ts). */
export type EntryDetails = Record<string, unknown> & { decision?: Decision; decisions?: readonly Decision[] };

export function jobEntry(kind: string, job: JobFacts, { decision, decisions, ...details }: EntryDetails): NewEntry {
  return {
    chain: chainOfJob(job.tenant, job.job_id),
    kind,
    tenant: job.tenant,
    topic: job.topic,
    body: {
      tenant: job.tenant,
      job_id: job.job_id,
      topic: job.topic,
      capability: job.capability,
      actor: job.actor,
      auth_method: job.auth_method,
      owner: job.owner,
      job_hash: job.job_hash,
      traceparent: job.traceparent,
      ...details,
      ...(decision && { decision: recordDecision(decision, { ...details, job_hash: job.job_hash }) }),
      ...(decisions && {
        decisions: decisions.map((each) => recordDecision(each, { ...details, job_hash: job.job_hash })),
      }),
    },
  };
}
