/**
 * `/jobs/{id}/remediate`, `/jobs/{id}/compensate` and `/dead-letters`: what follows a job. Each is a job of its own, which goes
 * through all gates under the agent that asked for the first one; nothing here decides.
 */
import { deadLetterDetail, deadLetterPage, discardRequest, takeOffer } from '@countersign/contracts/follow-ups';
import { accepted, deadLetterQuery, denied, errorBody } from '@countersign/contracts/http';
import type { FollowUp } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import { jobId } from '@countersign/contracts/names';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { type Caller, principalOf } from './caller.ts';
import { jobKeyOf } from './job-access.ts';
import { type Incoming, type Route, route } from './route.ts';
import type { SubmitJob } from './submit-job.ts';

const params = z.strictObject({ job_id: jobId });
type Params = z.output<typeof params>;
type Asked = Pick<Incoming<Params, unknown, unknown>, 'caller' | 'params' | 'traceparent'>;

const answers = {
  202: { says: 'The new job is stored, with its evidence; held when a human has to countersign', schema: accepted },
  403: { says: 'The new job is denied, and recorded', schema: z.union([denied, errorBody]) },
};

export function followUpRoutes(bus: Bus, submit: SubmitJob): Route[] {
  const follow = async (asked: Asked, kind: FollowUp, taken: z.output<typeof takeOffer> = {}) => {
    const { status, body } = await submitFollowUp(bus, submit, asked, kind, taken);
    return { status, json: body };
  };
  return [
    route({
      method: 'post',
      path: '/jobs/:job_id/remediate',
      summary: 'Take an offer of a denial: a new job, which says what it remediates',
      permissions: ['submit', 'jobs:follow'],
      params,
      body: { schema: takeOffer, limit: LIMITS.request_bytes, optional: true },
      answers,
      handle: (incoming) => follow(incoming, 'remediates', incoming.body),
    }),
    route({
      method: 'post',
      path: '/jobs/:job_id/compensate',
      summary: 'Run the compensation that the job names: a new job, once unless it fails',
      permissions: ['submit', 'jobs:follow'],
      params,
      answers,
      handle: (incoming) => follow(incoming, 'compensates'),
    }),
    route({
      method: 'post',
      path: '/dead-letters/:job_id/retry',
      summary: 'Ask for the same again: a new job, which goes through all gates',
      permissions: ['jobs:follow'],
      params,
      answers,
      handle: (incoming) => follow(incoming, 'retries'),
    }),
    ...letterRoutes(bus),
  ];
}

function letterRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/dead-letters',
      summary: 'Jobs that failed or ran out of time and that nobody has retried or discarded, newest first',
      permissions: ['jobs:read'],
      query: deadLetterQuery,
      answers: { 200: { says: 'One page', schema: deadLetterPage } },
      gives: async ({ caller, query: { all, ...page }, traceparent }) => {
        const asked = { tenant: caller.tenant, all: all === 'true', ...page };
        return bus.call('scheduler.dead_letters', asked, { traceparent });
      },
    }),
    route({
      method: 'get',
      path: '/dead-letters/:job_id',
      summary: 'Why it failed, attempt by attempt; never content',
      permissions: ['jobs:read'],
      params,
      answers: { 200: { says: 'The dead letter', schema: deadLetterDetail } },
      gives: (incoming) => bus.call('scheduler.dead_letter', jobKeyOf(incoming), incoming),
    }),
    route({
      method: 'post',
      path: '/dead-letters/:job_id/discard',
      summary: 'Say why nothing more will come of it',
      permissions: ['jobs:follow'],
      params,
      body: { schema: discardRequest, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'It is settled', schema: deadLetterDetail } },
      gives: async (incoming) => {
        const asked = { ...jobKeyOf(incoming), ...incoming.body, principal: principalOf(incoming.caller) };
        return bus.call('scheduler.discard', asked, incoming);
      },
    }),
  ];
}

/** Whoever asks for it beside the agent, or proposed it, stands in the chain: what one asked for, one does not countersign. */
async function submitFollowUp(
  bus: Bus,
  submit: SubmitJob,
  asked: Asked,
  kind: FollowUp,
  taken: z.output<typeof takeOffer>,
) {
  const { caller, traceparent } = asked;
  const key = jobKeyOf(asked);
  const own = !caller.permissions.has('jobs:follow');
  const question = { ...key, kind, own, principal: principalOf(caller), ...taken };
  const { request, actor, offer_id, offered_by, constraints } = await bus.call('scheduler.follow_up', question, {
    traceparent,
  });
  const offer = { offer_id, offered_by, constraints };
  const taken_from = Object.fromEntries(Object.entries(offer).filter(([, value]) => value !== undefined));
  const origin = { kind, job_id: key.job_id, asked_by: caller.id, ...taken_from };
  const isActor = caller.id === actor.id;
  const agent: Caller = isActor ? caller : { ...caller, ...actor, auth_method: caller.auth_method, on_behalf_of: [] };
  return submit({
    caller: agent,
    raw: { origin },
    sent: isActor ? request : { ...request, on_behalf_of: caller.id },
    origin,
    ...(isActor ? {} : { behind: [{ id: caller.id, owner: null }] }),
    ...(offered_by !== undefined && { beside: [{ id: offered_by, owner: null }] }),
    idempotency_key: null,
    traceparent,
  });
}
