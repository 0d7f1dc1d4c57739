/** Takes a question back before it is granted: who asked it may, or who answers for them. Its job ends, cancelled. */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { announceOutcome } from './announce-outcome.ts';
import { closedEntry } from './approval-entries.ts';
import { refuseClosed } from './judge-vote.ts';
import { lockQuestion, readStanding } from './lock-question.ts';
import { type Approval, closeWithdrawn } from './store.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics'>;
type Withdrawal = RpcParsed<'approval.withdraw'>;

/** The same again changes nothing. Throws `not_found`, `revoked`, `approval_not_eligible`, and what `refuseClosed` throws. */
export async function withdrawApproval(context: Context, request: Withdrawal): Promise<void> {
  const closed = await context.database.transaction((tx) => withdrawIn(tx, request));
  if (closed) announceOutcome(context, closed);
}

async function withdrawIn(tx: Tx, request: Withdrawal): Promise<Approval | null> {
  const { principal, reason } = request;
  const approval = await lockQuestion(tx, request);
  if (![approval.requester, approval.owner].includes(principal.id)) throw new CountersignError('approval_not_eligible');
  if (approval.state === 'withdrawn') return null;
  refuseClosed(approval);
  const votes = await readStanding(tx, approval.approval_id);
  const closed = await closeWithdrawn(tx, approval.approval_id, principal.id, reason);
  const by = { withdrawn_by: principal.id, by_auth_method: principal.auth_method, commented: reason !== null };
  await append(tx, [closedEntry(closed, votes, by)]);
  return closed;
}
