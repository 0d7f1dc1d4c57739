/** `/approvals`: what waits for a countersignature, and the votes. Who is eligible is the approval service's to say. */
import { approvalView, glassBreaking, vote, withdrawal, yes } from '@countersign/contracts/approval';
import { counterOffer } from '@countersign/contracts/counter-offer';
import { approvalPage, approvalQuery } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { uuid } from '@countersign/contracts/names';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { approvalEventsRoute } from './approval-events.ts';
import { principalOf } from './caller.ts';
import { grantRoutes } from './grant-routes.ts';
import { type Route, route } from './route.ts';
import type { EventStreams } from './stream-events.ts';

const params = z.strictObject({ approval_id: uuid });
const VOTES = { approve: 'Countersign exactly what was shown', reject: 'Refuse the job' } as const;

export function approvalRoutes(bus: Bus, streams: EventStreams): Route[] {
  return [
    route({
      method: 'get',
      path: '/approvals',
      summary: 'List approvals, newest first',
      permissions: ['approvals:read'],
      query: approvalQuery,
      answers: { 200: { says: 'One page, without content', schema: approvalPage } },
      gives: async ({ caller, query: { mine, ...query }, traceparent }) => {
        const votable_by = mine === undefined ? {} : { votable_by: principalOf(caller) };
        const asked = { tenant: caller.tenant, ...query, ...votable_by };
        return bus.call('approval.list', asked, { traceparent });
      },
    }),
    // Before the route of one approval, which would take it for an id.
    approvalEventsRoute(streams),
    ...grantRoutes(bus),
    route({
      method: 'get',
      path: '/approvals/:approval_id',
      summary: 'An approval, with exactly what will run',
      permissions: ['approvals:read'],
      params,
      answers: { 200: { says: 'The approval', schema: approvalView } },
      gives: ({ caller, params, traceparent }) =>
        bus.call('approval.get', { tenant: caller.tenant, ...params }, { traceparent }),
    }),
    voteRoute(bus, 'approve'),
    voteRoute(bus, 'reject'),
    route({
      method: 'post',
      path: '/approvals/:approval_id/counter-offer',
      summary: 'Refuse the job, and offer its requester another one: decided and voted on anew once it is taken',
      permissions: ['approvals:vote'],
      params,
      body: { schema: counterOffer, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'The approval, refused, with the offer', schema: approvalView } },
      gives: async ({ caller, params, body, traceparent }) => {
        const asked = { ...params, ...body, tenant: caller.tenant, principal: principalOf(caller) };
        return bus.call('approval.counter_offer', asked, { traceparent });
      },
    }),
    route({
      method: 'post',
      path: '/approvals/:approval_id/break-glass',
      summary: 'Grant alone, as one of the group that the rule names for emergencies; somebody else reviews it',
      permissions: ['approvals:vote'],
      params,
      body: { schema: glassBreaking, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'The approval, granted', schema: approvalView } },
      gives: async ({ caller, params, body, traceparent }) => {
        const asked = { ...params, ...body, tenant: caller.tenant, principal: principalOf(caller) };
        return bus.call('approval.break_glass', asked, { traceparent });
      },
    }),
    route({
      method: 'post',
      path: '/approvals/:approval_id/withdraw',
      summary: 'Take a question back before it is granted: who asked, or who answers for them. Its job ends cancelled',
      permissions: ['cancel:own', 'cancel', 'approvals:vote'],
      params,
      body: { schema: withdrawal, limit: LIMITS.request_bytes, optional: true },
      answers: { 200: { says: 'The approval as it stands now, without content', schema: approvalView } },
      gives: async ({ caller, params, body, traceparent }) => {
        const asked = { ...params, tenant: caller.tenant, reason: body.reason ?? null, principal: principalOf(caller) };
        const withdrawn = await bus.call('approval.withdraw', asked, { traceparent });
        return { ...withdrawn, effective: null };
      },
    }),
  ];
}

function voteRoute(bus: Bus, cast: keyof typeof VOTES): Route {
  return route({
    method: 'post',
    path: `/approvals/:approval_id/${cast}`,
    summary: VOTES[cast],
    permissions: ['approvals:vote'],
    params,
    body: { schema: cast === 'approve' ? yes : vote, limit: LIMITS.request_bytes },
    answers: { 200: { says: 'The approval with this vote', schema: approvalView } },
    gives: async ({ caller, params, body, traceparent }) => {
      const { digest, comment, grant }: z.output<typeof yes> = body;
      const asked = {
        tenant: caller.tenant,
        approval_id: params.approval_id,
        vote: cast,
        digest,
        comment: comment ?? null,
        ...(grant !== undefined && { grant }),
        principal: principalOf(caller),
      };
      return bus.call('approval.vote', asked, { traceparent });
    },
  });
}
