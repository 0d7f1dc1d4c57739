// Runs the six services of a development or test system: all in one process, or each in its own, so that a test can
// kill one and a developer can see them apart. Whatever it starts dies with its launcher.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { findFreePort } from './find-free-port.ts';
import { PROJECT_DIR } from './project-folders.ts';
import { lastLines } from './read-log-tail.ts';
import { SetUpError } from './set-up-error.ts';
import { type GuardedProcess, spawnGuarded } from './spawn-guarded.ts';
import { waitUntil } from './wait-until.ts';

export type RunOptions = {
  /** Where each process writes its log. */
  dir: string;
  separate: boolean;
  /** The settings of all services (development-environment.ts). */
  settings: Readonly<Record<string, string>>;
  http_port: number;
  /** Settings on top, e.g. `LOG_LEVEL`. */
  extra?: Readonly<Record<string, string>>;
};

export type ServiceProcess = {
  readonly name: string;
  readonly pid: number | undefined;
  readonly log_path: string;
  /** Of each service in this process. */
  readonly health_urls: readonly string[];
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Returns when everything in it is ready. */
  start(): Promise<void>;
};

export type RunningServices = AsyncDisposable & {
  processes: ReadonlyMap<string, ServiceProcess>;
  health_urls: readonly string[];
  url: string;
};

const keyFor = (service: ServiceName, key: string): string => `${service.toUpperCase().replaceAll('-', '_')}_${key}`;

async function isReady(health_url: string): Promise<boolean> {
  const answer = await fetch(`${health_url}/readyz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}

/** `program` is a folder under `services/`. */
function serviceProcess(
  program: string,
  health_urls: string[],
  env: Record<string, string>,
  dir: string,
): ServiceProcess {
  const log_path = join(dir, `${program}.log`);
  let current: GuardedProcess | undefined;
  return {
    name: program,
    log_path,
    health_urls,
    get pid() {
      return current?.pid;
    },
    stop: async () => current?.stop(),
    kill: async () => current?.kill(),
    async start() {
      const started = await spawnGuarded({
        name: program,
        command: process.execPath,
        args: [join(PROJECT_DIR, 'services', program, 'src/main.ts')],
        log_path,
        stop_signal: 'SIGTERM',
        grace_seconds: 20,
        env,
        cwd: PROJECT_DIR,
      });
      current = started;
      await waitUntil(
        `${program} is ready`,
        async () => {
          if (!started.isRunning()) throw new SetUpError(`${program} did not start:\n${lastLines(log_path, 15)}`);
          return (await Promise.all(health_urls.map(isReady))).every(Boolean);
        },
        { timeout_ms: 45_000, every_ms: 50 },
      );
    },
  };
}

export async function runServices(options: RunOptions): Promise<RunningServices> {
  const { dir, separate, settings, http_port, extra = {} } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const ports = new Map<ServiceName, number>();
  for (const service of SERVICES) ports.set(service, await findFreePort());
  const healthUrl = (service: ServiceName): string => `http://127.0.0.1:${ports.get(service)}`;
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    ...settings,
    INGRESS_HTTP_PORT: String(http_port),
    ...Object.fromEntries([...ports].map(([service, port]) => [keyFor(service, 'HEALTH_PORT'), String(port)])),
    ...extra,
  };
  const ofService = (service: ServiceName): Record<string, string> => {
    const prefix = keyFor(service, '');
    const foreign = SERVICES.filter((other) => other !== service).map((other) => keyFor(other, ''));
    const own = Object.entries(env).filter(
      ([key]) => key.startsWith(prefix) || !foreign.some((each) => key.startsWith(each)),
    );
    return Object.fromEntries(own);
  };
  const processes = separate
    ? SERVICES.map((service) => serviceProcess(service, [healthUrl(service)], ofService(service), dir))
    : [serviceProcess('all-in-one', SERVICES.map(healthUrl), env, dir)];
  const stopAll = async (): Promise<void> => void (await Promise.all(processes.map((each) => each.stop())));
  try {
    await Promise.all(processes.map((each) => each.start()));
  } catch (error) {
    await stopAll();
    throw error;
  }
  return {
    processes: new Map(processes.map((each) => [each.name, each])),
    health_urls: SERVICES.map(healthUrl),
    url: `http://127.0.0.1:${http_port}`,
    [Symbol.asyncDispose]: stopAll,
  };
}
