/**
 * Whether the caller may act on behalf of whom a request names: each of the chain is known to the tenant, not revoked, and has let
 * the next one act. What a request says of it is never taken on its word.
 */
import { chainOf, type Link, type OnBehalfOf } from '@countersign/contracts/delegation';
import { CountersignError } from '@countersign/contracts/errors';
import type { Tx } from '@countersign/platform/database';
import type { Caller } from './caller.ts';
import { findLinks } from './store-delegations.ts';

export type ProveChain = (caller: Caller, named: OnBehalfOf | undefined) => Promise<readonly Link[]>;

/** Throws `delegation_missing`. Asks at each request: an end of a delegation holds at once. */
export function openChains(database: Tx): ProveChain {
  return async (caller, named) => {
    const chain = chainOf(named);
    if (chain.length === 0) return [];
    const links = chain.includes(caller.id) ? [] : await findLinks(database, caller.tenant, chain, caller.id);
    if (links.length < chain.length) throw refusal();
    return links;
  };
}

/** What the request is about: a token that was made for a chain speaks for that one, and for no other. */
export function boundChain(caller: Caller, named: OnBehalfOf | undefined): OnBehalfOf | undefined {
  const { on_behalf_of } = caller;
  if (on_behalf_of.length === 0) return named;
  if (named !== undefined && chainOf(named).join(' ') !== on_behalf_of.join(' ')) throw refusal();
  return [...on_behalf_of];
}

function refusal(): CountersignError {
  return new CountersignError('delegation_missing', undefined, { at: '/on_behalf_of' });
}
