/** Derives again that a quarantined output was let out only by somebody who had opened it, whose own it is not, and once. */
import { partiesIn } from '@countersign/contracts/delegation';
import type { Body, DerivedFault } from './derived-fault.ts';
import type { AskedFor } from './rederive-control.ts';

/** An output whose job ended quarantined. */
export type HeldOutput = {
  readonly digest: unknown;
  readonly asked: AskedFor;
  readonly opened: Set<unknown>;
  ended: boolean;
};

export function newHeldOutput(digest: unknown, asked: AskedFor): HeldOutput {
  return { digest, asked, opened: new Set(), ended: false };
}

/** `held`: undefined where the job did not end quarantined. */
export function reviewFaults(held: HeldOutput | undefined, kind: string, body: Body): DerivedFault[] {
  if (held === undefined || held.digest !== body.output_digest) return ['review_without_quarantine'];
  if (held.ended) return ['review_after_its_end'];
  const own = [body.actor, body.owner, ...partiesIn(typeof body.on_behalf_of === 'string' ? body.on_behalf_of : null)];
  if (own.includes(body.reviewer)) return ['reviewed_by_the_wrong_person'];
  if (kind === 'quarantine_opened') held.opened.add(body.reviewer);
  if (kind === 'quarantine_discarded' || kind === 'quarantine_released') held.ended = true;
  const leaves = kind === 'quarantine_proposed' || kind === 'quarantine_released';
  return leaves && !held.opened.has(body.reviewer) ? ['released_unopened'] : [];
}
