/**
 * `npm start`: brings the whole development system up, runs the example once, says where everything is, starts again
 * what dies, and takes it down in order when it is told to stop. Whatever it starts dies with it.
 */
import { join } from 'node:path';
import { developmentEnv } from './development-env.ts';
import { allSettings, type PrepareOptions, prepareSystem, renderDevelopmentNats } from './development-environment.ts';
import { loadDevelopmentKeys } from './development-keys.ts';
import { DEVELOPMENT_ROSTER } from './development-roster.ts';
import { fullDisk } from './full-disk.ts';
import { type Stack, startLocalStack } from './local-stack.ts';
import { lockDevFolder } from './lock-dev-folder.ts';
import { type MetricsPart, serveMetrics, servicePart } from './metrics/gather-metrics.ts';
import { natsPart, postgresPart } from './metrics/server-parts.ts';
import { DEV_DIR } from './project-folders.ts';
import { readStartOptions, type StartOptions } from './read-start-options.ts';
import { reportLine } from './report-step.ts';
import { requireFreePorts } from './require-free-ports.ts';
import { type RunningServices, runServices } from './run-services.ts';
import { SetUpError } from './set-up-error.ts';
import { startExample } from './start-example.ts';
import { supervise } from './supervise.ts';
import { waitForStop } from './wait-for-stop.ts';
import { writeEnvFile } from './write-env-file.ts';

const stop = waitForStop();
const running = new AsyncDisposableStack();
/** Where what is supervised keeps its data. */
const dataDirs: string[] = [DEV_DIR];
const supervisor = supervise({ excuse: () => fullDisk(dataDirs) });
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
  supervisor.letGo();
  await running.disposeAsync();
}
// A start that was cut short may still hold timers and sockets; the servers' watchers end what it had just begun.
process.exit(supervisor.fates().some(({ given_up }) => given_up) ? 1 : exitCode);

async function bringUp(options: StartOptions): Promise<void> {
  const lock = running.use(lockDevFolder(DEV_DIR));
  const ports = { PORT: options.port, METRICS_PORT: options.metrics_port };
  await requireFreePorts(ports, { wait: lock.was_abandoned });

  const { stack, prepared } = await prepare(options);
  reportLine(`starting six services${inWhat(options)}`);
  const services = running.use(
    await runServices({
      dir: join(DEV_DIR, 'logs'),
      separate: options.separate,
      replicas: options.replicas,
      settings: allSettings(prepared),
      http_port: options.port,
    }),
  );
  for (const process of services.processes.values()) supervisor.watch(process);
  const parts = [...metricsParts(services), postgresPart(prepared.admin_url), natsPart(stack.nats.monitor_url)];
  const metrics = await serveMetrics(options.metrics_port, () => parts, { kept: supervisor.fates });
  running.defer(() => metrics.close());

  const env = developmentEnv(prepared, { url: services.url, metrics_url: `${metrics.url}/metrics` });
  const path = writeEnvFile(DEV_DIR, env);
  const example = await startExample(prepared, env);
  running.defer(() => example.stop());
  supervisor.watch(example);
  if (options.example) await example.run();
  for (const url of services.urls) reportLine(`HTTP     ${url}/docs`);
  reportLine(`metrics  ${metrics.url}/metrics`);
  reportLine(`logs     ${join(DEV_DIR, 'logs')}`);
  reportLine(`ready: keys and addresses are in ${path}; Ctrl-C stops everything`);
}

function inWhat({ separate, replicas }: StartOptions): string {
  const times = replicas === 1 ? '' : `, ${replicas} of each`;
  return separate
    ? `${times}, each its own process`
    : `${times}, in ${replicas === 1 ? 'one process' : `${replicas} processes`}`;
}

function metricsParts(services: RunningServices): MetricsPart[] {
  return [...services.processes.values()].flatMap(({ name, health }) =>
    health.map(({ service, health_url }) => servicePart(service, name, health_url)),
  );
}

async function prepare(options: StartOptions): Promise<{ stack: Stack; prepared: PrepareOptions }> {
  reportLine('starting Postgres and nats-server');
  const keys = loadDevelopmentKeys(DEV_DIR, DEVELOPMENT_ROSTER, options.fresh);
  const stack = running.use(
    await startLocalStack({
      dir: DEV_DIR,
      fresh: options.fresh,
      mode: 'dev',
      database_url: options.database_url,
      renderNats: renderDevelopmentNats(keys),
    }),
  );
  const { nats, postgres } = stack;
  reportLine(`data of Postgres: ${postgres.data_dir ?? 'as DATABASE_URL says'}`);
  reportLine('making roles, schema, streams, identities and the signed development policy');
  const prepared = { dir: DEV_DIR, admin_url: postgres.admin_url, nats_url: nats.url, keys };
  await prepareSystem(prepared);
  supervisor.watch({ ...nats, name: 'nats-server' });
  if (postgres.data_dir !== undefined) {
    dataDirs.push(postgres.data_dir);
    supervisor.watch({ ...postgres, name: 'Postgres' });
  }
  return { stack, prepared };
}
