/**
 * Refuses what was asked and says what would be agreed to instead. Nothing of the question changes: the offer is a remediation,
 * and whoever takes it asks for another job, with another hash, which is decided and voted on anew, by others than who proposed it.
 */
import type { MadeOffer } from '@countersign/contracts/counter-offer';
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcParsed } from '@countersign/contracts/rpc';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { OFFER_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { announceOutcome } from './announce-outcome.ts';
import { closedEntry, votedEntry } from './approval-entries.ts';
import { judgeVote, partiesOf } from './judge-vote.ts';
import { lockQuestion, readStanding, votersOf } from './lock-question.ts';
import { readElectorate } from './read-electorate.ts';
import { type Approval, closeWithOffer, insertVote } from './store.ts';
import { readContent } from './store-shown.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics'>;
type Offering = RpcParsed<'approval.counter_offer'>;

/** The very same again is the first answer again. Throws `not_found`, `revoked`, `state_conflict`, and what `judgeVote` throws. */
export async function offerInstead(context: Context, request: Offering): Promise<void> {
  const closed = await context.database.transaction((tx) => offerIn(tx, request));
  if (closed) announceOutcome(context, closed);
}

async function offerIn(tx: Tx, request: Offering): Promise<Approval | null> {
  const { approval_id, principal, change, reason } = request;
  const approval = await lockQuestion(tx, request);
  const before = await readStanding(tx, approval_id);
  const electorate = await readElectorate(tx, principal.id, [...partiesOf(approval), ...votersOf(before)]);
  const judgement = judgeVote(approval, before, { ...request, vote: 'reject' }, electorate);
  const offer: MadeOffer = { offer_id: approval_id, offered_by: principal.id, reason, change };
  if (!judgement.counts) return refuseOther(approval, offer);
  const { stage, group, delegated_by } = judgement;
  const cast = {
    voter: principal.id,
    delegated_by,
    vote: 'reject' as const,
    stage,
    group,
    comment: reason,
    grant: null,
  };
  const mark = { counter_offer: await recorded(tx, approval, offer) };
  const voted_at = await insertVote(tx, { ...cast, approval_id, auth_method: principal.auth_method });
  const closed = await closeWithOffer(tx, approval_id, offer);
  const voted = votedEntry(approval, { ...cast, voted_at }, principal.auth_method, mark);
  await append(tx, [voted, closedEntry(closed, [...before, { ...cast, voted_at }], mark)]);
  return closed;
}

function refuseOther({ counter_offer }: Approval, offer: MadeOffer): null {
  const textOf = (made: MadeOffer | null): string => canonicalize(made as JsonValue);
  if (textOf(counter_offer) !== textOf(offer)) throw new CountersignError('approval_already_voted');
  return null;
}

/** Who offers which parts; the change itself is content, so its digest has the job's salt. Bounds of the run are none. */
async function recorded(tx: Tx, approval: Approval, { offer_id, offered_by, change }: MadeOffer): Promise<object> {
  const { salt } = await readContent(tx, approval);
  if (salt === null) throw new CountersignError('state_conflict', 'its content is not kept');
  const digest = saltedDigest(OFFER_DOMAIN, Buffer.from(salt, 'base64url'), canonicalize(change as JsonValue));
  const { constraints } = change;
  const bounds = constraints === undefined ? {} : { constraints };
  return { offer_id, offered_by, changes: Object.keys(change).sort(), digest, ...bounds };
}
