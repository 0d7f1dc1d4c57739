/** Reads what `npm start` was told, by argument and environment, and refuses what it doesn't know. */
import { parseArgs } from 'node:util';
import { SetUpError } from './set-up-error.ts';

export type StartOptions = {
  fresh: boolean;
  example: boolean;
  separate: boolean;
  /** Instances of each service. */
  replicas: number;
  port: number;
  metrics_port: number;
  /** The superuser's URL of a Postgres to use instead of an own one. */
  database_url: string | undefined;
};

const DEFAULT_PORT = 8081;
const DEFAULT_METRICS_PORT = 9090;
const MAX_REPLICAS = 4;
const USAGE = `Usage: npm start -- [--fresh] [--no-example] [--separate] [--replicas 2]
  --fresh       delete the kept data and start anew
  --no-example  don't run the example (its workers start all the same)
  --separate    run each service as a process of its own
  --replicas N  run N of each service, up to ${MAX_REPLICAS}; the first ingress listens on PORT
Environment: PORT (${DEFAULT_PORT}), METRICS_PORT (${DEFAULT_METRICS_PORT}), DATABASE_URL, NATS_SERVER`;

const OPTIONS = {
  fresh: { type: 'boolean', default: false },
  example: { type: 'boolean', default: true },
  separate: { type: 'boolean', default: false },
  replicas: { type: 'string', default: '1' },
} as const;

/** Throws SetUpError that names the mistake and shows the usage. */
export function readStartOptions(args: string[], env: NodeJS.ProcessEnv): StartOptions {
  const { replicas, ...flags } = readFlags([...takenByNpm(env), ...args]);
  const port = readPort('PORT', env.PORT, DEFAULT_PORT);
  const metrics_port = readPort('METRICS_PORT', env.METRICS_PORT, DEFAULT_METRICS_PORT);
  if (port === metrics_port) throw new SetUpError(`PORT and METRICS_PORT are both ${port}; they must differ.`);
  return {
    ...flags,
    replicas: readReplicas(replicas),
    port,
    metrics_port,
    database_url: env.DATABASE_URL || undefined,
  };
}

function readFlags(args: string[]) {
  try {
    return parseArgs({ args, allowNegative: true, options: OPTIONS }).values;
  } catch (cause) {
    throw new SetUpError(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

/**
 * `npm start --fresh` without `--` before it is meant for npm, which keeps it as a setting and passes nothing on. Left
 * alone, it would be dropped without a word: so it is read from where npm puts it.
 */
function takenByNpm(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(OPTIONS).flatMap(([name, { type }]) => {
    const value = env[`npm_config_${name}`];
    if (value === undefined) return [];
    if (type === 'string') return [`--${name}=${value}`];
    return [value === '' || value === 'false' ? `--no-${name}` : `--${name}`];
  });
}

function readPort(name: string, given: string | undefined, otherwise: number): number {
  const port = given ? Number(given) : otherwise;
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new SetUpError(`${name}=${given} is no port: a whole number from 1 to 65535 is needed.`);
}

function readReplicas(given: string): number {
  const replicas = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (replicas >= 1 && replicas <= MAX_REPLICAS) return replicas;
  throw new SetUpError(`--replicas ${given}: a whole number from 1 to ${MAX_REPLICAS} is needed.\n${USAGE}`);
}
