/** Lets people in through the provider of the setting, at either door: a command's or the console's. */
import type { LoginRequest, LoginStart, OidcSettings, Session } from '@countersign/contracts/login';
import { monotonicMs } from '@countersign/platform/clock';
import type { Database } from '@countersign/platform/database';
import { boundGuesses } from '../bound-guesses.ts';
import { openProvider } from './ask-provider.ts';
import { letIn } from './let-in.ts';

export type Logins = {
  /** Where a person is to be sent. Throws `login_unavailable`. */
  start(): Promise<LoginStart>;
  /** `address`: where the answer of the browser came from. Throws what the provider and the registry refuse. */
  comeIn(login: LoginRequest, address: string): Promise<Session>;
};

export function openLogins(database: Database, settings: OidcSettings): Logins {
  const provider = openProvider(settings);
  const guesses = boundGuesses(monotonicMs);
  return {
    start: () => provider.start(),
    async comeIn(login, address) {
      // Each asks the provider: a stranger must not make this door ask it without end.
      const giveBack = guesses.take(address, 'a login');
      const claims = await provider.redeem(login);
      giveBack();
      return letIn(database, settings, claims);
    },
  };
}
