/**
 * `countersign workers add`: makes a worker's key pairs, registers their public halves, and writes the one file that it
 * starts from. The private halves go into that file and nowhere else.
 */
import { generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { ApiError } from '@countersign/client/api-error';
import type { WorkerView } from '@countersign/contracts/identity';
import { issueWords } from '@countersign/contracts/issue-words';
import { token } from '@countersign/contracts/names';
import { type WorkerFile, workerFile } from '@countersign/contracts/worker-file';
import { createNatsKey } from '@countersign/platform/nats-key';
import { type Command, Option } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { writeText } from './read-file.ts';

type AddOptions = {
  pool: string;
  name: string;
  out: string;
  natsUrl?: string;
  http?: boolean;
  schedulerKey?: string;
  strict?: true;
};

const OWNER_ALONE = 0o600;

export function addWorkerCommand(program: Command, output: Output): void {
  const group = 'workers';
  const workers = program.commands.find((each) => each.name() === group) ?? program.command(group);
  workers
    .command('add')
    .description('register a worker, and write the file that it starts from')
    .requiredOption('--pool <pool>', "a pool of the policy's pools.yaml")
    .requiredOption('--name <name>', 'its name, unique within the pool')
    .requiredOption('--out <file>', 'written for its owner alone; never overwritten')
    .addOption(new Option('--nats-url <url>', 'where NATS is, for the worker').env('COUNTERSIGN_NATS_URL'))
    .option('--http', 'it comes in over the HTTP API, where this command registers it, and gets no key for NATS')
    .addOption(
      new Option('--scheduler-key <key>', 'public key whose warrants it obeys; several by commas').env(
        'COUNTERSIGN_SCHEDULER_KEY',
      ),
    )
    .option('--strict', 'refuse it when no active policy has the pool')
    .action((options: AddOptions, command: Command) => add(output, options, command));
}

/** Written first: a worker that is registered and whose keys nobody has would only be in the way. */
async function add(output: Output, options: AddOptions, command: Command): Promise<void> {
  const client = clientOf(command);
  const { file, public_key, bus_key } = makeWorkerFile(options, command.optsWithGlobals<{ url: string }>().url);
  const { pool, worker } = file;
  writeText(options.out, `${JSON.stringify(file, null, 2)}\n`, { mode: OWNER_ALONE, exclusive: true });
  try {
    const strict = options.strict === true;
    const view = await client.createWorker({ pool, worker, public_key, bus_key, strict });
    print(output, command, view, () => showAdded(view, options.out));
  } catch (thrown) {
    // Refused: nothing was registered. Whether it was after an outage nobody knows, so then the keys stay.
    if (thrown instanceof ApiError && thrown.status >= 400 && thrown.status < 500) rmSync(options.out, { force: true });
    throw thrown;
  }
}

function showAdded({ pool, worker, pool_active }: WorkerView, out: string): string {
  const made = `worker ${pool}/${worker} is registered; it starts from ${out}`;
  if (pool_active !== false) return made;
  return `${made}\nwarning: no active policy has the pool ${pool}, so no job comes to it: correct --pool, or activate one with it`;
}

/** What a worker starts from, and the public halves to register. Throws UsageError. */
export function makeWorkerFile({ pool, name, natsUrl, http, schedulerKey }: Omit<AddOptions, 'out'>, url: string) {
  if (http !== true && natsUrl === undefined)
    throw new UsageError('no --nats-url: set it or COUNTERSIGN_NATS_URL, or give --http');
  if (schedulerKey === undefined) throw new UsageError('no --scheduler-key: set it or COUNTERSIGN_SCHEDULER_KEY');
  for (const [option, text] of [
    ['--pool', pool],
    ['--name', name],
  ] as const)
    if (!token.safeParse(text).success) throw new UsageError(`${option}: must be 1 to 64 of a-z, 0-9, _ and -`);
  const signing = generateKeyPairSync('ed25519');
  const bus = http === true ? null : createNatsKey();
  const file: WorkerFile = {
    ...(bus === null ? { url } : { servers: natsUrl!, nkey_seed: bus.seed }),
    pool,
    worker: name,
    signing_key: signing.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    scheduler_public_keys: schedulerKey.split(','),
  };
  const checked = workerFile.safeParse(file);
  // Only what was given can be wrong.
  if (!checked.success) throw new UsageError(`--scheduler-key: ${issueWords(checked.error.issues[0]!)}`);
  const public_key = signing.publicKey.export({ format: 'jwk' }).x as string;
  return { file, public_key, bus_key: bus?.nkey_public ?? null };
}
