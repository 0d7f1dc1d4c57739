/** `/login` and `/logout`: a person comes in through an OpenID provider, for a short while. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { loginRequest, loginStart, type OidcSettings, session } from '@countersign/contracts/login';
import { PERMISSION_NAMES } from '@countersign/contracts/permissions';
import { monotonicMs } from '@countersign/platform/clock';
import type { Database } from '@countersign/platform/database';
import { boundGuesses } from '../bound-guesses.ts';
import { byOf } from '../registry/change-registry.ts';
import { revokeIdentity } from '../revoke-identity.ts';
import { type Route, route } from '../route.ts';
import { openProvider } from './ask-provider.ts';
import { letIn } from './let-in.ts';

export function loginRoutes(database: Database, settings: OidcSettings): Route[] {
  const provider = openProvider(settings);
  const guesses = boundGuesses(monotonicMs);
  return [
    route({
      method: 'get',
      path: '/login',
      summary: 'Where a person is to be sent',
      permissions: PERMISSION_NAMES,
      open: true,
      answers: { 200: { says: 'The provider', schema: loginStart } },
      handle: async () => ({ status: 200, json: await provider.start() }),
    }),
    route({
      method: 'post',
      path: '/login',
      summary: 'A session for who comes back from the provider',
      permissions: PERMISSION_NAMES,
      open: true,
      body: { schema: loginRequest, limit: LIMITS.login_chars * 2 },
      answers: { 200: { says: 'The session; its key is shown once', schema: session } },
      handle: async ({ body, address }) => {
        // Each asks the provider: a stranger must not make this door ask it without end.
        const giveBack = guesses.take(address, 'a login');
        const claims = await provider.redeem(body);
        giveBack();
        return { status: 200, json: await letIn(database, settings, claims) };
      },
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
