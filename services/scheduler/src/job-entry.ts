/** The ledger entry of a job's step: always who, what and by which rule; never content. */

import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { chainOfJob } from '@countersign/contracts/ledger-entry';

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

export const jobEntry = (kind: string, job: JobFacts, details: Record<string, unknown>): NewEntry => ({
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
  },
});
