/** Kinds of entries that a page listens for: a browser hears of server-sent events only by name. */
import { JOB_STATES } from '@countersign/contracts/states';

export const APPROVAL_KINDS = [
  'opened',
  'voted',
  'granted',
  'refused',
  'expired',
  'voided',
  'withdrawn',
  'escalated',
  'carried',
  'reviewed',
  'by_grant',
  'grant_revoked',
].map((name) => `approval_${name}`);

/** All that may stand in the chain of a job. */
export const JOB_KINDS = [
  ...['admitted', ...JOB_STATES.filter((state) => state !== 'parked'), 'cancel_requested', 'followed'].map(
    (name) => `job_${name}`,
  ),
  ...APPROVAL_KINDS,
  'dead_letter_discarded',
  'attempt_refused',
  'attempt_lost',
  'run_review_opened',
  'review_signed',
  'output_screened',
  'result_rejected',
  'quarantine_opened',
  'quarantine_proposed',
  'quarantine_released',
  'quarantine_discarded',
];
