/** Approval: did the right people say yes to exactly this. The table of contents: settings, verbs, streams, sweeps. */
import { LIMITS } from '@countersign/contracts/limits';
import { hintsTo } from '@countersign/contracts/streams';
import { defineService } from '@countersign/platform/service';
import { z } from 'zod';
import { breakGlass } from './break-glass.ts';
import { castVote } from './cast-vote.ts';
import { closeApprovals, sweepDue } from './close-approvals.ts';
import { offerInstead } from './counter-offer.ts';
import { pageOfGrants, revokeGrant } from './give-grant.ts';
import { listVotable } from './list-votable.ts';
import { hearHeld, openApprovals, sweepUnopened } from './open-approvals.ts';
import { openReviews } from './open-reviews.ts';
import { getApproval, listPage } from './show-approvals.ts';
import { getReview, pageOfReviews, signReview } from './sign-reviews.ts';
import { probe } from './store.ts';
import { eraseComments } from './store-erased.ts';
import { withdrawApproval } from './withdraw-approval.ts';

export const approval = defineService({
  name: 'approval',
  config: z.object({}),
  metrics: [
    'approvals_open',
    'reviews_open',
    'reviews_oldest_seconds',
    'approvals_closed_total',
    'approval_latency_seconds',
    'content_erased_total',
    'content_sweeps_total',
  ],
  functions: [
    'ledger.append',
    'control.gate_since',
    'identity.persons',
    'identity.lent_votes',
    'scheduler.take_erasable',
    'scheduler.take_reviewable',
  ],
  async start(context) {
    const { bus, database } = context;
    const open = openApprovals(context);
    const close = closeApprovals(context);

    bus.serve('approval.list', (request) =>
      request.votable_by === undefined
        ? listPage(database, request)
        : listVotable(database, request, request.votable_by),
    );
    bus.serve('approval.get', (request) => getApproval(database, request));
    bus.serve('approval.vote', async (request) => {
      await castVote(context, request);
      return getApproval(database, request);
    });

    bus.serve('approval.counter_offer', async (request) => {
      await offerInstead(context, request);
      return getApproval(database, request);
    });
    bus.serve('approval.break_glass', async (request) => {
      await breakGlass(context, request);
      return getApproval(database, request);
    });
    bus.serve('approval.withdraw', async (request) => {
      await withdrawApproval(context, request);
      return getApproval(database, request);
    });

    bus.serve('approval.reviews', (request) => pageOfReviews(database, request));
    bus.serve('approval.get_review', (request) => getReview(database, request));
    bus.serve('approval.sign_review', (request) => signReview(database, request));

    bus.serve('approval.grants', (request) => pageOfGrants(database, request));
    bus.serve('approval.revoke_grant', (request) => revokeGrant(database, request));

    bus.onHints(hintsTo('approval'), { batch: LIMITS.batch_rows, handle: hearHeld(open) });
    context.sweep('open approvals', LIMITS.sweep_ms, () => sweepUnopened(context, open));
    context.sweep('close approvals', LIMITS.sweep_ms, () => sweepDue(context, close));
    context.sweep('open reviews', 5_000, () => openReviews(context));
    const erasing = context.sweep('erase comments', LIMITS.erase_ms, async () => {
      if (await eraseComments(context)) erasing.nudge();
    });
    context.ready('held jobs', () => probe(database));
  },
});
