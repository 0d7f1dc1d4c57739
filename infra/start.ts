// `npm start`: brings the whole development system up, runs the example once, says where everything is, and takes it
// down in order when it is told to stop. Whatever it starts dies with it.
import { join } from 'node:path';
import { developmentEnv } from './development-env.ts';
import { allSettings, type PrepareOptions, prepareSystem, renderDevelopmentNats } from './development-environment.ts';
import { loadDevelopmentKeys } from './development-keys.ts';
import { DEVELOPMENT_ROSTER } from './development-roster.ts';
import { startLocalStack } from './local-stack.ts';
import { lockDevFolder } from './lock-dev-folder.ts';
import { serveMetrics } from './metrics/gather-metrics.ts';
import { DEV_DIR } from './project-folders.ts';
import { readStartOptions, type StartOptions } from './read-start-options.ts';
import { reportLine } from './report-step.ts';
import { requireFreePorts } from './require-free-ports.ts';
import { runServices } from './run-services.ts';
import { SetUpError } from './set-up-error.ts';
import { startExample } from './start-example.ts';
import { waitForStop } from './wait-for-stop.ts';
import { writeEnvFile } from './write-env-file.ts';

const stop = waitForStop();
const running = new AsyncDisposableStack();
let exitCode = 0;
try {
  // A stop during the start goes straight to taking down what there is.
  await Promise.race([bringUp(readStartOptions(process.argv.slice(2), process.env)), stop]);
  const reason = await stop;
  reportLine(`stopping (${reason})`);
} catch (error) {
  exitCode = 1;
  reportLine(error instanceof SetUpError ? error.message : `failed: ${(error as Error).stack}`);
} finally {
  await running.disposeAsync();
}
// A start that was cut short may still hold timers and sockets; the servers' watchers end what it had just begun.
process.exit(exitCode);

async function bringUp(options: StartOptions): Promise<void> {
  const lock = running.use(lockDevFolder(DEV_DIR));
  const ports = { PORT: options.port, METRICS_PORT: options.metrics_port };
  await requireFreePorts(ports, { wait: lock.was_abandoned });

  const prepared = await prepare(options);
  reportLine(options.separate ? 'starting six services, each its own process' : 'starting six services in one process');
  const services = running.use(
    await runServices({
      dir: join(DEV_DIR, 'logs'),
      separate: options.separate,
      settings: allSettings(prepared),
      http_port: options.port,
    }),
  );
  const metrics = await serveMetrics(options.metrics_port, services.health_urls);
  running.defer(() => metrics.close());

  const env = developmentEnv(prepared, { url: services.url, metrics_url: `${metrics.url}/metrics` });
  const path = writeEnvFile(DEV_DIR, env);
  running.use(await startExample(prepared, env, { run: options.example }));
  reportLine(`HTTP     ${services.url}/docs`);
  reportLine(`metrics  ${metrics.url}/metrics`);
  reportLine(`logs     ${join(DEV_DIR, 'logs')}`);
  reportLine(`ready: keys and addresses are in ${path}; Ctrl-C stops everything`);
}

async function prepare(options: StartOptions): Promise<PrepareOptions> {
  reportLine('starting Postgres and nats-server');
  const keys = loadDevelopmentKeys(DEV_DIR, DEVELOPMENT_ROSTER, options.fresh);
  const { nats, postgres } = running.use(
    await startLocalStack({
      dir: DEV_DIR,
      fresh: options.fresh,
      mode: 'dev',
      database_url: options.database_url,
      renderNats: renderDevelopmentNats(keys, DEVELOPMENT_ROSTER),
    }),
  );
  reportLine(`data of Postgres: ${postgres.data_dir ?? 'as DATABASE_URL says'}`);
  reportLine('making roles, schema, streams, identities and the signed development policy');
  const prepared = { dir: DEV_DIR, admin_url: postgres.admin_url, nats_url: nats.url, keys };
  await prepareSystem(prepared);
  return prepared;
}
