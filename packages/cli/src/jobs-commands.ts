/** `countersign jobs`: submit one, and see what became of it. */
import type { Client, Submitted } from '@countersign/client/create-client';
import { DECISIONS } from '@countersign/contracts/decision';
import type { JobQuery } from '@countersign/contracts/http';
import type { JobView } from '@countersign/contracts/job';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { printable, printableJson } from '@countersign/contracts/printable';
import { JOB_STATES } from '@countersign/contracts/states';
import { type Command, Option } from 'commander';
import { clientOf, isJson, type Output, print } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { type RequestOptions, readRequest, withRequestOptions } from './read-request.ts';
import { readWindow, type WindowOptions } from './read-window.ts';
import { showJob, showRecord, showResult, showSubmitted, showTimeline } from './show.ts';
import { table } from './table.ts';
import { wholeNumber } from './whole-number.ts';

type SearchOptions = Omit<JobQuery, 'limit' | 'cursor'> & WindowOptions & { limit: number };
type SubmitOptions = RequestOptions & { idempotencyKey?: string; wait?: boolean };

export function addJobsCommands(program: Command, output: Output): void {
  const jobs = program.command('jobs').description('submit jobs, find them and see what became of them');
  addSearch(jobs, output);
  addFollowing(jobs, output);
  withRequestOptions(jobs.command('submit').description('submit a job'))
    .option('--idempotency-key <key>', 'the same key and request get the first answer again')
    .option('--wait', 'until the job has ended')
    .action((file: string | undefined, options: SubmitOptions, command: Command) =>
      submit(output, file, options, command),
    );
  jobs
    .command('show <job_id>')
    .alias('get')
    .description('its state')
    .action(async (id: string, _: object, command: Command) =>
      print(output, command, await clientOf(command).job(id), showJob),
    );
  jobs
    .command('result <job_id>')
    .description('its result, once released')
    .action(async (id: string, _: object, command: Command) =>
      print(output, command, await clientOf(command).result(id), showResult),
    );
  jobs
    .command('timeline <job_id>')
    .description('everything the ledger holds about it')
    .action(async (id: string, _: object, command: Command) =>
      print(output, command, await clientOf(command).timeline(id), showTimeline),
    );
  jobs
    .command('record <job_id>')
    .description('the run record, with its proof')
    .action(async (id: string, _: object, command: Command) =>
      print(output, command, await clientOf(command).record(id), showRecord),
    );
}

function addSearch(jobs: Command, output: Output): void {
  jobs
    .command('list')
    .description('newest first; all filters that are given must hold')
    .addOption(new Option('--state <state>').choices([...JOB_STATES]))
    .option('--topic <pattern>', 'a topic, or a pattern such as job.desk.*')
    .option('--actor <id>', 'who submitted it')
    .option('--run <name>', 'what its label run names')
    .option('--rule <id>', 'by which it was decided')
    .addOption(new Option('--decision <decision>').choices([...DECISIONS]))
    .option('--pool <id>', 'where it runs')
    .option('--label <key=value>', 'that it carries')
    .option('--from <time>', 'created then or later, RFC 3339 in UTC')
    .option('--to <time>', 'created before')
    .option('--last <time>', 'created within the last 30m, 12h, 7d')
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .action(async (options: SearchOptions, command: Command) =>
      print(output, command, await search(clientOf(command), options), showJobs),
    );
}

function addFollowing(jobs: Command, output: Output): void {
  jobs
    .command('cancel <job_id>')
    .description('at once before dispatch, by a stop once it runs')
    .option('--reason <text>', 'shown with the job')
    .action(async (id: string, { reason }: { reason?: string }, command: Command) =>
      print(output, command, await clientOf(command).cancel(id, reason), showJob),
    );
  jobs
    .command('remediate <job_id>')
    .description('take an offer of its denial: a new job')
    .option('--offer <id>', 'where there are several')
    .option('--request <file>', 'what was denied, as it was sent: of a job denied at submit nothing was kept')
    .action(async (id: string, { offer, request }: { offer?: string; request?: string }, command: Command) => {
      const taken = {
        ...(offer !== undefined && { offer_id: offer }),
        ...(request !== undefined && { request: readRequest(request, {}) }),
      };
      tell(output, command, await clientOf(command).remediate(id, taken));
    });
  jobs
    .command('compensate <job_id>')
    .description('run the way back that it names: a new job')
    .action(async (id: string, _: object, command: Command) =>
      tell(output, command, await clientOf(command).compensate(id)),
    );
  jobs
    .command('watch <job_id>')
    .description('each entry as it is recorded, until the job has ended')
    .action(async (id: string, _: object, command: Command) => {
      const client = clientOf(command);
      const seen = (entry: ShownEntry): string =>
        isJson(command) ? printableJson(entry) : printable(showTimeline([entry]));
      for await (const entry of client.events(id)) output.write(`${seen(entry)}\n`);
      exitWith(output, await client.job(id));
    });
}

/** Goes on from page to page: under a filter that few jobs meet, pages are short. */
async function search(client: Client, { limit, last, from, to, ...filters }: SearchOptions): Promise<JobView[]> {
  const window = last === undefined ? { from, to } : readWindow({ last, ...(to && { to }) }, new Date());
  const query = Object.fromEntries(
    Object.entries({ ...filters, ...window }).filter(([, value]) => value !== undefined),
  );
  const found: JobView[] = [];
  for (let cursor: string | null | undefined; cursor !== null && found.length < limit; ) {
    const rows = Math.min(limit - found.length, LIMITS.page_rows);
    const page = await client.jobs({ ...query, limit: rows, ...(cursor !== undefined && { cursor }) });
    found.push(...page.jobs);
    cursor = page.next_cursor;
  }
  return found;
}

function showJobs(jobs: readonly JobView[]): string {
  return table(
    ['JOB', 'STATE', 'TOPIC', 'ACTOR', 'CREATED'],
    jobs.map((job) => [job.job_id, job.state, job.topic, job.actor, job.created_at]),
  );
}

export function tell(output: Output, command: Command, answer: Submitted): void {
  print(output, command, answer, showSubmitted);
  output.exit(answer.outcome === 'denied' ? EXIT.denied : EXIT.done);
}

function exitWith(output: Output, { state }: JobView): void {
  output.exit(state === 'succeeded' ? EXIT.done : EXIT.not_succeeded);
}

async function submit(output: Output, file: string | undefined, options: SubmitOptions, command: Command) {
  const request = readRequest(file, options);
  const client = clientOf(command);
  const { idempotencyKey: idempotency_key, wait } = options;
  const answer = await client.submit(request, {
    ...(idempotency_key === undefined ? {} : { idempotency_key }),
    ...(wait === true ? { wait_s: LIMITS.submit_wait_s } : {}),
  });
  if (answer.outcome === 'denied' || wait !== true) {
    return tell(output, command, answer);
  }
  const job = answer.outcome === 'ended' ? answer.job : await client.untilEnded(answer.job_id);
  print(output, command, job, showJob);
  exitWith(output, job);
}
