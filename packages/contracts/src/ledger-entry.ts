/** The kinds of evidence, who may record each, and the chains they stand in. The database refuses any other pair. */
import { z } from 'zod';
import { instant } from './names.ts';
import { JOB_STATES, type JobState } from './states.ts';

export const SERVICES = ['ingress', 'policy-kernel', 'approval', 'scheduler', 'output-safety', 'audit'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** A step of a job is recorded as `job_<state it leads to>`. A job comes to be parked with its admission alone, which says so. */
type StepKind = `job_${Exclude<JobState, 'parked'>}`;
const STEP_KINDS = Object.fromEntries(
  JOB_STATES.filter((state) => state !== 'parked').map((state) => [`job_${state}`, 'scheduler']),
) as Readonly<Record<StepKind, 'scheduler'>>;

export const ENTRY_KINDS = {
  job_admitted: 'scheduler',
  ...STEP_KINDS,
  job_cancel_requested: 'scheduler',
  job_followed: 'scheduler',
  dead_letter_discarded: 'scheduler',
  attempt_refused: 'scheduler',
  attempt_lost: 'scheduler',
  switch_set: 'scheduler',
  switch_lift_requested: 'scheduler',
  payloads_erased: 'scheduler',
  retention_set: 'scheduler',
  hold_set: 'scheduler',
  hold_lifted: 'scheduler',
  erasure_asked: 'scheduler',
  worker_record_taken: 'scheduler',
  comments_erased: 'approval',
  outputs_erased: 'output-safety',
  approval_opened: 'approval',
  approval_voted: 'approval',
  approval_granted: 'approval',
  approval_refused: 'approval',
  approval_expired: 'approval',
  approval_voided: 'approval',
  approval_withdrawn: 'approval',
  approval_escalated: 'approval',
  approval_carried: 'approval',
  /** Of old entries alone: a review is signed by `review_signed` now. */
  approval_reviewed: 'approval',
  run_review_opened: 'approval',
  review_signed: 'approval',
  approval_by_grant: 'approval',
  approval_grant_revoked: 'approval',
  output_screened: 'output-safety',
  result_rejected: 'output-safety',
  quarantine_opened: 'output-safety',
  quarantine_proposed: 'output-safety',
  quarantine_released: 'output-safety',
  quarantine_discarded: 'output-safety',
  policy_activated: 'policy-kernel',
  policy_rejected: 'policy-kernel',
  policy_published: 'policy-kernel',
  policy_shadow_set: 'policy-kernel',
  policy_shadow_difference: 'policy-kernel',
  identity_created: 'ingress',
  identity_changed: 'ingress',
  identity_revoked: 'ingress',
  entitlements_reviewed: 'ingress',
} as const satisfies Readonly<Record<string, ServiceName>>;
export type EntryKind = keyof typeof ENTRY_KINDS;

export function isEntryKind(kind: string): kind is EntryKind {
  return Object.hasOwn(ENTRY_KINDS, kind);
}

/** One entry as it is sealed, published on `audit.>` and exported. `body` is the canonical JSON, exactly as hashed. */
export const ledgerEntry = z.object({
  chain: z.string(),
  seq: z.int(),
  kind: z.string(),
  recorded_by: z.string(),
  tenant: z.string().nullable(),
  topic: z.string().nullable(),
  recorded_at: instant,
  prev_hash: z.string(),
  hash: z.string(),
  body: z.string(),
  /** Null until sealed. */
  leaf_index: z.int().nullable(),
});
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** The same over HTTP: JSON all the way down. `hash` covers the canonical JSON (RFC 8785) of `body`, which gives the text back. */
export const shownEntry = ledgerEntry.extend({ body: z.record(z.string(), z.unknown()) });
export type ShownEntry = z.infer<typeof shownEntry>;

/** What a service hands to `ledger.append`. */
export type NewEntry = {
  chain: string;
  kind: string;
  tenant: string | null;
  topic: string | null;
  body: Record<string, unknown>;
};

/** Login role of a service, as `session_user` shows it and as an entry's `recorded_by` hashes it. */
export function roleOf(service: ServiceName): string {
  return `countersign_${service.replaceAll('-', '_')}`;
}

export function chainOfJob(tenant: string, job_id: string): string {
  return `job:${tenant}:${job_id}`;
}

export function showBody(entry: LedgerEntry): ShownEntry {
  return {
    ...entry,
    body: JSON.parse(entry.body) as ShownEntry['body'],
  };
}
