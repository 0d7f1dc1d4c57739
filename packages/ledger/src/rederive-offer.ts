/**
 * Derives again that a job made of an approver's counter-offer is made of one that stands in evidence, once, on its bounds, and that
 * who proposed it stands in its chain, where nobody countersigns.
 */
import { partiesIn } from '@countersign/contracts/delegation';
import { isEqual } from './approval-terms.ts';
import type { Body, DerivedFault } from './derived-fault.ts';

/** By tenant, job and id. */
export type Offers = Map<string, { body: Body; taken: boolean }>;

/** `refused`: an `approval_refused`. */
export function keepOffer(offers: Offers, { tenant, job_id, counter_offer }: Body): void {
  if (typeof counter_offer !== 'object' || counter_offer === null) return;
  const body = counter_offer as Body;
  offers.set(keyOf(tenant, job_id, body.offer_id), { body, taken: false });
}

/** `made`: the first entry of a job, which says what it follows. */
export function offerFaults(offers: Offers, { tenant, follows, on_behalf_of }: Body): DerivedFault[] {
  const { kind, job_id, offer_id, offered_by, constraints } = (follows ?? {}) as Body;
  if (kind !== 'remediates') return [];
  const offer = offers.get(keyOf(tenant, job_id, offer_id));
  if (offer === undefined) return offered_by === undefined ? [] : ['offer_missing'];
  if (offer.taken) return ['offer_taken_twice'];
  offer.taken = true;
  const chain = partiesIn(typeof on_behalf_of === 'string' ? on_behalf_of : null);
  if (offered_by !== offer.body.offered_by || !chain.includes(String(offered_by)))
    return ['offer_without_its_proposer'];
  return isEqual(offer.body, { constraints }, 'constraints') ? [] : ['offer_of_something_else'];
}

function keyOf(tenant: unknown, job_id: unknown, offer_id: unknown): string {
  return JSON.stringify([tenant, job_id, offer_id]);
}
