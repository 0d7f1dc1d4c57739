/**
 * `countersign-admin init | migrate | doctor`: what needs the superuser of Postgres or the keys of every service, and is therefore no
 * part of the `countersign` command, which talks to the API alone.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hasFault, showFindings } from '@countersign/contracts/finding';
import { principalId, tenantName } from '@countersign/contracts/names';
import { migrate } from '../postgres/migrate.ts';
import { reportLine } from '../report-step.ts';
import { SetUpError } from '../set-up-error.ts';
import { examineSystem } from './doctor/examine-system.ts';
import type { InitOptions } from './init-options.ts';
import { initSystem } from './init-system.ts';
import { isMigrated } from './look-at-database.ts';

const USAGE = `Usage: countersign-admin init --nats-url URL --out DIR [--database-url URL]
       countersign-admin migrate [--database-url URL]
       countersign-admin doctor --nats-url URL --out DIR [--database-url URL] [--json]
  --database-url URL  of a superuser; better as DATABASE_URL in the environment, where nobody lists it
  --nats-url URL      where services and workers reach nats-server
  --out DIR           keeps keys and settings, readable for you alone
  --tenant NAME       the first tenant (default)
  --admin NAME        its first admin, whose key is in DIR/admin.env (admin)
  --log-origin NAME   under which the ledger is signed (countersign.localhost/log)`;

/** As `countersign doctor` (packages/cli/src/exit-codes.ts). */
const FAULTS_FOUND = 11;

type Options =
  | { command: 'migrate'; database_url: string }
  | (InitOptions & { command: 'init' | 'doctor'; json: boolean });

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.command === 'migrate') await applyNew(options.database_url);
  else if (options.command === 'init') for (const line of await initSystem(options)) reportLine(line);
  else await tellFindings(options);
} catch (error) {
  reportLine(error instanceof SetUpError ? error.message : `failed: ${(error as Error).stack}`);
  process.exitCode = 1;
}

/** For a database that `init` has made: a job in a cluster needs the superuser for it, and none of the keys. */
async function applyNew(database_url: string): Promise<void> {
  if (!(await isMigrated(database_url)))
    throw new SetUpError(
      'The database is no system yet: run `countersign-admin init` first, where its keys are to be kept.',
    );
  await migrate(database_url);
  reportLine('all migrations are applied');
}

async function tellFindings(options: InitOptions & { json: boolean }): Promise<void> {
  const findings = await examineSystem(options);
  process.stdout.write(`${options.json ? JSON.stringify({ findings }, null, 2) : showFindings(findings)}\n`);
  if (hasFault(findings)) process.exitCode = FAULTS_FOUND;
}

function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const given = parse(args);
  const { out, tenant, admin, json, 'nats-url': nats_url, 'log-origin': log_origin } = given.values;
  const command = given.positionals.join(' ');
  const database_url = given.values['database-url'] ?? env.DATABASE_URL;
  if (command === 'migrate' && database_url) return { command, database_url };
  if ((command !== 'init' && command !== 'doctor') || !database_url || !nats_url || !out) throw new SetUpError(USAGE);
  if (!tenantName.safeParse(tenant).success) throw new SetUpError(`--tenant: ${tenant} cannot be a tenant's name`);
  if (!principalId.safeParse(admin).success) throw new SetUpError(`--admin: ${admin} cannot be a person's name`);
  if (URL.parse(nats_url)?.protocol !== 'nats:') throw new SetUpError('--nats-url must be a nats:// address');
  return { command, json, database_url, nats_url, out: resolve(out), tenant, admin, log_origin };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        'database-url': text,
        'nats-url': text,
        out: text,
        json: { type: 'boolean', default: false },
        tenant: { ...text, default: 'default' },
        admin: { ...text, default: 'admin' },
        'log-origin': { ...text, default: 'countersign.localhost/log' },
      },
    });
  } catch (error) {
    throw new SetUpError(`${(error as Error).message}\n${USAGE}`);
  }
}
