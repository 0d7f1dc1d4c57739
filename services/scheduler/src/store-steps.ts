/** The steps of the walk, each one statement (the `.sql` files of the stages), with what they take and answer. */
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import { TextArray } from '@countersign/platform/text-array';
import type { Functions } from './tables.ts';

const routines = routinesOf<Functions>();

export type AdmitOutcome = 'admitted' | 'sent' | 'exists';
type DispatchOutcome = 'sent' | 'full' | 'look';
type AdmitStep = {
  /** Rows of scheduler.jobs, and of scheduler.attempts for those that may go straight through. */
  items: readonly object[];
  /** Rows of scheduler.contexts. */
  texts: readonly object[];
  bodies: readonly string[];
  sent_bodies: readonly (string | null)[];
};

type ClaimStep = { dispatch_id: string; pool: string; worker: string; claim_id: string; template: string };
export type GrantedClaim = {
  /** From 1. */
  place: number;
  tenant: string;
  job_id: string;
  attempt: number;
  timeout_ms: number;
  max_output_bytes: number;
};

/** Null: `control` is no longer at this revision, and nothing was written. */
export async function admitStep(tx: Tx, known: number, step: AdmitStep): Promise<AdmitOutcome[] | null> {
  const { items, texts, bodies, sent_bodies } = step;
  const rows = [JSON.stringify(items), JSON.stringify(texts)] as const;
  const entries = [new TextArray(bodies), new TextArray(sent_bodies)] as const;
  return (await routines.answer(tx, 'scheduler.admit', known, ...rows, ...entries)) as AdmitOutcome[] | null;
}

/** Null: `control` is no longer at this revision, and nothing was written. */
export async function dispatchStep(
  tx: Tx,
  known: number,
  items: readonly object[],
  bodies: readonly string[],
): Promise<DispatchOutcome[] | null> {
  const answer = await routines.answer(tx, 'scheduler.dispatch', known, JSON.stringify(items), new TextArray(bodies));
  return answer as DispatchOutcome[] | null;
}

/** Only those that were granted. */
export async function claimStep(tx: Tx, claims: readonly ClaimStep[]): Promise<GrantedClaim[]> {
  const granted = await routines.rows(
    tx,
    'scheduler.claim',
    claims.map((claim) => claim.dispatch_id),
    claims.map((claim) => claim.pool),
    claims.map((claim) => claim.worker),
    claims.map((claim) => claim.claim_id),
    new TextArray(claims.map((claim) => claim.template)),
  );
  return granted as GrantedClaim[];
}

/** False: nothing was written, and each attempt has to be looked at. */
export async function beatStep(
  tx: Tx,
  { pool, worker }: { pool: string; worker: string },
  beats: readonly { dispatch_id: string; claim_id: string }[],
): Promise<boolean> {
  const ids = beats.map((beat) => beat.dispatch_id);
  const claims = beats.map((beat) => beat.claim_id);
  return (await routines.answer(tx, 'scheduler.beat', pool, worker, ids, claims)) === true;
}
