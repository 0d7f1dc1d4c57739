/** Makes a job request of a file, of options, or of both. Where both name a field, the option counts. */
import type { JobRequestInput } from '@countersign/contracts/job';
import type { Command } from 'commander';
import { UsageError } from './exit-codes.ts';
import { nameOf, parseJsonObject, readBytes } from './read-file.ts';

export type RequestOptions = {
  topic?: string;
  prompt?: string;
  payload?: string;
  label?: Record<string, string>;
  capability?: string;
  jobId?: string;
  onBehalfOf?: string;
};

export function withRequestOptions(command: Command): Command {
  return command
    .argument('[file]', 'the request as JSON; - reads standard input')
    .option('--topic <topic>', 'e.g. job.demo.read')
    .option('--prompt <text>')
    .option('--payload <json>', 'a JSON object')
    .option('--label <key=value>', 'may be given several times', addLabel)
    .option('--capability <name>')
    .option('--job-id <id>')
    .option('--on-behalf-of <principal>');
}

/** Fields are the API's to judge; only what cannot be sent at all is refused. */
export function readRequest(file: string | undefined, options: RequestOptions): JobRequestInput {
  const { topic, prompt, payload, label, capability, jobId, onBehalfOf } = options;
  const base = file === undefined ? {} : parseJsonObject(readBytes(file), nameOf(file));
  const given = {
    topic,
    prompt,
    payload: payload === undefined ? undefined : parseJsonObject(payload, '--payload'),
    labels: label,
    meta: capability === undefined ? undefined : { ...(base.meta as object | undefined), capability },
    job_id: jobId,
    on_behalf_of: onBehalfOf?.includes(',') ? onBehalfOf.split(',') : onBehalfOf,
  };
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  if (file === undefined && topic === undefined) throw new UsageError('name a file, or at least --topic');
  return { ...base, ...Object.fromEntries(named) } as JobRequestInput;
}

function addLabel(pair: string, labels: Record<string, string> = {}): Record<string, string> {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError('--label takes key=value');
  return { ...labels, [pair.slice(0, at)]: pair.slice(at + 1) };
}
