/**
 * Makes the request of a job that follows another one, out of that one's content: the offer applied to it, the way back that
 * it names, or the same again. It stores nothing; the new job goes through all gates, in the name of the agent that asked for
 * the first one, and whoever asks for it beside the agent stands in its chain, where nobody countersigns.
 */
import { callerSubjects } from '@countersign/contracts/control';
import { CountersignError } from '@countersign/contracts/errors';
import {
  type Actor,
  actor as actorSchema,
  type JobRequest,
  type NamedRequest,
  type Origin,
} from '@countersign/contracts/job';
import type { RpcParsed } from '@countersign/contracts/rpc';
import { isTerminal } from '@countersign/contracts/states';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { JOB_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { gate } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { applyRemediation } from '@countersign/policy/apply-remediation';
import { wayBack } from '@countersign/policy/check-compensation';
import { type EndedJob, readEnded, readOffers } from './store-follow-ups.ts';

type Asked = RpcParsed<'scheduler.follow_up'>;
type Taken = Pick<Origin, 'offer_id' | 'offered_by' | 'constraints'>;
type Prepared = { tenant: string; job_id: string; request: JobRequest; actor: Actor } & Taken;

export function prepareFollowUp(database: Database, asked: Asked): Promise<Prepared> {
  return database.transaction(async (tx) => {
    const job = await readEnded(tx, asked);
    const own = job?.actor === asked.principal.id;
    if (job === null || (asked.own && !own)) throw new CountersignError('not_found', 'there is no such job');
    const state = await gate(tx, [], [...callerSubjects(asked.principal), job.actor]);
    if (state.revoked.length > 0) throw new CountersignError('revoked');
    if (!isTerminal(job.state)) throw refused(`the job has not ended: it is ${job.state}`);
    if (!own && job.on_behalf_of !== null) throw refused('it was done on behalf of others: only its requester may');
    const actor = actorSchema.parse(JSON.parse(job.actor_json));
    const ceiling = state.ceilings[actor.id] ?? actor.ceiling;
    const made = await requestOf(tx, job, asked);
    return { tenant: job.tenant, job_id: job.job_id, actor: { ...actor, ceiling }, ...made };
  });
}

async function requestOf(tx: Tx, job: EndedJob, asked: Asked): Promise<Pick<Prepared, 'request'> & Taken> {
  switch (asked.kind) {
    case 'remediates':
      return takeOffer(tx, job, asked);
    case 'retries':
      return { request: unnamed(contentOf(job.request)) };
    case 'compensates':
      return { request: unnamed(backOf(job)) };
  }
}

async function takeOffer(tx: Tx, job: EndedJob, { offer_id, request: sent }: Asked) {
  const offers = await readOffers(tx, job);
  const named = offer_id === undefined ? offers : offers.filter((offer) => offer.offer_id === offer_id);
  if (named.length !== 1)
    throw offers.length > 1 && offer_id === undefined
      ? new CountersignError('field_invalid', 'there are several offers: name one', { at: '/offer_id' })
      : new CountersignError('not_found', 'there is no such offer');
  const { taken_as, remediation, offered_by, offer_id: taken } = named[0]!;
  if (taken_as !== null) throw refused(`the offer was taken: ${taken_as}`);
  const kept = job.rewritten ?? job.request;
  const content = kept === null ? broughtAgain(job, sent) : contentOf(kept);
  const { constraints } = remediation;
  return {
    request: unnamed(applyRemediation(content, remediation)),
    offer_id: taken,
    ...(offered_by !== null && { offered_by }),
    ...(constraints !== undefined && { constraints }),
  };
}

/** Of a denied job nothing is kept but the salted digest, which whoever asked for it can show the request for. */
function broughtAgain({ tenant, job_id, actor, job_hash, salt }: EndedJob, sent: JobRequest | undefined): NamedRequest {
  if (salt === null) throw refused('its content is not kept');
  if (sent === undefined)
    throw new CountersignError('field_invalid', 'its request was not kept: send it again', { at: '/request' });
  const request = { ...sent, tenant, job_id } as NamedRequest;
  const text = canonicalize({ actor, request });
  if (saltedDigest(JOB_DOMAIN, Buffer.from(salt, 'base64url'), text) !== job_hash)
    throw new CountersignError('field_invalid', 'is not the request that was denied', { at: '/request' });
  return request;
}

/** Also after a failure: what was begun may have to be undone. */
function backOf(job: EndedJob): NamedRequest {
  if (job.runs === 0) throw refused('nothing of it ever ran');
  const back = wayBack(contentOf(job.rewritten ?? job.request));
  if (back === null) throw refused('the job names no compensation');
  return back;
}

function contentOf(text: string | null): NamedRequest {
  if (text === null) throw refused('its content is not kept');
  return JSON.parse(text) as NamedRequest;
}

/** What the door and the server add is theirs to add again. */
function unnamed({ job_id: _, tenant: __, origin: ___, ...request }: NamedRequest): JobRequest {
  return request;
}

function refused(detail: string): CountersignError {
  return new CountersignError('state_conflict', detail);
}
