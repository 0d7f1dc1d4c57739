/** `countersign approvals`: see what waits for a countersignature, and give or refuse it. */
import type { Client } from '@countersign/client/create-client';
import type { ApprovalView } from '@countersign/contracts/approval';
import type { ApprovalQuery } from '@countersign/contracts/http';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { printable, showApproval, showApprovals } from './show.ts';

type VoteOptions = { digest?: string; comment?: string };

export function addApprovalsCommands(program: Command, output: Output): void {
  const approvals = program.command('approvals').description('what waits for a countersignature');
  approvals
    .command('list')
    .description('approvals, newest first')
    .option('--state <state>', 'open, granted, refused, expired or voided; all when left out')
    .option('--job <job_id>')
    .action(async ({ state, job }: { state?: string; job?: string }, command: Command) => {
      const query = { ...(state === undefined ? {} : { state }), ...(job === undefined ? {} : { job_id: job }) };
      // A state that does not exist is the API's to refuse.
      const approvals = await everyPage(clientOf(command), query as ApprovalQuery);
      print(output, command, approvals, showApprovals);
    });
  for (const cast of ['approve', 'reject'] as const) {
    approvals
      .command(`${cast} <approval_id>`)
      .description(cast === 'approve' ? 'countersign exactly what the digest names' : 'refuse the job')
      .option('--digest <digest>', 'of what you looked at; without it the approval is only shown')
      .option('--comment <text>')
      .action((id: string, options: VoteOptions, command: Command) => vote(output, cast, id, options, command));
  }
}

/** A page shown as if it were all would hide who waits. */
async function everyPage(client: Client, query: ApprovalQuery): Promise<ApprovalView[]> {
  const all: ApprovalView[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.approvals(cursor === undefined ? query : { ...query, cursor });
    all.push(...page.approvals);
    cursor = page.next_cursor;
  }
  return all;
}

/** Without a digest nothing was looked at: it shows what a vote would be for, and votes for nothing. */
async function vote(output: Output, cast: 'approve' | 'reject', id: string, options: VoteOptions, command: Command) {
  const client = clientOf(command);
  if (options.digest !== undefined) {
    return print(output, command, await client[cast](id, options.digest, options.comment), showApproval);
  }
  const approval = await client.approval(id);
  print(output, command, approval, showApproval);
  const meant = `approvals ${cast} ${id} --digest ${approval.digest}`;
  output.writeError(printable(`nothing was voted; if this is what you mean: ${meant}\n`));
  output.exit(EXIT.usage);
}
