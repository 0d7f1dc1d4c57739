/** `/token`: a credential for a short-lived one. */
import { tokenAnswer, tokenRequest } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_NAMES } from '@countersign/contracts/permissions';
import type { IssueToken } from './issue-token.ts';
import { type Route, route } from './route.ts';

export function tokenRoutes(issue: IssueToken): Route[] {
  return [
    route({
      method: 'post',
      path: '/token',
      summary: 'Exchange an API key or a signature for a token of at most 15 minutes',
      // A token can do nothing that its credential cannot do already, so every credential may.
      permissions: PERMISSION_NAMES,
      body: { schema: tokenRequest, limit: LIMITS.access_token_chars, optional: true },
      answers: { 200: { says: 'The token; it is shown once', schema: tokenAnswer } },
      gives: ({ caller, body }) => issue(caller, body),
    }),
  ];
}
