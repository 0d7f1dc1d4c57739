/** `countersign approvals`: see what waits for a countersignature, give or refuse it, take it back, lend the own vote. */
import { ApiError } from '@countersign/client/api-error';
import type { Client } from '@countersign/client/create-client';
import type { ApprovalView } from '@countersign/contracts/approval';
import type { VoteGrant } from '@countersign/contracts/grant';
import type { ApprovalQuery, DelegationView, JobQuery } from '@countersign/contracts/http';
import { runOf } from '@countersign/contracts/job-search';
import { printable, printableJson } from '@countersign/contracts/printable';
import type { Command } from 'commander';
import { clientOf, isJson, type Output, print } from './context.ts';
import { everyPage } from './every-page.ts';
import { EXIT } from './exit-codes.ts';
import { addGrantsCommands } from './grants-commands.ts';
import { list, showTimeline } from './show.ts';
import { type Question, showDelegations, showQuestion, showQuestions } from './show-approvals.ts';
import { wholeNumber } from './whole-number.ts';

type VoteOptions = { digest?: string; comment?: string; uses?: number; minutes?: number };
type ListOptions = { state?: string; job?: string; mine?: true };
type LendOptions = { group: string; hours: number };

const HOUR_S = 3600;
/** Seconds for which one question waits. */
const WAIT_S = 20;
/** Jobs of the same requester; more are behind `jobs list`. */
const SHOWN_BEFORE = 20;

export function addApprovalsCommands(program: Command, output: Output): void {
  const approvals = program.command('approvals').description('what waits for a countersignature');
  approvals
    .command('list')
    .description('approvals, newest first')
    .option('--state <state>', 'open, granted, refused, expired, voided or withdrawn; all when left out')
    .option('--job <job_id>')
    .option('--mine', 'only what you may vote on now')
    .action(async ({ state, job, mine }: ListOptions, command: Command) => {
      // A state that does not exist is the API's to refuse.
      const query = {
        ...(state === undefined ? {} : { state }),
        ...(job === undefined ? {} : { job_id: job }),
        ...(mine === undefined ? {} : { mine: 'true' }),
      } as ApprovalQuery;
      const client = clientOf(command);
      const rows = await everyPage((cursor) => client.approvals({ ...query, ...cursor }), 'approvals');
      print(output, command, rows, showQuestions);
    });
  approvals
    .command('show <approval_id>')
    .description('all that is to be known before a vote: what will run, why it waits, what came before, what follows')
    .action(
      async (id: string, _: object, command: Command) => void (await show(output, clientOf(command), id, command)),
    );
  approvals
    .command('watch')
    .description('each step of an approval as it is recorded, until you end it')
    .option('--since <place>', 'from this place in the log on; from now on when left out', wholeNumber)
    .action(({ since }: { since?: number }, command: Command) => watch(output, since, command));
  for (const cast of ['approve', 'reject'] as const) {
    const command = approvals
      .command(`${cast} <approval_id>`)
      .description(cast === 'approve' ? 'countersign exactly what the digest names' : 'refuse the job')
      .option('--digest <digest>', 'of what you looked at; without it the approval is only shown')
      .option('--comment <text>')
      .action((id: string, options: VoteOptions, command: Command) => vote(output, cast, id, options, command));
    if (cast === 'reject') continue;
    command
      .option('--uses <n>', 'for so many jobs alike, this one included, where the rule allows it', wholeNumber)
      .option('--minutes <n>', 'for how long, with --uses', wholeNumber);
  }
  approvals
    .command('withdraw <approval_id>')
    .description('take back what you, or an agent of yours, asked for; its job ends cancelled')
    .option('--reason <text>')
    .action(async (id: string, { reason }: { reason?: string }, command: Command) =>
      print(output, command, await clientOf(command).withdraw(id, reason), (approval) => showQuestion({ approval })),
    );
  addAlone(approvals, output);
  addGrantsCommands(approvals, output);
  addLending(approvals, output);
}

function addAlone(approvals: Command, output: Output): void {
  approvals
    .command('break-glass <approval_id>')
    .description('grant alone, in an emergency, as one of the group that the rule names; somebody else reviews it')
    .requiredOption('--digest <digest>', 'of what you looked at')
    .requiredOption('--reason <text>')
    .action(async (id: string, { digest, reason }: { digest: string; reason: string }, command: Command) =>
      print(output, command, await clientOf(command).breakGlass(id, digest, reason), (approval) =>
        showQuestion({ approval }),
      ),
    );
}

