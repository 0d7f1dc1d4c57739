/** Closes what time or the scheduler has ended: an expired question, and one whose job no longer waits for it. */
import { LIMITS } from '@countersign/contracts/limits';
import { groupCommit } from '@countersign/platform/group-commit';
import { append } from '@countersign/platform/ledger-append';
import type { ServiceContext } from '@countersign/platform/service';
import { announceOutcome } from './announce-outcome.ts';
import { closedEntry } from './approval-entries.ts';
import { sweepEscalations } from './escalate-approvals.ts';
import { type Approval, closeDue, findDue } from './store.ts';
import { countOpen, readVotes } from './store-shown.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics' | 'log'>;
/** Null when somebody else closed it, or is voting on it now. */
type CloseApproval = (approval_id: string) => Promise<Approval | null>;

export function closeApprovals({ database }: Context): CloseApproval {
  return groupCommit<string, Approval | null>({
    run: async (ids) => {
      const closed = await database.transaction(async (tx) => {
        const approvals = await closeDue(tx, ids);
        const votes = await readVotes(
          tx,
          approvals.map((approval) => approval.approval_id),
        );
        const votesOf = (id: string) => votes.filter((vote) => vote.approval_id === id);
        await append(
          tx,
          approvals.map((approval) => closedEntry(approval, votesOf(approval.approval_id))),
        );
        return new Map(approvals.map((approval) => [approval.approval_id, approval]));
      });
      return ids.map((id) => closed.get(id) ?? null);
    },
  });
}

export async function sweepDue(context: Context, close: CloseApproval): Promise<'idle' | undefined> {
  const open = await countOpen(context.database);
  context.metrics.set('approvals_open', {}, open);
  if (open === 0) return 'idle';
  await sweepEscalations(context);
  const ids = await findDue(context.database, LIMITS.batch_rows);
  const outcomes = await Promise.allSettled(ids.map(close));
  const closed = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' && outcome.value ? [outcome.value] : [],
  );
  for (const approval of closed) announceOutcome(context, approval);
  if (closed.length > 0) context.metrics.set('approvals_open', {}, await countOpen(context.database));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return undefined;
}
