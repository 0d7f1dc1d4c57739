/** Which jobs a credential may see or change. To one that may see only its own, another's job does not exist. */
import { CountersignError } from '@countersign/contracts/errors';
import type { OfferView } from '@countersign/contracts/follow-ups';
import type { JobView } from '@countersign/contracts/job';
import type { Permission } from '@countersign/contracts/permissions';
import type { Bus } from '@countersign/platform/bus';
import type { Caller } from './caller.ts';
import type { Incoming } from './route.ts';

type JobParams = { job_id: string };
type Asking = Pick<Incoming<JobParams, unknown, unknown>, 'caller' | 'params' | 'traceparent'>;

/** `tenant` is always the credential's own: no path leads into another's. */
export function jobKeyOf({ caller, params }: Asking): { tenant: string; job_id: string } {
  return {
    tenant: caller.tenant,
    job_id: params.job_id,
  };
}

/** Throws `not_found` when there is no such job, or none of the caller's own where `whole` is not granted. */
export async function readJob(bus: Bus, asking: Asking, whole: Permission): Promise<JobView> {
  const { caller, traceparent } = asking;
  const job = await bus.call('scheduler.get', jobKeyOf(asking), { traceparent });
  if (job.actor !== caller.id && !caller.permissions.has(whole)) throw new CountersignError('not_found');
  return job.actor === caller.id || caller.permissions.has('approvals:read') ? job : withoutContent(job);
}

/** What an approver would have instead in the payload is shown to the requester, and to those who see what approvals are about. */
function withoutContent<J extends { offers?: OfferView[] | undefined }>(job: J): J {
  if (job.offers === undefined) return job;
  const offers = job.offers.map((offer) => {
    const { payload, ...rest } = offer.remediation;
    return offer.source === 'policy' || payload === undefined ? offer : { ...offer, remediation: rest };
  });
  return { ...job, offers };
}

/** The same, asking nobody when every job of the tenant is open to the caller. */
export async function requireJob(bus: Bus, asking: Asking, whole: Permission): Promise<void> {
  if (!asking.caller.permissions.has(whole)) await readJob(bus, asking, whole);
}

/** Null for all of the tenant's. */
export function actorFilter(caller: Caller): string | null {
  return caller.permissions.has('jobs:read') ? null : caller.id;
}
