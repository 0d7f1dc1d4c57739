/** Makes a job request of a file, of options, or of both. Where both name a field, the option counts. */
import { readFileSync } from 'node:fs';
import type { JobRequestInput } from '@countersign/contracts/job';
import { parseStrict } from '@countersign/ledger/canonical-json';
import type { Command } from 'commander';
import { UsageError } from './exit-codes.ts';

export type RequestOptions = {
  topic?: string;
  prompt?: string;
  payload?: string;
  label?: Record<string, string>;
  capability?: string;
  jobId?: string;
  onBehalfOf?: string;
};

const STDIN = 0;

/** As strictly as the API will: what JSON.parse would repair without a word is an error here. */
const parseJson = (text: string | Uint8Array, what: string): Record<string, unknown> => {
  const parsed = parseStrict(text);
  if (!parsed.ok) throw new UsageError(`${what}: ${parsed.detail} ${parsed.at}`);
  const { value } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${what}: must be a JSON object`);
  }
  return value;
};

const readFile = (path: string): Uint8Array => {
  try {
    return readFileSync(path === '-' ? STDIN : path);
  } catch {
    throw new UsageError(`${path} cannot be read`);
  }
};

const addLabel = (pair: string, labels: Record<string, string> = {}): Record<string, string> => {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError('--label takes key=value');
  return { ...labels, [pair.slice(0, at)]: pair.slice(at + 1) };
};

export const withRequestOptions = (command: Command): Command =>
  command
    .argument('[file]', 'the request as JSON; - reads standard input')
    .option('--topic <topic>', 'e.g. job.demo.read')
    .option('--prompt <text>')
    .option('--payload <json>', 'a JSON object')
    .option('--label <key=value>', 'may be given several times', addLabel)
    .option('--capability <name>')
    .option('--job-id <id>')
    .option('--on-behalf-of <principal>');

/** Fields are the API's to judge; only what cannot be sent at all is refused. */
export const readRequest = (file: string | undefined, options: RequestOptions): JobRequestInput => {
  const { topic, prompt, payload, label, capability, jobId, onBehalfOf } = options;
  const base = file === undefined ? {} : parseJson(readFile(file), file === '-' ? 'standard input' : file);
  const given = {
    topic,
    prompt,
    payload: payload === undefined ? undefined : parseJson(payload, '--payload'),
    labels: label,
    meta: capability === undefined ? undefined : { ...(base.meta as object | undefined), capability },
    job_id: jobId,
    on_behalf_of: onBehalfOf,
  };
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  if (file === undefined && topic === undefined) throw new UsageError('name a file, or at least --topic');
  return { ...base, ...Object.fromEntries(named) } as JobRequestInput;
};
