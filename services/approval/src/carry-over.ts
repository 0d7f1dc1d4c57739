/**
 * Carries an agreement over a change of policy, where the new policy says `survive: same_terms`: the same content on the same
 * terms, until the same end, and not yet spent. Nobody's vote is worth more by it than it was.
 */
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Tx } from '@countersign/platform/database';
import { isAgreed, partiesOf } from './judge-vote.ts';
import { readStanding, votersOf } from './lock-question.ts';
import { readElectorate } from './read-electorate.ts';
import { type Approval, closeApproval, copyVotes, type HeldJob, readFormers } from './store.ts';

/** By `<tenant>/<job_id>`: the question that came before, where this hold is on its very terms and its policy lets it survive. */
export async function findFormers(tx: Tx, held: readonly HeldJob[]): Promise<ReadonlyMap<string, Approval>> {
  const surviving = held.filter(({ survive, held_seq }) => survive === 'same_terms' && held_seq > 1);
  if (surviving.length === 0) return new Map();
  const formers = await readFormers(tx, surviving);
  return new Map(
    surviving.flatMap((job) => {
      const former = formers.find(({ tenant, job_id }) => tenant === job.tenant && job_id === job.job_id);
      return former && hasTermsOf(job, former) ? [[`${job.tenant}/${job.job_id}`, former] as const] : [];
    }),
  );
}

/** Gives the new question the votes of the old one; granted when those that still stand are enough. */
export async function carryVotes(tx: Tx, opened: Approval): Promise<Approval | null> {
  await copyVotes(tx, opened.carried_from!, opened.approval_id);
  const votes = await readStanding(tx, opened.approval_id);
  const { personOf } = await readElectorate(tx, null, [...partiesOf(opened), ...votersOf(votes)]);
  return isAgreed(opened.stages, votes, personOf) ? closeApproval(tx, opened.approval_id, 'granted') : null;
}

function hasTermsOf(job: HeldJob, former: Approval): boolean {
  const terms = (of: HeldJob | Approval): string =>
    canonicalize(
      JSON.parse(
        JSON.stringify([
          ...[
            of.job_hash,
            of.effective_digest,
            of.rule_id,
            of.stages,
            of.max_attempts,
            of.escalate,
            of.break_glass,
            of.grant,
            of.expires_ms,
          ],
          ...[of.owner, of.on_behalf_of, of.topic, of.capability],
        ]),
      ),
    );
  return terms(job) === terms(former) && job.actor === former.requester;
}
