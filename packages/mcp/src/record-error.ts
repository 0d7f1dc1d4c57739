/** What can be wrong with the record of reviewed tools. */
export const RECORD_FAULTS = [
  'record_malformed',
  'record_other_server',
  'record_unsigned',
  'record_signature_invalid',
  'record_threshold_unmet',
  'record_expired',
  'record_not_newer',
  'record_missing',
  /** Signed, and the proxy's settings name nobody who may sign. */
  'record_reviewers_missing',
] as const;
export type RecordFault = (typeof RECORD_FAULTS)[number];

/** Why a record counts for nothing. */
export class RecordError extends TypeError {
  readonly code: RecordFault;
  constructor(code: RecordFault, detail: string) {
    super(`${detail} (${code})`);
    this.code = code;
  }
}
