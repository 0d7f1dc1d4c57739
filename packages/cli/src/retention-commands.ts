/** `countersign retention`, `holds`, `erase` and `erasures`: how long content is kept, what must be kept, what is erased. */
import {
  CONTENTS,
  type ErasureView,
  HOLD_KINDS,
  type HoldView,
  type KeepChange,
  type KeepView,
  type NewHold,
} from '@countersign/contracts/retention';
import { type Command, Option } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { list } from './show.ts';
import { table } from './table.ts';
import { wholeNumber } from './whole-number.ts';

type EraseOptions = { job?: string; of?: string; reason: string };

const REASON = ['--reason <text>', 'why, for the ledger'] as const;

export function addRetentionCommands(program: Command, output: Output): void {
  addKeep(program, output);
  addHolds(program, output);
  program
    .command('erase')
    .description('erase content of a job that has ended, or of an agent or person; digests and evidence stay')
    .option('--job <job_id>', 'of this job')
    .option('--of <principal>', 'of all jobs that this agent or person asked for, or that were done on their behalf')
    .requiredOption(...REASON)
    .action(async ({ job, of, reason }: EraseOptions, command: Command) => {
      const asked = { ...(job !== undefined && { job_id: job }), ...(of !== undefined && { subject: of }), reason };
      print(output, command, await clientOf(command).erase(asked), (erasure) => list(erasure));
    });
  program
    .command('erasures')
    .description('what was asked to be erased, and how far it is')
    .action(async (_: object, command: Command) =>
      print(output, command, (await clientOf(command).erasures()).erasures, showErasures),
    );
}

function addKeep(program: Command, output: Output): void {
  const retention = program.command('retention').description('how long content is kept after its job');
  retention
    .command('show')
    .description('for each kind of content')
    .action(async (_: object, command: Command) =>
      print(output, command, (await clientOf(command).retention()).retention, showKept),
    );
  retention
    .command('set')
    .description('keep one kind for so many days, also what stands already')
    .addOption(new Option('--content <kind>').choices([...CONTENTS]).makeOptionMandatory())
    .requiredOption('--days <n>', 'counted from the end of the job', wholeNumber)
    .requiredOption(...REASON)
    .action(async (change: KeepChange, command: Command) =>
      print(output, command, await clientOf(command).setRetention(change), (kept) => list(kept)),
    );
}

function addHolds(program: Command, output: Output): void {
  const holds = program.command('holds').description('content that must not be erased');
  holds
    .command('list')
    .description('legal holds in force')
    .action(async (_: object, command: Command) =>
      print(output, command, (await clientOf(command).holds()).holds, showHolds),
    );
  holds
    .command('set')
    .description('keep the content of a job, a run, an agent or person, or a window of time')
    .addOption(new Option('--kind <kind>').choices([...HOLD_KINDS]).makeOptionMandatory())
    .option('--target <name>', 'the job, run, or agent or person')
    .option('--from <time>', 'of a window: jobs under way from then on (RFC 3339 in UTC)')
    .option('--until <time>', 'up to then')
    .requiredOption(...REASON)
    .action(async (hold: NewHold, command: Command) =>
      print(output, command, await clientOf(command).setHold(hold), (held) => list(held)),
    );
  holds
    .command('lift <id>')
    .description('let it be erased when its time is over')
    .requiredOption(...REASON)
    .action(async (id: string, { reason }: { reason: string }, command: Command) =>
      print(output, command, await clientOf(command).liftHold(id, reason), (lifted) => list(lifted)),
    );
}

function showKept(kept: readonly KeepView[]): string {
  return table(
    ['CONTENT', 'DAYS', 'SET BY', 'SINCE'],
    kept.map((row) => [row.content, row.days, row.set_by ?? 'default', row.set_at]),
  );
}

function showHolds(holds: readonly HoldView[]): string {
  return table(
    ['HOLD', 'KIND', 'TARGET', 'FROM', 'UNTIL', 'SINCE', 'BY', 'REASON'],
    holds.map((row) => [row.hold_id, row.kind, row.target, row.from, row.until, row.set_at, row.set_by, row.reason]),
  );
}

function showErasures(erasures: readonly ErasureView[]): string {
  return table(
    ['ERASURE', 'JOB', 'OF', 'ASKED', 'BY', 'FOUND', 'KEPT BY HOLDS', 'WAITING', 'DONE'],
    erasures.map((row) => [
      ...[row.erasure_id, row.job_id, row.subject, row.asked_at, row.asked_by],
      ...[row.found, row.held_by === null ? row.refused : `${row.refused} (${row.held_by})`, row.waiting, row.done],
    ]),
  );
}
