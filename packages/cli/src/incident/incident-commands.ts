/** `countersign incident job | agent | window`: one timeline, and what can be done now. */
import { jobId, principalId } from '@countersign/contracts/names';
import { printable } from '@countersign/contracts/printable';
import type { Command } from 'commander';
import { clientOf, type Output, print } from '../context.ts';
import { showIncidents } from '../incident-command.ts';
import { writeText } from '../read-file.ts';
import { readShape } from '../read-shape.ts';
import { readWindow, type WindowOptions } from '../read-window.ts';
import { wholeNumber } from '../whole-number.ts';
import { type About, collectIncident, type Window } from './collect-incident.ts';
import { incidentReport } from './incident-report.ts';
import { showIncident } from './show-incident.ts';

type Options = WindowOptions & { jobs: number; fixtures?: string };
type Filters = { topic?: string; run?: string; pool?: string };

const JOBS = 200;

export function addIncidentCommands(program: Command, output: Output): void {
  const incident = program
    .command('incident')
    .description('one timeline of what happened, what stops it, what might be undone, tests for the policy');
  withOptions(incident.command('job <job_id>').description('of a job, its run and what followed it')).action(
    (id: string, options: Options, command: Command) =>
      tell(output, { job: readShape(jobId, id, 'job_id') }, null, options, command),
  );
  withWindow(incident.command('agent <id>').description('of all that an agent did')).action(
    (id: string, options: Options, command: Command) =>
      tell(output, { agent: readShape(principalId, id, 'id') }, windowOf(options), options, command),
  );
  withWindow(incident.command('window').description('of all that happened'))
    .option('--topic <pattern>', 'of this topic, e.g. job.deploy.*')
    .option('--run <name>', 'of this run')
    .option('--pool <id>', 'of this pool')
    .action((options: Options & Filters, command: Command) =>
      tell(output, filtersOf(options), windowOf(options), options, command),
    );
}

function withOptions(command: Command): Command {
  return command
    .option('--jobs <n>', 'at most so many', wholeNumber, JOBS)
    .option('--fixtures <file>', 'also write the jobs as tests of the policy; never overwritten');
}

function withWindow(command: Command): Command {
  return withOptions(command)
    .option('--from <time>', 'jobs created then or later, RFC 3339 in UTC')
    .option('--to <time>', 'created before')
    .option('--last <time>', 'created within the last 30m, 12h, 7d');
}

function windowOf({ from, to, last }: Options): Window {
  const given =
    from === undefined && last === undefined
      ? { last: '24h' }
      : { ...(from !== undefined && { from }), ...(last !== undefined && { last }) };
  return readWindow({ ...given, ...(to !== undefined && { to }) }, new Date());
}

function filtersOf({ topic, run, pool }: Filters): About {
  return {
    ...(topic !== undefined && { topic }),
    ...(run !== undefined && { run }),
    ...(pool !== undefined && { pool }),
  };
}

async function tell(
  output: Output,
  about: About,
  window: Window | null,
  options: Options,
  command: Command,
): Promise<void> {
  const incident = incidentReport(await collectIncident(clientOf(command), about, window, options.jobs));
  if (options.fixtures !== undefined)
    writeText(options.fixtures, `${printable(showIncidents({ incidents: incident.fixtures }))}\n`, { exclusive: true });
  print(output, command, incident, showIncident);
}
