/** `countersign acs add`: registers a host's guardian as an agent and as the worker of its pool, and writes the files that both start from. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { besideOf, guardianFile, poolOf } from '@countersign/acs/guardian-file';
import type { Client } from '@countersign/client/create-client';
import { type Command, Option } from 'commander';
import { makeWorkerFile } from '../add-worker-command.ts';
import { clientOf, type Output, print } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { writeText } from '../read-file.ts';
import { createBesideAgent, createBesideWorker } from '../register-beside.ts';
import { type HostOptions, pathOf, withHost } from './guardian-path.ts';

type AddOptions = HostOptions & { owner: string; agent?: string; schedulerKey?: string };
type Added = { path: string; key: string; host: string; agent: string; pool: string; key_ends: string | null };

const OWNER_ALONE = 0o600;
const SECRET_BYTES = 32;

export function addAddCommand(acs: Command, output: Output): void {
  withHost(acs.command('add'))
    .description("register a host's guardian, and write the files that it and the host start from")
    .requiredOption('--owner <person>', 'who answers for it, and cannot approve what it asks for')
    .option('--agent <id>', 'what it is called; left out, acs-<host>')
    .addOption(
      new Option('--scheduler-key <key>', 'public key whose warrants it obeys; several by commas').env(
        'COUNTERSIGN_SCHEDULER_KEY',
      ),
    )
    .action(async (options: AddOptions, command: Command) =>
      print(output, command, await addGuardian(clientOf(command), command, options), showAdded),
    );
}

async function addGuardian(client: Client, command: Command, options: AddOptions): Promise<Added> {
  const path = pathOf(options);
  const { key: keyPath } = besideOf(path);
  for (const each of [path, keyPath])
    if (existsSync(each)) throw new UsageError(`${each} exists already; it is not overwritten`);
  const { host, owner, schedulerKey } = options;
  const pool = poolOf(host);
  const agent = options.agent ?? pool;
  const { url } = command.optsWithGlobals<{ url: string }>();
  const asked = { pool, name: 'guardian', http: true, ...(schedulerKey ? { schedulerKey } : {}) };
  const { file: worker, public_key } = makeWorkerFile(asked, url);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const ceiling = { topics: [`job.acs.${host}.*`], capabilities: [`acs-${host}.*`], environments: [] };
  await createBesideAgent(client, { id: agent, owner, ceiling });
  const { key, expires_at, tenant } = await client.createKey({ principal: agent, role: 'agent' });
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  const file = guardianFile.parse({ host, tenant, agent, api_key: key, worker, secret });
  writeText(path, `${JSON.stringify(file, null, 2)}\n`, { mode: OWNER_ALONE, exclusive: true });
  writeText(keyPath, `${secret}\n`, { mode: OWNER_ALONE, exclusive: true });
  await createBesideWorker(client, { pool, worker: 'guardian', public_key }, [path, keyPath]);
  return { path, key: keyPath, host, agent, pool, key_ends: expires_at };
}

function showAdded({ path, key, host, agent, pool, key_ends }: Added): string {
  const ends = key_ends === null ? '' : `, its key ends on ${key_ends}`;
  return [
    `${host}: agent ${agent}${ends}; worker of pool ${pool}`,
    `the guardian's keys in ${path}: keep it out of the agent's reach`,
    `the host's half of the shared secret in ${key}: ACS_HMAC_SECRET_FILE of its adapter`,
    `next: the pool and rules in the policy, and \`countersign acs serve --host ${host}\``,
  ].join('\n');
}