function addLending(approvals: Command, output: Output): void {
  approvals
    .command('lend <person>')
    .description('let another person vote in your place, in one of your groups, for a time')
    .requiredOption('--group <name>')
    .option('--hours <n>', 'for how long', wholeNumber, 24)
    .action(async (to: string, { group, hours }: LendOptions, command: Command) => {
      const lent = await clientOf(command).delegate({ to, votes_in: group, expires_in: hours * HOUR_S });
      print(output, command, lent, (given) => list(given));
    });
  approvals
    .command('lent')
    .description('votes that you lent and that were lent to you')
    .action(async (_: object, command: Command) => {
      const { delegations } = await clientOf(command).delegations();
      const lent: DelegationView[] = delegations.filter(({ votes_in }) => votes_in !== null);
      print(output, command, lent, showDelegations);
    });
  approvals
    .command('recall <delegation_id>')
    .description('end what you lent; votes that were cast stay')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      await clientOf(command).endDelegation(id, reason);
      print(output, command, { delegation_id: id, ended: true }, (ended) => list(ended));
    });
}

async function watch(output: Output, since: number | undefined, command: Command): Promise<void> {
  const client = clientOf(command);
  for (let place = since; ; ) {
    const { entries, next } = await client.approvalEvents({
      ...(place !== undefined && { since: place }),
      wait: WAIT_S,
    });
    for (const entry of entries) {
      const line = `${showTimeline([entry])}  ${String(entry.body.approval_id)}`;
      output.write(`${isJson(command) ? printableJson(entry) : printable(line)}\n`);
    }
    place = next;
  }
}

/** With `--json` the approval alone, as the API gave it. */
async function show(output: Output, client: Client, id: string, command: Command): Promise<ApprovalView> {
  const approval = await client.approval(id);
  const about = isJson(command) ? {} : await whatIsKnown(client, approval);
  print(output, command, approval, () => showQuestion({ approval, ...about }));
  return approval;
}

/** Why it waits, and what the same requester did before (in this run, where the job names one), as far as this key may see it. */
async function whatIsKnown(client: Client, approval: ApprovalView): Promise<Omit<Question, 'approval'>> {
  const { job_id, requester, opened_at, effective } = approval;
  const run = runOf(effective?.labels ?? {});
  const asked = { actor: requester, to: opened_at, limit: SHOWN_BEFORE, ...(run === null ? {} : { run }) };
  const [decisions, page] = await Promise.all([
    unlessRefused(client.decisions(job_id)),
    unlessRefused(client.jobs(asked as JobQuery)),
  ]);
  const decision = decisions?.find((each) => each.gate !== 'output');
  return { decision, before: page?.jobs.filter((job) => job.job_id !== job_id), run };
}

async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (thrown instanceof ApiError) return undefined;
    throw thrown;
  }
}

/** Without a digest nothing was looked at: it shows what a vote would be for, and votes for nothing. */
async function vote(output: Output, cast: 'approve' | 'reject', id: string, options: VoteOptions, command: Command) {
  if ((options.uses === undefined) !== (options.minutes === undefined))
    command.error('--uses and --minutes go together');
  const client = clientOf(command);
  if (options.digest !== undefined) {
    const { digest, comment } = options;
    const voted =
      cast === 'reject'
        ? await client.reject(id, digest, comment)
        : await client.approve(id, digest, comment, grantIn(options));
    return print(output, command, voted, (approval) => showQuestion({ approval }));
  }
  const approval = await show(output, client, id, command);
  const { uses, minutes } = options;
  const many = uses === undefined ? '' : ` --uses ${uses} --minutes ${minutes}`;
  const meant = `approvals ${cast} ${id} --digest ${approval.digest}${many}`;
  output.writeError(printable(`nothing was voted; if this is what you mean: ${meant}\n`));
  output.exit(EXIT.usage);
}

function grantIn({ uses, minutes }: VoteOptions): VoteGrant | undefined {
  return uses === undefined || minutes === undefined ? undefined : { uses, minutes };
}
