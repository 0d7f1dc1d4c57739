/**
 * First one-shot of docker-compose.yml: makes this system's keys and hands each server, each service and the people who
 * use it their own part of them, before any server starts.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { developmentEnv } from '../development-env.ts';
import { reportLine } from '../report-step.ts';
import { writeEnvFile } from '../write-env-file.ts';
import { composeFiles, composeSystem, VOLUMES_DIR, volumeDir } from './compose-files.ts';
import { loadKeptSecrets } from './kept-secrets.ts';

const { keys, password } = loadKeptSecrets(volumeDir('keys'));
for (const [file, text] of Object.entries(composeFiles(keys, password))) {
  writeFileSync(join(VOLUMES_DIR, file), text, { mode: 0o600 });
}

// People come from outside the compose network, through the published ports; Postgres publishes none.
const published = { ...composeSystem(keys, password), nats_url: `nats://127.0.0.1:${process.env.NATS_PORT}` };
const { COUNTERSIGN_DATABASE_URL: _, ...forPeople } = developmentEnv(published, {
  url: `http://127.0.0.1:${process.env.PORT}`,
  metrics_url: `http://127.0.0.1:${process.env.METRICS_PORT}/metrics`,
});
writeEnvFile(volumeDir('people'), forPeople);
reportLine('keys and settings are in place');
