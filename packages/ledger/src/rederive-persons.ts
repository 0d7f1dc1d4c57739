/**
 * Which accounts are one human's, as the registry's entries say it: an account that is declared another one's, and accounts
 * that one subject of the provider came in by. What an export leaves out links nobody.
 */
import type { Body } from './derived-fault.ts';

export class Persons {
  readonly #declared = new Map<unknown, unknown>();
  readonly #subjects = new Map<unknown, unknown>();
  /** By account; null until it is asked for again. */
  #names: Map<unknown, unknown> | null = null;

  take(kind: string, body: Body): void {
    if (kind !== 'identity_changed' || body.what !== 'person') return;
    if (body.person !== undefined) this.#declared.set(body.id, body.person);
    if (body.oidc_subject !== undefined) this.#subjects.set(body.id, body.oidc_subject);
    this.#names = null;
  }

  /** One name for all accounts of a human. */
  nameOf(account: unknown): unknown {
    this.#names ??= this.#join();
    return this.#names.get(account) ?? account;
  }

  #join(): Map<unknown, unknown> {
    const names = new Map<unknown, unknown>();
    const rootOf = (of: unknown): unknown => {
      let at = of;
      while (names.has(at) && names.get(at) !== at) at = names.get(at);
      return at;
    };
    const link = (a: unknown, b: unknown): void => {
      names.set(a, names.get(a) ?? a);
      names.set(b, names.get(b) ?? b);
      names.set(rootOf(a), rootOf(b));
    };
    for (const [account, person] of this.#declared) if (person !== null) link(account, person);
    // Subjects are digests, which no account's name looks like; they join who came in by them.
    for (const [account, subject] of this.#subjects) link(account, `subject ${String(subject)}`);
    return new Map([...names.keys()].map((account) => [account, rootOf(account)]));
  }
}
