/** `/reviews`: what somebody else has to look at and sign off. Who may is the approval service's to say. */
import { reviewQuery } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { uuid } from '@countersign/contracts/names';
import { reviewPage, reviewView, signing } from '@countersign/contracts/review';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { principalOf } from './caller.ts';
import { type Route, route } from './route.ts';

const params = z.strictObject({ review_id: uuid });

export function reviewRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/reviews',
      summary: 'Reviews, newest first: runs that policy marks, and what one person granted alone',
      permissions: ['approvals:read'],
      query: reviewQuery,
      answers: { 200: { says: 'One page', schema: reviewPage } },
      gives: async ({ caller, query, traceparent }) => {
        const asked = { tenant: caller.tenant, ...query };
        return bus.call('approval.reviews', asked, { traceparent });
      },
    }),
    route({
      method: 'get',
      path: '/reviews/:review_id',
      summary: 'A review, and who may not sign it off',
      permissions: ['approvals:read'],
      params,
      answers: { 200: { says: 'The review', schema: reviewView } },
      gives: ({ caller, params, traceparent }) =>
        bus.call('approval.get_review', { tenant: caller.tenant, ...params }, { traceparent }),
    }),
    route({
      method: 'post',
      path: '/reviews/:review_id/sign',
      summary: 'Sign a review off, as somebody in whose matter it is not and who did not vote; the job stays as it is',
      permissions: ['approvals:review'],
      params,
      body: { schema: signing, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'The review, signed', schema: reviewView } },
      gives: async ({ caller, params, body, traceparent }) => {
        const said = { ...body, reason: body.reason ?? null };
        const asked = { ...params, ...said, tenant: caller.tenant, principal: principalOf(caller) };
        return bus.call('approval.sign_review', asked, { traceparent });
      },
    }),
  ];
}
