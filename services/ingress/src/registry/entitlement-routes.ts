/** `/entitlements`: rights that nobody used, and the sign-off of a person who looked. */
import { entitlementQuery, entitlementReport, signedOff, signOff } from '@countersign/contracts/entitlements';
import { LIMITS } from '@countersign/contracts/limits';
import { type Route, route } from '../route.ts';
import { reviewEntitlements, signOffReview } from './review-entitlements.ts';
import type { RegistryParts } from './revoke-routes.ts';

export function entitlementRoutes({ database }: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/entitlements',
      summary: 'What was granted and not used for so many days: of ceilings, and keys',
      permissions: ['identity:read'],
      query: entitlementQuery,
      answers: { 200: { says: 'The report', schema: entitlementReport } },
      handle: async ({ caller, query: { days = LIMITS.default_key_days } }) => ({
        status: 200,
        json: await reviewEntitlements(database, caller.tenant, days),
      }),
    }),
    route({
      method: 'post',
      path: '/entitlements/sign-off',
      summary: 'Record that a person has looked at the report of this digest',
      permissions: ['entitlements:sign'],
      body: { schema: signOff, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'It is in the ledger', schema: signedOff } },
      handle: async ({ caller, body }) => ({ status: 200, json: await signOffReview(database, caller, body) }),
    }),
  ];
}
