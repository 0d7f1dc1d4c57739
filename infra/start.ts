// `npm start`: brings the whole development stack up, says where it is, and takes it down in order when it is told to
// stop. Whatever it starts dies with it.

import { type Stack, startLocalStack } from './local-stack.ts';
import { lockDevFolder } from './lock-dev-folder.ts';
import { DEV_DIR } from './project-folders.ts';
import { readStartOptions, type StartOptions } from './read-start-options.ts';
import { renderOpenNatsConfig } from './render-open-nats-config.ts';
import { reportLine } from './report-step.ts';
import { requireFreePorts } from './require-free-ports.ts';
import { SetUpError } from './set-up-error.ts';
import { waitForStop } from './wait-for-stop.ts';
import { type DevEnv, writeEnvFile } from './write-env-file.ts';

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

  reportLine('starting Postgres and nats-server');
  const stack = running.use(
    await startLocalStack({
      dir: DEV_DIR,
      fresh: options.fresh,
      mode: 'dev',
      database_url: options.database_url,
      renderNats: renderOpenNatsConfig,
    }),
  );
  const env = await startServices(stack, options);
  reportLine(`ready: keys and addresses are in ${writeEnvFile(DEV_DIR, env)}; Ctrl-C stops everything`);
}

async function startServices({ nats, postgres }: Stack, options: StartOptions): Promise<Partial<DevEnv>> {
  reportLine(`data of Postgres: ${postgres.data_dir ?? 'as DATABASE_URL says'}`);
  return {
    COUNTERSIGN_URL: `http://127.0.0.1:${options.port}`,
    COUNTERSIGN_METRICS_URL: `http://127.0.0.1:${options.metrics_port}/metrics`,
    COUNTERSIGN_NATS_URL: nats.url,
    COUNTERSIGN_DATABASE_URL: postgres.admin_url,
  };
}
