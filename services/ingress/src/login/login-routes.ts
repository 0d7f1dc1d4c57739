/** `/login` and `/logout`: a person comes in through an OpenID provider, for a short while. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { loginRequest, loginStart, session } from '@countersign/contracts/login';
import { PERMISSION_NAMES } from '@countersign/contracts/permissions';
import type { Database } from '@countersign/platform/database';
import { byOf } from '../registry/change-registry.ts';
import { revokeIdentity } from '../revoke-identity.ts';
import { type Route, route } from '../route.ts';
import type { Logins } from './open-logins.ts';

export function loginRoutes(database: Database, logins: Logins): Route[] {
  return [
    route({
      method: 'get',
      path: '/login',
      summary: 'Where a person is to be sent',
      permissions: PERMISSION_NAMES,
      open: true,
      answers: { 200: { says: 'The provider', schema: loginStart } },
      gives: () => logins.start(),
    }),
    route({
      method: 'post',
      path: '/login',
      summary: 'A session for who comes back from the provider',
      permissions: PERMISSION_NAMES,
      open: true,
      body: { schema: loginRequest, limit: LIMITS.login_chars * 2 },
      answers: { 200: { says: 'The session; its key is shown once', schema: session } },
      gives: ({ body, address }) => logins.comeIn(body, address),
    }),
    route({
      method: 'post',
      path: '/logout',
      summary: 'End the key that asks, and what was made with it',
      permissions: PERMISSION_NAMES,
      answers: { 204: { says: 'It counts for nothing any more' } },
      handle: async ({ caller }) => {
        const { key_id } = caller;
        if (key_id === null) throw new CountersignError('field_invalid', 'there is no key to end');
        const end = { what: 'api_key' as const, id: key_id, reason: 'logged out', by_key: null, by: byOf(caller) };
        await database.transaction((tx) => revokeIdentity(tx, end));
        return { status: 204 };
      },
    }),
  ];
}
