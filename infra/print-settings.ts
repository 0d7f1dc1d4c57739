/**
 * Prints what one service of the running development system is told, as a file for `node --env-file`: so that it can be
 * run by hand, alone or beside the others. `source .dev/env` first; it tells where Postgres and NATS are.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { serviceSettings } from './development-environment.ts';
import type { DevelopmentKeys } from './development-keys.ts';
import { DEV_DIR } from './project-folders.ts';

const service = process.argv[2] as ServiceName;
const { COUNTERSIGN_DATABASE_URL: admin_url, COUNTERSIGN_NATS_URL: nats_url } = process.env;
if (!SERVICES.includes(service) || !admin_url || !nats_url) {
  process.stderr.write(`Usage: source .dev/env && node infra/print-settings.ts ${SERVICES.join('|')}\n`);
  process.exit(1);
}
const keys = JSON.parse(readFileSync(join(DEV_DIR, 'keys.json'), 'utf8')) as DevelopmentKeys;
// A key in PEM has several lines and the trust root has double quotes; neither has a single one.
for (const [name, value] of Object.entries(serviceSettings(service, { dir: DEV_DIR, admin_url, nats_url, keys }))) {
  process.stdout.write(`${name}='${value}'\n`);
}
