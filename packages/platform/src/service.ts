/** The only way to start anything: `defineService` says what a service is, `start` starts some, `run` adds signals. */
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import type { MetricName } from '@countersign/contracts/metrics';
import type { z } from 'zod';
import { openAskOneself } from './ask-oneself.ts';
import type { Bus } from './bus.ts';
import { connectBus } from './bus.ts';
import type { BaseConfig } from './config.ts';
import { ConfigError, readConfig } from './config.ts';
import type { Database } from './database.ts';
import { connectDatabase } from './database.ts';
import type { Environment } from './environment.ts';
import { processEnvironment } from './environment.ts';
import type { Logger } from './logger.ts';
import { createLogger, errorFields } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { createMetrics } from './metrics.ts';
import type { Probes } from './probes.ts';
import { openProbes } from './probes.ts';
import { proveDatabase } from './prove-database.ts';
import type { Sweep, SweepRun } from './sweep.ts';
import { startSweep } from './sweep.ts';

export type ServiceContext<C> = {
  name: ServiceName;
  config: BaseConfig & C;
  log: Logger;
  metrics: Metrics;
  database: Database;
  bus: Bus;
  /** Runs every `every_ms` (null: only when nudged), and at once when nudged; a failure is logged and tried again. */
  sweep(name: string, every_ms: number | null, run: SweepRun): Sweep;
  /** Must resolve for `/readyz` to say yes. */
  ready(name: string, check: () => Promise<void>): void;
  /** Runs at stop, last registered first, before bus and database close. */
  onStop(stop: () => Promise<void> | void): void;
};

export type ServiceDefinition<S extends z.ZodObject = z.ZodObject> = {
  name: ServiceName;
  config: S;
  /** Metrics that must be there from the start, at 0. */
  metrics?: readonly MetricName[];
  /** Functions of other schemas that it cannot do without, as `schema.name`: not ready while one is not granted. */
  functions?: readonly string[];
  start(context: ServiceContext<z.output<S>>): Promise<void>;
};

export type Service = {
  name: ServiceName;
  /** Its own settings, beside those that every service has. */
  settings: z.ZodObject;
  launch(env: Environment): Promise<RunningService>;
  /** Reads the settings and starts nothing. */
  check(env: Environment): void;
};

export type RunningService = { name: ServiceName; health_url: string; stop(): Promise<void> };
export type Running = AsyncDisposable & { services: readonly RunningService[] };

type Stop = () => Promise<void> | void;
type Parts = { metrics: Metrics; database: Database; bus: Bus; probes: Probes };

export function defineService<S extends z.ZodObject>(definition: ServiceDefinition<S>): Service {
  return {
    name: definition.name,
    settings: definition.config,
    launch: (env) => launch(definition, env),
    check: (env) => void readConfig(definition.name, definition.config, env),
  };
}

/** Starts all or none. The mistakes of every service's settings are reported together. */
export async function start(services: readonly Service[], env: Environment): Promise<Running> {
  const mistakes: string[] = [];
  for (const service of services) {
    try {
      service.check(env);
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      mistakes.push(...thrown.mistakes);
    }
  }
  if (mistakes.length > 0) throw new ConfigError(services.map((service) => service.name).join(', '), mistakes);
  const outcomes = await Promise.allSettled(services.map((service) => service.launch(env)));
  const running = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stopAll = async () => void (await Promise.all(running.map((service) => service.stop())));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stopAll();
    throw failed.reason;
  }
  return { services: running, [Symbol.asyncDispose]: stopAll };
}

/** `main.ts` of every service: starts, and stops cleanly on SIGTERM and SIGINT. A second signal ends it at once. */
export async function run(services: readonly Service[]): Promise<void> {
  // A full disk or a reader that is gone must not end what runs: what can't be said there is left unsaid.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  let running: Running;
  try {
    running = await start(services, processEnvironment());
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    process.exitCode = 1;
    return;
  }
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    void running[Symbol.asyncDispose]().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function launch<S extends z.ZodObject>(
  definition: ServiceDefinition<S>,
  env: Environment,
): Promise<RunningService> {
  const { name } = definition;
  const config = readConfig(name, definition.config, env);
  const metrics = createMetrics(name, config.METRICS_PREFIX, definition.metrics ?? []);
  const log = createLogger(name, config.LOG_LEVEL, (reason) => metrics.count('log_lines_dropped_total', { reason }));
  const stops: Stop[] = [];
  const onStop = (stop: Stop): void => void stops.push(stop);
  try {
    const parts = await openParts(name, config, metrics, log, onStop);
    const { probes } = parts;
    const context: ServiceContext<z.output<S>> = {
      name,
      config,
      log,
      ...parts,
      ready: (check, run) => probes.ready(check, run),
      onStop,
      sweep(label, every, run) {
        const sweep = startSweep(every, run, (thrown) =>
          log.warn({ ...errorFields(thrown), sweep: label }, 'a sweep failed'),
        );
        onStop(() => sweep.stop());
        probes.ready(label, async () => sweep.check());
        return sweep;
      },
    };
    proveDatabase({ ...context, functions: definition.functions ?? [] });
    await definition.start(context);
    onStop(() => probes.draining());
    // Until the server has answered, it may not know yet who listens, and callers would meet nobody.
    await parts.bus.check();
    probes.started();
    log.info({ health_url: probes.url }, 'started');
    return { name, health_url: probes.url, stop: () => stopAll(stops, log) };
  } catch (thrown) {
    await stopAll(stops, log);
    throw thrown;
  }
}

/** Each part says how to close it as soon as it is open: a start that fails half-way leaves nothing behind. */
async function openParts(
  name: ServiceName,
  config: BaseConfig,
  metrics: Metrics,
  log: Logger,
  onStop: (stop: Stop) => void,
): Promise<Parts> {
  const probes = await openProbes(config, metrics);
  onStop(() => probes.close());
  const database = connectDatabase({
    url: config.DATABASE_URL,
    pool: config.DATABASE_POOL,
    name,
    onError: (error) => log.warn(errorFields(error), 'a database connection broke'),
  });
  onStop(() => database.close());
  await waitForDatabase(database, config.START_WAIT_MS);
  const bus = await connectBus({
    servers: config.NATS_URL,
    nkey_seed: config.NATS_NKEY_SEED,
    user: name,
    wait_ms: config.START_WAIT_MS,
    log,
    metrics,
  });
  onStop(() => bus.close());
  probes.ready('database', async () => void (await database.query('SELECT 1')));
  const askOneself = openAskOneself(bus, name);
  probes.ready('bus', async () => {
    await bus.check();
    await askOneself();
  });
  return { metrics, database, bus, probes };
}

async function waitForDatabase(database: Database, wait: number): Promise<void> {
  const end = Date.now() + wait;
  for (;;) {
    try {
      await database.query('SELECT 1');
      return;
    } catch (thrown) {
      if (Date.now() >= end) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Last opened first. What does not stop cleanly never keeps the rest from stopping. */
async function stopAll(stops: Stop[], log: Logger): Promise<void> {
  for (const stop of stops.splice(0).reverse()) {
    try {
      await stop();
    } catch (thrown) {
      log.error(errorFields(thrown), 'a part did not stop cleanly');
    }
  }
}
