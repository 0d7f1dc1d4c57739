/**
 * Runs the six services of a development or test system: all in one process, or each in its own, so that a test can
 * kill one and a developer can see them apart; and as many of each as are asked for. Whatever it starts dies with its
 * launcher.
 */
import { mkdirSync } from 'node:fs';
import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { findFreePort } from './find-free-port.ts';
import { type Health, type ServiceProcess, serviceProcess } from './service-process.ts';

type RunOptions = {
  /** Where each process writes its log. */
  dir: string;
  separate: boolean;
  /** Instances of each service; 1 unless told. */
  replicas?: number;
  /** The settings of all services (development-environment.ts). */
  settings: Readonly<Record<string, string>>;
  /** Of the first ingress; the others take free ones. */
  http_port: number;
  /** Settings on top, e.g. `LOG_LEVEL`; by the number of the instance when they differ, the first being 1. */
  extra?: Readonly<Record<string, string>> | ((instance: number) => Readonly<Record<string, string>>);
};

export type RunningServices = AsyncDisposable & {
  /** By name of the instance: `scheduler`, `scheduler-2`, or `all-in-one`, `all-in-one-2`. */
  processes: ReadonlyMap<string, ServiceProcess>;
  /** Of every service in every process. */
  health_urls: readonly string[];
  /** Of the first ingress. */
  url: string;
  /** Of every ingress. */
  urls: readonly string[];
  /** The instances of one service, in whose processes it runs. */
  instancesOf(service: ServiceName): readonly ServiceProcess[];
};

type Instance = { http_port: number; processes: ServiceProcess[] };

export async function runServices(options: RunOptions): Promise<RunningServices> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const instances: Instance[] = [];
  for (let number = 1; number <= (options.replicas ?? 1); number += 1) {
    instances.push(await prepareInstance(options, number));
  }
  const processes = instances.flatMap((instance) => instance.processes);
  const stopAll = async (): Promise<void> => void (await Promise.all(processes.map((each) => each.stop())));
  try {
    await startAll(processes);
  } catch (error) {
    await stopAll();
    throw error;
  }
  const urls = instances.map(({ http_port }) => `http://127.0.0.1:${http_port}`);
  return {
    processes: new Map(processes.map((each) => [each.name, each])),
    health_urls: processes.flatMap(({ health }) => health.map(({ health_url }) => health_url)),
    url: urls[0]!,
    urls,
    instancesOf: (service) => processes.filter(({ health }) => health.some((each) => each.service === service)),
    [Symbol.asyncDispose]: stopAll,
  };
}

async function prepareInstance(options: RunOptions, number: number): Promise<Instance> {
  const { dir, separate, extra = {} } = options;
  const http_port = number === 1 ? options.http_port : await findFreePort();
  const health: Health[] = [];
  for (const service of SERVICES) {
    health.push({ service, health_url: `http://127.0.0.1:${await findFreePort()}` });
  }
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    ...options.settings,
    ...ownState(options.settings, number),
    INGRESS_HTTP_PORT: String(http_port),
    ...Object.fromEntries(
      health.map(({ service, health_url }) => [keyFor(service, 'HEALTH_PORT'), new URL(health_url).port]),
    ),
    ...(typeof extra === 'function' ? extra(number) : extra),
  };
  const named = (program: string): string => (number === 1 ? program : `${program}-${number}`);
  const processes = separate
    ? health.map((one) =>
        serviceProcess({
          name: named(one.service),
          program: one.service,
          health: [one],
          dir,
          env: ofService(env, one.service),
        }),
      )
    : [serviceProcess({ name: named('all-in-one'), program: 'all-in-one', health, dir, env })];
  return { http_port, processes };
}

/** What a kernel keeps on its own disk is its own: another one would write into the same files. */
function ownState(settings: RunOptions['settings'], number: number): Record<string, string> {
  const key = keyFor('policy-kernel', 'STATE_DIR');
  const shared = settings[key];
  return number === 1 || shared === undefined ? {} : { [key]: `${shared}-${number}` };
}

function keyFor(service: ServiceName, key: string): string {
  return `${service.toUpperCase().replaceAll('-', '_')}_${key}`;
}

/** One service gets nothing that is another's. */
function ofService(env: Readonly<Record<string, string>>, service: ServiceName): Record<string, string> {
  const prefix = keyFor(service, '');
  const foreign = SERVICES.filter((other) => other !== service).map((other) => keyFor(other, ''));
  const own = Object.entries(env).filter(
    ([key]) => key.startsWith(prefix) || !foreign.some((each) => key.startsWith(each)),
  );
  return Object.fromEntries(own);
}

/** Waits for all, so that what still starts while another one fails is not forgotten; then throws what failed first. */
async function startAll(processes: readonly ServiceProcess[]): Promise<void> {
  const outcomes = await Promise.allSettled(processes.map((each) => each.start()));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
