/** In the transaction that admits a job which follows another: what it is made of is settled, and both chains say so. */
import type { AdmitItem } from '@countersign/contracts/admission';
import { CountersignError } from '@countersign/contracts/errors';
import { jobEntry } from '@countersign/contracts/job-entry';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { offerOf, type Planned } from '../admit/plan-admissions.ts';
import { insertOffers, readEnded, settleOrigin } from './store-follow-ups.ts';

/** Throws `state_conflict` when it was settled before. */
export async function followOrigins(tx: Tx, fresh: readonly Planned[]): Promise<void> {
  await insertOffers(
    tx,
    fresh.map(offerOf).filter((offer) => offer !== null),
  );
  for (const { item } of fresh) await followOrigin(tx, item);
}

async function followOrigin(tx: Tx, { request: { tenant, job_id, origin } }: AdmitItem): Promise<void> {
  if (origin === undefined) return;
  const before = await readEnded(tx, { tenant, job_id: origin.job_id });
  if (before === null || !(await settleOrigin(tx, { tenant, job_id }, origin)))
    throw new CountersignError('state_conflict', 'it was done before');
  const { kind, asked_by, offer_id = null } = origin;
  await append(tx, [jobEntry('job_followed', before, { kind, by: job_id, asked_by, offer_id })]);
}
