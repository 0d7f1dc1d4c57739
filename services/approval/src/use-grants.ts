/**
 * Finds the grant that covers a held job: given by people for the same agent, topic, capability and fields, on the same terms
 * under the same policy. Whether a use is left is decided when the job is dispatched; here nobody is asked only where one seems to be.
 */
import type { Tx } from '@countersign/platform/database';
import { isOnTerms, sameDigest } from './grant-terms.ts';
import { isAgreed, partiesOf } from './judge-vote.ts';
import { readStanding, votersOf } from './lock-question.ts';
import { readElectorate } from './read-electorate.ts';
import type { HeldJob, Vote } from './store.ts';
import { readUsable, type Usable } from './store-grants.ts';
import { readContent } from './store-shown.ts';

export type Cover = { given: Usable; votes: Vote[]; same_digest: string };

/** By `<tenant>/<job_id>`. Costs nothing for a job whose rule allows no grant. */
export async function findCovers(tx: Tx, held: readonly HeldJob[]): Promise<ReadonlyMap<string, Cover>> {
  const covers = new Map<string, Cover>();
  for (const job of held) {
    const cover = job.grant === null ? null : await coverOf(tx, job);
    if (cover !== null) covers.set(`${job.tenant}/${job.job_id}`, cover);
  }
  return covers;
}

async function coverOf(tx: Tx, job: HeldJob): Promise<Cover | null> {
  for (const given of await readUsable(tx, job)) {
    if (!isOnTerms(job, given)) continue;
    const { effective, salt } = await readContent(tx, given);
    const { same } = job.grant!;
    const same_digest = sameDigest(same, effective, salt);
    if (same_digest === null || same_digest !== sameDigest(same, job.effective, salt)) continue;
    const votes = await readStanding(tx, given.approval_id);
    if (await stillCounts(tx, given, votes)) return { given, votes, same_digest };
  }
  return null;
}

/** Who gave it may have been revoked since, or turned out to be one human, or one in whose matter it is. */
async function stillCounts(tx: Tx, given: Usable, votes: readonly Vote[]): Promise<boolean> {
  const parties = partiesOf(given);
  const { personOf } = await readElectorate(tx, null, [...parties, ...votersOf(votes)]);
  const own = new Set(parties.map(personOf));
  return !votersOf(votes).some((voter) => own.has(personOf(voter))) && isAgreed(given.stages, votes, personOf);
}
