/** The steps of the walk, each one statement (migrations 003 and 004), with what they take and answer. */
import type { Tx } from '@countersign/platform/database';

export type AdmitOutcome = 'admitted' | 'sent' | 'exists';
export type DispatchOutcome = 'sent' | 'full' | 'look';
export type AdmitStep = {
  /** Rows of scheduler.jobs, and of scheduler.attempts for those that may go straight through. */
  items: readonly object[];
  /** Rows of scheduler.contexts. */
  texts: readonly object[];
  bodies: readonly string[];
  sent_bodies: readonly (string | null)[];
};

const ADMIT = 'SELECT scheduler.admit($1, $2, $3, $4, $5) AS outcomes';
/** Null: `control` is no longer at this revision, and nothing was written. */
export const admitStep = async (tx: Tx, known: number, step: AdmitStep): Promise<AdmitOutcome[] | null> => {
  const { items, texts, bodies, sent_bodies } = step;
  const [row] = await tx.query<{ outcomes: AdmitOutcome[] | null }>(ADMIT, [
    known,
    JSON.stringify(items),
    JSON.stringify(texts),
    bodies,
    sent_bodies,
  ]);
  return row!.outcomes;
};

const DISPATCH = 'SELECT scheduler.dispatch($1, $2, $3) AS outcomes';
/** Null: `control` is no longer at this revision, and nothing was written. */
export const dispatchStep = async (
  tx: Tx,
  known: number,
  items: readonly object[],
  bodies: readonly string[],
): Promise<DispatchOutcome[] | null> => {
  const given = [known, JSON.stringify(items), bodies];
  const [row] = await tx.query<{ outcomes: DispatchOutcome[] | null }>(DISPATCH, given);
  return row!.outcomes;
};

export type ClaimStep = { dispatch_id: string; pool: string; worker: string; claim_id: string; template: string };
export type GrantedClaim = {
  /** From 1. */
  place: number;
  tenant: string;
  job_id: string;
  attempt: number;
  timeout_ms: number;
  max_output_bytes: number;
};

const CLAIM = 'SELECT * FROM scheduler.claim($1, $2, $3, $4, $5)';
/** Only those that were granted. */
export const claimStep = (tx: Tx, claims: readonly ClaimStep[]): Promise<GrantedClaim[]> =>
  tx.query<GrantedClaim>(CLAIM, [
    claims.map((claim) => claim.dispatch_id),
    claims.map((claim) => claim.pool),
    claims.map((claim) => claim.worker),
    claims.map((claim) => claim.claim_id),
    claims.map((claim) => claim.template),
  ]);

const BEAT = 'SELECT scheduler.beat($1, $2, $3, $4) AS all_run_on';
/** False: nothing was written, and each attempt has to be looked at. */
export const beatStep = async (
  tx: Tx,
  { pool, worker }: { pool: string; worker: string },
  beats: readonly { dispatch_id: string; claim_id: string }[],
): Promise<boolean> => {
  const ids = beats.map((beat) => beat.dispatch_id);
  const claims = beats.map((beat) => beat.claim_id);
  const [row] = await tx.query<{ all_run_on: boolean }>(BEAT, [pool, worker, ids, claims]);
  return row!.all_run_on;
};
