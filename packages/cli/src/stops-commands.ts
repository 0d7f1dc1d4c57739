/** `countersign stops` and `countersign entitlements`: what is held back, and rights that nobody used. */
import type { Client } from '@countersign/client/create-client';
import { SWITCH_KINDS } from '@countersign/contracts/control';
import { duration } from '@countersign/contracts/duration';
import type { EntitlementReport } from '@countersign/contracts/entitlements';
import type { NewStop, StopView } from '@countersign/contracts/stops';
import { type Command, Option } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { readShape } from './read-shape.ts';
import { list } from './show.ts';
import { table } from './table.ts';
import { wholeNumber } from './whole-number.ts';

type SetOptions = NewStop & { expiresIn?: string; twoPerson?: boolean };
type ReviewOptions = { days: number; signOff?: boolean; apply?: boolean; comment?: string };

export function addStopsCommands(program: Command, output: Output): void {
  const stops = program.command('stops').description('stop what runs and hold what waits, within a second');
  stops
    .command('list')
    .description('those in force')
    .action(async (_: object, command: Command) =>
      print(output, command, (await clientOf(command).stops()).stops, showStops),
    );
  stops
    .command('set')
    .description('stop everything of the tenant, or a part of it')
    .addOption(new Option('--kind <kind>').choices([...SWITCH_KINDS]).makeOptionMandatory())
    .option('--target <name>', 'the tenant, agent, pool or run, or a pattern of topics or capabilities')
    .option('--everywhere', 'of every tenant')
    .option('--expires-in <time>', 'ends by itself after 30m, 12h, 7d')
    .option('--two-person', 'it takes two people to lift it')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(async (options: SetOptions, command: Command) =>
      print(output, command, await clientOf(command).setStop(stopOf(options)), (set) => list(set)),
    );
  stops
    .command('lift <id>')
    .description('let go on what waits; of a stop that takes two people, ask for it or confirm')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(async (id: string, { reason }: { reason: string }, command: Command) =>
      print(output, command, await clientOf(command).liftStop(id, reason), (lifted) => list(lifted)),
    );
  program
    .command('entitlements')
    .description('rights that were granted and not used')
    .command('review')
    .description('ceilings, keys, workers and pools that nobody needed; a person signs it off')
    .option('--days <n>', 'for so long', wholeNumber, 90)
    .option('--sign-off', 'record that you have looked at it')
    .option('--apply', 'and narrow the ceilings, revoke the keys and workers; signs off first')
    .option('--comment <text>', 'kept with the sign-off')
    .action((options: ReviewOptions, command: Command) => review(output, options, command));
}

function stopOf({ expiresIn, twoPerson, ...stop }: SetOptions): NewStop {
  return {
    ...stop,
    ...(expiresIn !== undefined && { expires_in: Math.ceil(readShape(duration, expiresIn, '--expires-in') / 1000) }),
    ...(twoPerson === true && { lift: 'two_person' as const }),
  };
}

function showStops(stops: readonly StopView[]): string {
  return table(
    ['STOP', 'KIND', 'TARGET', 'TENANT', 'SINCE', 'BY', 'ENDS', 'REASON'],
    stops.map((row) => [
      row.switch_id,
      row.kind,
      row.target,
      row.tenant ?? 'every',
      row.set_at,
      row.set_by,
      row.lift_requested_by === null ? row.expires_at : `lift asked by ${row.lift_requested_by}`,
      row.reason,
    ]),
  );
}

async function review(output: Output, options: ReviewOptions, command: Command): Promise<void> {
  const client = clientOf(command);
  const { days, signOff, apply, comment } = options;
  const report = await client.entitlements(days);
  if (signOff === true || apply === true)
    await client.signOffEntitlements({ days, digest: report.digest, ...(comment === undefined ? {} : { comment }) });
  if (apply === true) await narrow(client, report);
  print(output, command, report, showReport);
}

/** Each through the change that anybody would make by hand, with an entry of its own. */
async function narrow(client: Client, { agents, keys, workers, days }: EntitlementReport): Promise<void> {
  for (const unused of agents) {
    const { ceiling } = await client.agent(unused.agent);
    const left = (all: readonly string[], drop: readonly string[]): string[] =>
      all.filter((each) => !drop.includes(each));
    await client.changeAgent(unused.agent, {
      ceiling: {
        topics: left(ceiling.topics, unused.topics),
        capabilities: left(ceiling.capabilities, unused.capabilities),
        environments: left(ceiling.environments, unused.environments),
      },
    });
  }
  for (const { key_id } of keys) await client.revokeKey(key_id, `not used for ${days} days`);
  for (const { pool, worker } of workers) await client.revokeWorker(pool, worker, `not used for ${days} days`);
}

function showReport({ agents, keys, workers, pools, complete, days, digest }: EntitlementReport): string {
  return [
    table(
      ['AGENT', 'TOPICS NOT USED', 'CAPABILITIES', 'ENVIRONMENTS'],
      agents.map((row) => [row.agent, row.topics, row.capabilities, row.environments]),
    ),
    '',
    table(
      ['KEY', 'OF', 'LAST USE'],
      keys.map((row) => [row.key_id, row.principal, row.last_used_at]),
    ),
    '',
    table(
      ['WORKER', 'LAST CLAIM'],
      workers.map((row) => [`${row.pool}/${row.worker}`, row.last_used_at]),
    ),
    ...(pools.length === 0 ? [] : ['', `pools that nobody works for: ${pools.join(', ')}`]),
    '',
    complete
      ? `Not used for ${days} days. ${digest}`
      : `Uses have not been kept for ${days} days yet: nothing is judged.`,
  ].join('\n');
}
