/** `countersign jobs`: submit one, and see what became of it. */
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { type RequestOptions, readRequest, withRequestOptions } from './read-request.ts';
import { showJob, showRecord, showResult, showSubmitted, showTimeline } from './show.ts';

type SubmitOptions = RequestOptions & { idempotencyKey?: string; wait?: boolean };

export function addJobsCommands(program: Command, output: Output): void {
  const jobs = program.command('jobs').description('submit jobs and see what became of them');
  withRequestOptions(jobs.command('submit').description('submit a job'))
    .option('--idempotency-key <key>', 'the same key and request get the first answer again')
    .option('--wait', 'until the job has ended')
    .action((file: string | undefined, options: SubmitOptions, command: Command) =>
      submit(output, file, options, command),
    );
  jobs
    .command('get <job_id>')
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

async function submit(output: Output, file: string | undefined, options: SubmitOptions, command: Command) {
  const request = readRequest(file, options);
  const client = clientOf(command);
  const { idempotencyKey: idempotency_key, wait } = options;
  const answer = await client.submit(request, idempotency_key === undefined ? {} : { idempotency_key });
  if (answer.outcome === 'denied' || wait !== true) {
    print(output, command, answer, showSubmitted);
    return output.exit(answer.outcome === 'denied' ? EXIT.denied : EXIT.done);
  }
  const job = await client.untilEnded(answer.job_id);
  print(output, command, job, showJob);
  output.exit(job.state === 'succeeded' ? EXIT.done : EXIT.not_succeeded);
}
