/**
 * Second one-shot of docker-compose.yml: makes the empty servers into a system (roles, schema, streams, identities, the
 * signed development bundle) and gives the example its database. Can be repeated.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareSystem } from '../development-environment.ts';
import { reportLine } from '../report-step.ts';
import { createDeskDatabase, exampleEnv } from '../start-example.ts';
import { composeSystem, renderEnvFile, volumeDir } from './compose-files.ts';
import { loadKeptSecrets } from './kept-secrets.ts';

const { keys, password, desk_password } = loadKeptSecrets(volumeDir('keys'));
const system = composeSystem(keys, password);
await prepareSystem(system);

const dir = volumeDir('workers');
const desk_url = await createDeskDatabase(system.admin_url, desk_password);
// Workers get their own keys and nobody else's.
const settings = exampleEnv({ ...system, dir }, { COUNTERSIGN_NATS_URL: system.nats_url }, desk_url);
writeFileSync(join(dir, 'env'), renderEnvFile(settings), { mode: 0o600 });
reportLine('the system is prepared');
