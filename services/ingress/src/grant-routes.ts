/** `/approvals/grants`: yeses that people gave for several jobs. Who may revoke one is the approval service's to say. */
import { grantPage, grantRevocation, grantView } from '@countersign/contracts/grant';
import { grantQuery } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { uuid } from '@countersign/contracts/names';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { principalOf } from './caller.ts';
import { type Route, route } from './route.ts';

export function grantRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/approvals/grants',
      summary: 'Bounded grants, newest first: what was agreed to for several jobs, and how much of it is used',
      permissions: ['approvals:read'],
      query: grantQuery,
      answers: { 200: { says: 'One page', schema: grantPage } },
      gives: async ({ caller, query: { active, ...page }, traceparent }) => {
        const asked = { tenant: caller.tenant, active: active === 'true', ...page };
        return bus.call('approval.grants', asked, { traceparent });
      },
    }),
    route({
      method: 'post',
      path: '/approvals/grants/:grant_id/revoke',
      summary:
        'Revoke a bounded grant at once: one of a group that gave it, or an operator. What was dispatched goes on',
      permissions: ['approvals:vote', 'cancel'],
      params: z.strictObject({ grant_id: uuid }),
      body: { schema: grantRevocation, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'The grant as it stands now', schema: grantView } },
      gives: async ({ caller, params, body, traceparent }) => {
        const by = { principal: principalOf(caller), any: caller.permissions.has('cancel') };
        const asked = { ...params, ...body, ...by, tenant: caller.tenant };
        return bus.call('approval.revoke_grant', asked, { traceparent });
      },
    }),
  ];
}
