/** Derives again that a quarantined output, and each of its files, was let out only by somebody who had opened it, whose own it is not, and once. */
import { partiesIn } from '@countersign/contracts/delegation';
import type { Body, DerivedFault } from './derived-fault.ts';
import type { AskedFor } from './rederive-control.ts';

/** An output whose job ended quarantined. */
export type HeldOutput = {
  readonly digest: unknown;
  readonly asked: AskedFor;
  /** Its files by their salted digests. */
  readonly artifacts: readonly unknown[];
  /** By whom, and of which files they were told. */
  readonly opened: Map<unknown, Set<unknown>>;
  ended: boolean;
};

/** `screened`: the files of the screening that it ended with, as its entry has them. */
export function newHeldOutput(digest: unknown, screened: unknown, asked: AskedFor): HeldOutput {
  const artifacts = (Array.isArray(screened) ? screened : []).map((each) => each?.artifact_digest);
  return { digest, artifacts, asked, opened: new Map(), ended: false };
}

/** `held`: undefined where the job did not end quarantined. */
export function reviewFaults(held: HeldOutput | undefined, kind: string, body: Body): DerivedFault[] {
  if (held === undefined || held.digest !== body.output_digest) return ['review_without_quarantine'];
  const files = Array.isArray(body.artifacts) ? body.artifacts : [];
  if (!files.every((each) => held.artifacts.includes(each))) return ['review_without_quarantine'];
  if (held.ended) return ['review_after_its_end'];
  const own = [body.actor, body.owner, ...partiesIn(typeof body.on_behalf_of === 'string' ? body.on_behalf_of : null)];
  if (own.includes(body.reviewer)) return ['reviewed_by_the_wrong_person'];
  const seen = held.opened.get(body.reviewer);
  if (kind === 'quarantine_opened') held.opened.set(body.reviewer, new Set([...(seen ?? []), ...files]));
  if (kind === 'quarantine_discarded' || kind === 'quarantine_released') held.ended = true;
  const leaves = kind === 'quarantine_proposed' || kind === 'quarantine_released';
  if (!leaves) return [];
  if (seen === undefined || !files.every((each) => seen.has(each))) return ['released_unopened'];
  return body.redacted === true && files.length > 0 ? ['artifacts_released_redacted'] : [];
}
