/** `/session`: whose a credential is and what it may, so that a page shows what is of use to whoever looks at it. */
import { whoAsks } from '@countersign/contracts/login';
import { PERMISSION_NAMES } from '@countersign/contracts/permissions';
import { type Route, route } from '../route.ts';
import { csrfTokenOf, sessionCookies } from './session-cookie.ts';

export function sessionRoute(): Route {
  return route({
    method: 'get',
    path: '/session',
    summary: 'Whose the credential is, and what it may',
    permissions: PERMISSION_NAMES,
    answers: { 200: { says: 'The caller, as the registry has it', schema: whoAsks } },
    gives: async ({ caller, header }) => {
      const { id: principal, type, tenant, groups, permissions, auth_method, on_behalf_of, session } = caller;
      const [secret] = session === undefined ? [] : sessionCookies(header);
      const csrf_token = secret === undefined ? null : csrfTokenOf(secret);
      const may = [...permissions].sort();
      return { principal, type, tenant, groups, permissions: may, auth_method, on_behalf_of, csrf_token };
    },
  });
}
