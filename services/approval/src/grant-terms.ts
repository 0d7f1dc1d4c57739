/** What a bounded grant is worth, and whether it covers a job. Pure: nothing here reads or writes. */

import { CountersignError } from '@countersign/contracts/errors';
import { fieldAt } from '@countersign/contracts/field-path';
import type { VoteGrant } from '@countersign/contracts/grant';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { GRANT_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import type { Approval, HeldJob, Vote } from './store.ts';

/** Canonical JSON of an effective job, and the salt of its digests. */
type Content = { effective: string | null; salt: string | null };

/** The least of all votes for the job; null where one of them is for this job alone. */
export function leastOf(votes: readonly Vote[]): VoteGrant | null {
  const given = votes.filter(({ vote }) => vote === 'approve').map(({ grant }) => grant);
  if (given.length === 0 || !given.every((grant) => grant !== null)) return null;
  return {
    uses: Math.min(...given.map(({ uses }) => uses)),
    minutes: Math.min(...given.map(({ minutes }) => minutes)),
  };
}

/** Throws `grant_not_allowed` for what the rule does not allow, or what this job has no fields for. */
export function refuseGrant({ grant: allowed }: Approval, asked: VoteGrant, content: Content): void {
  if (allowed === null) throw refused('the rule lets nobody give a yes for several jobs');
  if (asked.uses > allowed.max_uses) throw refused(`the rule allows ${allowed.max_uses} uses at most`);
  if (asked.minutes > allowed.max_minutes) throw refused(`the rule allows ${allowed.max_minutes} minutes at most`);
  const missing = allowed.same.filter(
    (field) => content.effective === null || readField(field, content.effective) === undefined,
  );
  if (missing.length > 0) throw refused(`this job has no ${missing.join(', ')}, which has to be the same in all`);
}

/** Of the fields that have to be the same, under the salt of the job that people voted on. Null where one is missing, or erased. */
export function sameDigest(same: readonly string[], effective: string | null, salt: string | null): string | null {
  if (effective === null || salt === null) return null;
  const values = same.map((field) => [field, readField(field, effective)] as const);
  if (values.some(([, value]) => value === undefined)) return null;
  const text = canonicalize(Object.fromEntries(values) as JsonValue);
  return saltedDigest(GRANT_DOMAIN, Buffer.from(salt, 'base64url'), text);
}

/** On the very terms that people voted on; whose matter it is must not differ either, for none of them may have voted. */
export function isOnTerms(job: HeldJob, given: Approval): boolean {
  const termsOf = ({ stages, grant, owner, on_behalf_of }: HeldJob | Approval) =>
    canonicalize([stages, grant, owner, on_behalf_of] as JsonValue);
  return job.grant !== null && termsOf(job) === termsOf(given);
}

function readField(field: string, effective: string): unknown {
  return fieldAt(field, JSON.parse(effective));
}

function refused(detail: string): CountersignError {
  return new CountersignError('grant_not_allowed', detail);
}
