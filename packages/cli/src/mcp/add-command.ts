/** `countersign mcp add`: registers a server's proxy as an agent and as the worker of its pool, and writes the file that it starts from. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Client } from '@countersign/client/create-client';
import { trustRoot } from '@countersign/contracts/policy';
import { poolOf } from '@countersign/mcp/names';
import { type ProxyFile, proxyFile } from '@countersign/mcp/proxy-file';
import { processEnvironment } from '@countersign/platform/environment';
import { type Command, Option } from 'commander';
import { makeWorkerFile } from '../add-worker-command.ts';
import { clientOf, type Output, print, severalTimes } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { nameOf, parseJson, readBytes, writeText } from '../read-file.ts';
import { readShape } from '../read-shape.ts';
import { createBesideAgent, createBesideWorker } from '../register-beside.ts';
import { pathOf, type ServerOptions, serverOf, withServer } from './proxy-path.ts';

export type AddOptions = ServerOptions & {
  owner: string;
  agent?: string;
  capability?: string[];
  schedulerKey?: string;
  name: string;
  env?: string[];
  runWhen?: ProxyFile['run_when'];
  reviewers?: string;
};
export type Added = { path: string; server: string; agent: string; pool: string; key_ends: string | null };

const OWNER_ALONE = 0o600;

export function addAddCommand(mcp: Command, output: Output): void {
  withServer(mcp.command('add'))
    .description("register a server's proxy, and write the file that it starts from")
    .argument('[command...]', 'what starts the server, after --; only its name is read off it')
    .requiredOption('--owner <person>', 'who answers for it, and cannot approve what it asks for')
    .option('--agent <id>', 'what it is called; left out, mcp-<server>')
    .option(
      '--capability <pattern>',
      'what it may ask for at most, several times; left out, mcp-<server>.*',
      severalTimes,
    )
    .option('--name <worker>', 'of the worker in its pool, which has no other', 'proxy')
    .option(
      '--env <name>',
      'variable of this shell that the server gets, several times; kept in the file, for it alone',
      severalTimes,
    )
    .option('--reviewers <file>', 'trust root with the keys of who signs which tools were reviewed')
    .addOption(new Option('--run-when <when>', 'when an approved call runs').choices(['claimed', 'granted']))
    .addOption(
      new Option('--scheduler-key <key>', 'public key whose warrants it obeys; several by commas').env(
        'COUNTERSIGN_SCHEDULER_KEY',
      ),
    )
    .action(async (server: string[], options: AddOptions, command: Command) =>
      print(output, command, await addProxy(clientOf(command), command, server, options), showAdded),
    );
}

export async function addProxy(
  client: Client,
  command: Command,
  started: readonly string[],
  options: AddOptions,
): Promise<Added> {
  const server = serverOf(options, started);
  const env = envOf(options);
  const path = pathOf(options, started);
  if (existsSync(path)) throw new UsageError(`${path} exists already; it is not overwritten`);
  const reviewers = namedReviewers(options);
  const { url } = command.optsWithGlobals<{ url: string }>();
  const pool = poolOf(server);
  const asked = {
    pool,
    name: options.name,
    http: true,
    ...(options.schedulerKey ? { schedulerKey: options.schedulerKey } : {}),
  };
  const { file: worker, public_key } = makeWorkerFile(asked, url);
  const agent = options.agent ?? pool;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const capabilities = options.capability ?? [`mcp-${server}.*`];
  const ceiling = { topics: [`job.mcp.${server}.*`], capabilities, environments: [] };
  await createBesideAgent(client, { id: agent, owner: options.owner, ceiling });
  const { key, expires_at, tenant } = await client.createKey({ principal: agent, role: 'agent' });
  const run_when = options.runWhen === undefined ? {} : { run_when: options.runWhen };
  const file = proxyFile.parse({ server, tenant, agent, api_key: key, worker, env, ...run_when, ...reviewers });
  writeText(path, `${JSON.stringify(file, null, 2)}\n`, { mode: OWNER_ALONE, exclusive: true });
  await createBesideWorker(client, { pool, worker: options.name, public_key }, [path]);
  return { path, server, agent, pool, key_ends: expires_at };
}

/** Read before anything is registered: a proxy whose reviewers cannot be read does not start. */
function namedReviewers({ reviewers }: AddOptions): { reviewers?: string } {
  if (reviewers === undefined) return {};
  readShape(trustRoot, parseJson(readBytes(reviewers), nameOf(reviewers)), `${nameOf(reviewers)} is no trust root`);
  return { reviewers: resolve(reviewers) };
}

function envOf({ env = [] }: AddOptions): Record<string, string> {
  const all = processEnvironment();
  const missing = env.filter((name) => all[name] === undefined);
  if (missing.length > 0) throw new UsageError(`--env: not set here: ${missing.join(', ')}`);
  return Object.fromEntries(env.map((name) => [name, all[name]!]));
}

function showAdded({ path, server, agent, pool, key_ends }: Added): string {
  const ends = key_ends === null ? '' : `, its key ends on ${key_ends}`;
  return [
    `${server}: agent ${agent}${ends}; worker of pool ${pool}`,
    `keys in ${path}: keep it out of the agent's reach`,
    'next: `countersign mcp tools review`, and the pool and rules in the policy',
  ].join('\n');
}
