/**
 * Opens one request for each hold of a job that needs people's yes, from what the scheduler's view shows; a hint
 * only says where to look. It opens nothing whose content is not what its digest says.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { jobId, tenantName } from '@countersign/contracts/names';
import { EFFECTIVE_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import type { Hint } from '@countersign/platform/bus';
import type { Tx } from '@countersign/platform/database';
import { groupCommit } from '@countersign/platform/group-commit';
import { uuidv7 } from '@countersign/platform/ids';
import { append } from '@countersign/platform/ledger-append';
import { errorFields } from '@countersign/platform/logger';
import type { ServiceContext } from '@countersign/platform/service';
import { z } from 'zod';
import { announceOutcome } from './announce-outcome.ts';
import { approvalDigest } from './approval-digest.ts';
import { byGrantEntry, carriedEntry, closedEntry, openedEntry, supersededEntry } from './approval-entries.ts';
import { carryVotes, findFormers } from './carry-over.ts';
import {
  type Approval,
  findUnopened,
  type HeldJob,
  insertApprovals,
  type JobKey,
  readUnopened,
  supersede,
} from './store.ts';
import { readVotes } from './store-shown.ts';
import { type Cover, findCovers } from './use-grants.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'log' | 'bus' | 'metrics'>;
/** Resolves to whether this call opened it: false when it was open already, or the job is no longer held. */
type OpenApproval = (key: JobKey) => Promise<boolean>;

/** More fields may come with the keys; only the view is believed anyway. */
const hint = z.object({ tenant: tenantName, job_id: jobId });

export function openApprovals({ database, log, bus, metrics }: Context): OpenApproval {
  return groupCommit<JobKey, boolean>({
    whose: ({ tenant }) => tenant,
    run: async (keys) => {
      const opened = await database.transaction(async (tx) => {
        const held = await readUnopened(tx, keys);
        const sound = held.filter((job) => contentMatchesDigest(job, log));
        const formers = await findFormers(tx, sound);
        const covers = await findCovers(
          tx,
          sound.filter((job) => !formers.has(keyOf(job))),
        );
        const approvals = sound.map((job) => toApproval(job, formers.get(keyOf(job)), covers.get(keyOf(job))));
        const inserted = await insertApprovals(tx, approvals);
        const mine = approvals.filter((approval) => inserted.has(approval.approval_id));
        const voided = await supersede(tx, mine);
        const votes = await readVotes(
          tx,
          voided.map(({ approval_id }) => approval_id),
        );
        const openings = mine.map((approval) => openingOf(approval, covers.get(keyOf(approval))));
        await append(tx, [...voided.map((former) => supersededEntry(former, votes)), ...openings]);
        const granted = await carryAll(tx, mine);
        return {
          keys: new Set(mine.map(keyOf)),
          closed: [...voided, ...granted, ...mine.filter(({ by_grant }) => by_grant !== null)],
        };
      });
      for (const approval of opened.closed) announceOutcome({ bus, metrics }, approval);
      return keys.map((key) => opened.keys.has(keyOf(key)));
    },
  });
}

/** Finds held jobs whose hint was lost. Every round must open something, or the loop would not end. */
export async function sweepUnopened({ database, log }: Context, open: OpenApproval): Promise<'idle' | undefined> {
  for (;;) {
    const keys = await findUnopened(database, LIMITS.batch_rows);
    if (keys.length === 0) return 'idle';
    const outcomes = await Promise.allSettled(keys.map(open));
    reportBugs(outcomes, log);
    const opened = outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value);
    if (keys.length < LIMITS.batch_rows || !opened) return undefined;
  }
}

/** A failure here is left to the sweep, which tries again and logs it. */
export function hearHeld(open: OpenApproval) {
  return async (hints: readonly Hint[]): Promise<void> => {
    await Promise.allSettled(hints.flatMap(keyIn).map(open));
  };
}

/** People would be shown something other than what runs: the job stays held, and somebody has to look. */
function contentMatchesDigest(job: HeldJob, log: Context['log']): boolean {
  const digest = saltedDigest(EFFECTIVE_DOMAIN, Buffer.from(job.salt, 'base64url'), job.effective);
  if (digest === job.effective_digest) return true;
  log.error({ tenant: job.tenant, job_id: job.job_id }, 'a held job does not have the content of its digest');
  return false;
}

/** Votes of the question before, where its policy lets them hold on, and the grant where they are enough. */
async function carryAll(tx: Tx, opened: readonly Approval[]): Promise<Approval[]> {
  const granted: Approval[] = [];
  for (const approval of opened.filter(({ carried_from }) => carried_from !== null)) {
    const closed = await carryVotes(tx, approval);
    const votes = await readVotes(tx, [approval.approval_id]);
    await append(tx, [carriedEntry(approval, votes), ...(closed ? [closedEntry(closed, votes)] : [])]);
    if (closed) granted.push(closed);
  }
  return granted;
}

function openingOf(approval: Approval, cover: Cover | undefined): NewEntry {
  return cover === undefined ? openedEntry(approval) : byGrantEntry(approval, cover.votes, cover.same_digest);
}

/** Carried over, it ends when it would have ended; under a grant, with that at the latest. */
function toApproval(job: HeldJob, former: Approval | undefined, cover: Cover | undefined): Approval {
  const { actor, effective: _, salt: __, survive: ___, ...kept } = job;
  const expires_at = former?.expires_at ?? earlier(kept.expires_at, cover?.given.grant_expires_at);
  const terms = { ...kept, expires_at, approval_id: uuidv7(), requester: actor };
  const closed_at = cover === undefined ? null : job.opened_at;
  const nobody = { closed_at, superseded_by: null, withdrawn_by: null, withdrawn_because: null };
  const granted = { by_grant: cover?.given.approval_id ?? null, grant_use: null, counter_offer: null };
  const carried = { carried_from: former?.approval_id ?? null, escalated_at: former?.escalated_at ?? null };
  const state = cover === undefined ? 'open' : 'granted';
  return { ...terms, digest: approvalDigest(terms), state, ...nobody, ...carried, ...granted };
}

/** Both as the database wrote them, so that they compare as text. */
function earlier(a: string, b: string | undefined): string {
  return b === undefined || a < b ? a : b;
}

function keyOf({ tenant, job_id }: JobKey): string {
  return `${tenant}/${job_id}`;
}

function reportBugs(outcomes: readonly PromiseSettledResult<unknown>[], log: Context['log']): void {
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    if (outcome.reason instanceof CountersignError) throw outcome.reason;
    log.error(errorFields(outcome.reason), 'an approval could not be opened');
  }
}

function keyIn({ body }: Hint): JobKey[] {
  const key = hint.safeParse(body);
  return key.success ? [key.data] : [];
}
