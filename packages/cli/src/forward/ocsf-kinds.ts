/**
 * What each kind of evidence is as an event of OCSF's class API Activity: which activity, how grave, and whether it is a failure. A
 * kind that is added to the ledger does not compile until it stands here.
 */
import { type EntryKind, isEntryKind } from '@countersign/contracts/ledger-entry';

const ACTIVITIES = { Create: 1, Read: 2, Update: 3, Delete: 4, Other: 99 } as const;
const SEVERITIES = { Informational: 1, Medium: 3, High: 4 } as const;

export type KindMeaning = {
  activity: keyof typeof ACTIVITIES;
  severity: keyof typeof SEVERITIES;
  failed: boolean;
};

const CREATED: KindMeaning = { activity: 'Create', severity: 'Informational', failed: false };
const READ: KindMeaning = { ...CREATED, activity: 'Read' };
const CHANGED: KindMeaning = { ...CREATED, activity: 'Update' };
const DELETED: KindMeaning = { ...CREATED, activity: 'Delete' };
const FAILED: KindMeaning = { activity: 'Update', severity: 'Medium', failed: true };
/** Of a server that is newer than this command. It is sent on, since a gap would say that nothing happened. */
const UNKNOWN: KindMeaning = { ...CREATED, activity: 'Other' };

const MEANINGS: Readonly<Record<EntryKind, KindMeaning>> = {
  job_admitted: CREATED,
  job_held: CHANGED,
  job_cleared: CHANGED,
  job_dispatched: CHANGED,
  job_running: CHANGED,
  job_succeeded: CHANGED,
  job_failed: FAILED,
  job_denied: FAILED,
  job_refused: FAILED,
  job_expired: FAILED,
  job_cancelled: CHANGED,
  job_timed_out: FAILED,
  job_quarantined: FAILED,
  job_cancel_requested: CHANGED,
  job_followed: CHANGED,
  dead_letter_discarded: DELETED,
  attempt_refused: FAILED,
  attempt_lost: FAILED,
  switch_set: { ...CHANGED, severity: 'High' },
  switch_lift_requested: CHANGED,
  payloads_erased: DELETED,
  retention_set: { ...CHANGED, severity: 'Medium' },
  hold_set: CREATED,
  hold_lifted: { ...DELETED, severity: 'Medium' },
  erasure_asked: { ...CREATED, severity: 'Medium' },
  worker_record_taken: CHANGED,
  comments_erased: DELETED,
  outputs_erased: DELETED,
  approval_opened: CREATED,
  approval_voted: CHANGED,
  approval_granted: CHANGED,
  approval_refused: FAILED,
  approval_expired: FAILED,
  approval_voided: CHANGED,
  approval_withdrawn: CHANGED,
  approval_escalated: CHANGED,
  approval_carried: CREATED,
  approval_reviewed: CHANGED,
  run_review_opened: CREATED,
  review_signed: CHANGED,
  approval_by_grant: CREATED,
  approval_grant_revoked: DELETED,
  output_screened: CHANGED,
  result_rejected: { ...FAILED, severity: 'High' },
  quarantine_opened: { ...READ, severity: 'Medium' },
  quarantine_proposed: CHANGED,
  quarantine_released: { ...CHANGED, severity: 'Medium' },
  quarantine_discarded: DELETED,
  policy_activated: CHANGED,
  policy_rejected: { ...FAILED, severity: 'High' },
  policy_published: CREATED,
  policy_shadow_set: CHANGED,
  policy_shadow_difference: CREATED,
  identity_created: CREATED,
  identity_changed: CHANGED,
  identity_revoked: { ...DELETED, severity: 'Medium' },
  entitlements_reviewed: READ,
};

export function meaningOf(kind: string): KindMeaning {
  return isEntryKind(kind) ? MEANINGS[kind] : UNKNOWN;
}

export function activityIdOf({ activity }: KindMeaning): number {
  return ACTIVITIES[activity];
}

export function severityIdOf(severity: KindMeaning['severity']): number {
  return SEVERITIES[severity];
}
