/**
 * `countersign agents rotate` and `workers rotate`: another signing key, with an overlap in which the one before is good too. A
 * worker's new private half goes into a new file and nowhere else.
 */
import { generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { ApiError } from '@countersign/client/api-error';
import { workerFile } from '@countersign/contracts/worker-file';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { parseJson, readText, writeText } from './read-file.ts';
import { readShape } from './read-shape.ts';
import { list } from './show.ts';
import { wholeNumber } from './whole-number.ts';

type Options = { overlap?: number; endFormer?: boolean };
type AgentOptions = Options & { signingKey?: string };
type WorkerOptions = Options & { file?: string; out?: string };

const OWNER_ALONE = 0o600;

export function addRotateCommands(program: Command, output: Output): void {
  withOverlap(groupOf(program, 'agents').command('rotate <id>'))
    .description('replace its signing key; the one before is good for the overlap')
    .option('--signing-key <key>', 'the new raw Ed25519 public key in base64url')
    .action(async (id: string, { signingKey, ...options }: AgentOptions, command: Command) => {
      refuseBoth(options, signingKey, '--signing-key');
      const rotation = rotationOf(options, signingKey);
      print(output, command, await clientOf(command).rotateAgentKey(id, rotation), (view) => list(view));
    });
  withOverlap(groupOf(program, 'workers').command('rotate <id>'))
    .description('make another signing key for pool/worker, and write the file that it starts from next')
    .option('--file <file>', 'the file that it started from')
    .option('--out <file>', 'the next one, for its owner alone; never overwritten')
    .action((id: string, options: WorkerOptions, command: Command) => rotateWorker(output, id, options, command));
}

function groupOf(program: Command, name: string): Command {
  return program.commands.find((each) => each.name() === name) ?? program.command(name);
}

function withOverlap(command: Command): Command {
  return command
    .option('--overlap <minutes>', 'for which the key before is good', (text) => (text === '0' ? 0 : wholeNumber(text)))
    .option('--end-former', 'no new key: end the one before, at once or after --overlap');
}

function refuseBoth({ endFormer = false }: Options, given: string | undefined, option: string): void {
  if (endFormer === (given !== undefined)) throw new UsageError(`give either ${option} or --end-former`);
}

function rotationOf({ overlap, endFormer }: Options, signing_key?: string) {
  if (endFormer === true) return { overlap_minutes: overlap ?? 0 };
  return { signing_key: signing_key!, ...(overlap === undefined ? {} : { overlap_minutes: overlap }) };
}

/** Written first: a key that is registered and that nobody has would leave the worker with the one before alone. */
async function rotateWorker(output: Output, id: string, options: WorkerOptions, command: Command): Promise<void> {
  const { file, out, ...rest } = options;
  refuseBoth(rest, file, '--file');
  const client = clientOf(command);
  const [pool = '', worker = ''] = id.split('/');
  if (file === undefined) {
    print(output, command, await client.rotateWorkerKey(pool, worker, rotationOf(rest)), (view) => list(view));
    return;
  }
  if (out === undefined) throw new UsageError('no --out: where the next file goes');
  const before = readShape(workerFile, parseJson(readText(file), file), `${file} is no file of a worker`);
  if (before.pool !== pool || before.worker !== worker)
    throw new UsageError(`${file} is the file of ${before.pool}/${before.worker}`);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signing_key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  writeText(out, `${JSON.stringify({ ...before, signing_key }, null, 2)}\n`, {
    mode: OWNER_ALONE,
    exclusive: true,
  });
  try {
    const rotation = rotationOf(rest, publicKey.export({ format: 'jwk' }).x as string);
    const view = await client.rotateWorkerKey(pool, worker, rotation);
    print(
      output,
      command,
      view,
      () => `start ${id} from ${out}; its key before is good until ${view.former_key_until}`,
    );
  } catch (thrown) {
    // Refused: nothing changed. After an outage nobody knows, so then the key stays.
    if (thrown instanceof ApiError && thrown.status >= 400 && thrown.status < 500) rmSync(out, { force: true });
    throw thrown;
  }
}
