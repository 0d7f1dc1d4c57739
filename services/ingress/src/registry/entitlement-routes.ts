/** `/entitlements`: rights that nobody used, and the sign-off of a person who looked. */
import { entitlementQuery, entitlementReport, signedOff, signOff } from '@countersign/contracts/entitlements';
import { LIMITS } from '@countersign/contracts/limits';
import type { Caller } from '../caller.ts';
import { type Route, route } from '../route.ts';
import { reviewEntitlements, signOffReview } from './review-entitlements.ts';
import type { RegistryParts } from './revoke-routes.ts';

export function entitlementRoutes({ database, bus }: RegistryParts): Route[] {
  /** Workers serve several tenants: who may not see them reviews none. */
  const claimsFor = async ({ permissions }: Caller, traceparent: string) =>
    permissions.has('workers:read') ? await bus.call('scheduler.worker_uses', {}, { traceparent }) : null;
  return [
    route({
      method: 'get',
      path: '/entitlements',
      summary: 'What was granted and not used for so many days: of ceilings, keys, workers and pools',
      permissions: ['identity:read'],
      query: entitlementQuery,
      answers: { 200: { says: 'The report', schema: entitlementReport } },
      gives: async ({ caller, traceparent, query: { days = LIMITS.default_key_days } }) => {
        const claims = await claimsFor(caller, traceparent);
        return reviewEntitlements(database, caller.tenant, days, claims);
      },
    }),
    route({
      method: 'post',
      path: '/entitlements/sign-off',
      summary: 'Record that a person has looked at the report of this digest',
      permissions: ['entitlements:sign'],
      body: { schema: signOff, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'It is in the ledger', schema: signedOff } },
      gives: async ({ caller, body, traceparent }) => {
        const claims = await claimsFor(caller, traceparent);
        return signOffReview(database, caller, body, claims);
      },
    }),
  ];
}
