/** `countersign reviews`: runs that policy marks, and what one person granted alone, until somebody else has signed them off. */
import type { ReviewQuery } from '@countersign/contracts/http';
import { printableJson } from '@countersign/contracts/printable';
import type { ReviewView, Signing } from '@countersign/contracts/review';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { everyPage } from './every-page.ts';
import { list } from './show.ts';

type ListOptions = { all?: true; kind?: string; outcome?: string; job?: string };

export function addReviewsCommands(program: Command, output: Output): void {
  const reviews = program.command('reviews').description('what somebody has to look at afterwards and sign off');
  reviews
    .command('list')
    .description('reviews, newest first; without --all only those that nobody has signed off')
    .option('--all')
    .option('--kind <kind>', 'run or break_glass')
    .option('--outcome <outcome>', 'accepted or finding, of those that were signed off; implies --all')
    .option('--job <job_id>')
    .action(async ({ all, kind, outcome, job }: ListOptions, command: Command) => {
      // What does not exist is the API's to refuse.
      const query = {
        ...(all === undefined && outcome === undefined && { state: 'open' }),
        ...(kind !== undefined && { kind }),
        ...(outcome !== undefined && { outcome }),
        ...(job !== undefined && { job_id: job }),
      } as ReviewQuery;
      const client = clientOf(command);
      const rows: ReviewView[] = await everyPage((cursor) => client.reviews({ ...query, ...cursor }), 'reviews');
      print(output, command, rows, (found) => found.map(reviewRow).join('\n'));
    });
  reviews
    .command('show <review_id>')
    .description(
      'one of them, and who may not sign it off; `jobs show`, `jobs record` and `jobs result` say what it did',
    )
    .action(async (id: string, _: object, command: Command) =>
      print(output, command, await clientOf(command).review(id), (review) => list(review)),
    );
  reviews
    .command('sign <review_id>')
    .description('sign it off: as it should be, or with a finding; the job stays as it is')
    .requiredOption('--outcome <outcome>', 'accepted or finding')
    .option('--reason <text>', 'a finding needs one')
    .action(async (id: string, signing: Signing, command: Command) =>
      print(output, command, await clientOf(command).signReview(id, signing), (review) => list(review)),
    );
}

function reviewRow(review: ReviewView): string {
  const { review_id, kind, state, outcome, job_id, topic, requester, rule_id, opened_at, signed_by, reason } = review;
  const signed = signed_by === null ? [] : [`by ${signed_by}`];
  const said = reason === null ? [] : [printableJson(reason)];
  return [
    review_id,
    kind,
    outcome ?? state,
    job_id,
    topic,
    requester,
    rule_id ?? '-',
    opened_at,
    ...signed,
    ...said,
  ].join('  ');
}
