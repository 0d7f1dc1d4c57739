/** `countersign dead-letters`: jobs that failed or ran out of time, and what becomes of them. */
import type { DeadLetter, DeadLetterDetail } from '@countersign/contracts/follow-ups';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { everyPage } from './every-page.ts';
import { tell } from './jobs-commands.ts';
import { list } from './show.ts';
import { table } from './table.ts';

export function addDeadLettersCommands(program: Command, output: Output): void {
  const letters = program.command('dead-letters').description('jobs that failed or ran out of time');
  letters
    .command('list')
    .description('those that nobody has retried or discarded, newest first')
    .option('--all', 'also the others')
    .action(async ({ all }: { all?: boolean }, command: Command) => {
      const client = clientOf(command);
      const wanted = all === true ? ({ all: 'true' } as const) : {};
      print(
        output,
        command,
        await everyPage((page) => client.deadLetters({ ...wanted, ...page }), 'dead_letters'),
        showAll,
      );
    });
  letters
    .command('show <job_id>')
    .description('why it failed, attempt by attempt')
    .action(async (id: string, _: object, command: Command) =>
      print(output, command, await clientOf(command).deadLetter(id), showOne),
    );
  letters
    .command('retry <job_id>')
    .description('ask for the same again: a new job')
    .action(async (id: string, _: object, command: Command) =>
      tell(output, command, await clientOf(command).retryDeadLetter(id)),
    );
  letters
    .command('discard <job_id>')
    .description('nothing more will come of it')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(async (id: string, { reason }: { reason: string }, command: Command) =>
      print(output, command, await clientOf(command).discardDeadLetter(id, reason), showOne),
    );
}

function showAll(letters: readonly DeadLetter[]): string {
  return table(
    ['JOB', 'ENDED', 'TOPIC', 'RUNS', 'SETTLED', 'REASON'],
    letters.map((row) => [row.job_id, row.ended_at, row.topic, row.runs, row.settled, row.reason]),
  );
}

function showOne({ attempts, ...letter }: DeadLetterDetail): string {
  return [
    list({ ...letter, tenant: null }),
    '',
    table(
      ['ATTEMPT', 'POOL', 'WORKER', 'BECAME', 'REPORTED', 'CLAIMED'],
      attempts.map((row) => [row.attempt, row.pool, row.worker, row.state, row.status, row.claimed_at]),
    ),
  ].join('\n');
}
