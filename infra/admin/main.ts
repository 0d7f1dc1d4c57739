/**
 * `countersign-admin init`: what needs the superuser of Postgres and the keys of every service, and is therefore no part of
 * the `countersign` command, which talks to the API alone.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { principalId, tenantName } from '@countersign/contracts/names';
import { reportLine } from '../report-step.ts';
import { SetUpError } from '../set-up-error.ts';
import type { InitOptions } from './init-options.ts';
import { initSystem } from './init-system.ts';

const USAGE = `Usage: countersign-admin init --nats-url URL --out DIR [--database-url URL]
  --database-url URL  of a superuser; better as DATABASE_URL in the environment, where nobody lists it
  --nats-url URL      where services and workers reach nats-server
  --out DIR           keeps keys and settings, readable for you alone
  --tenant NAME       the first tenant (default)
  --admin NAME        its first admin, whose key is in DIR/admin.env (admin)
  --log-origin NAME   under which the ledger is signed (countersign.localhost/log)`;

try {
  for (const line of await initSystem(readOptions(process.argv.slice(2), process.env))) reportLine(line);
} catch (error) {
  reportLine(error instanceof SetUpError ? error.message : `failed: ${(error as Error).stack}`);
  process.exitCode = 1;
}

function readOptions(args: string[], env: NodeJS.ProcessEnv): InitOptions {
  const given = parse(args);
  const { out, tenant, admin, 'nats-url': nats_url, 'log-origin': log_origin } = given.values;
  const database_url = given.values['database-url'] ?? env.DATABASE_URL;
  if (given.positionals.join(' ') !== 'init' || !database_url || !nats_url || !out) throw new SetUpError(USAGE);
  if (!tenantName.safeParse(tenant).success) throw new SetUpError(`--tenant: ${tenant} cannot be a tenant's name`);
  if (!principalId.safeParse(admin).success) throw new SetUpError(`--admin: ${admin} cannot be a person's name`);
  if (URL.parse(nats_url)?.protocol !== 'nats:') throw new SetUpError('--nats-url must be a nats:// address');
  return { database_url, nats_url, out: resolve(out), tenant, admin, log_origin };
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
        tenant: { ...text, default: 'default' },
        admin: { ...text, default: 'admin' },
        'log-origin': { ...text, default: 'countersign.localhost/log' },
      },
    });
  } catch (error) {
    throw new SetUpError(`${(error as Error).message}\n${USAGE}`);
  }
}
