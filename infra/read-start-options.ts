// Reads what `npm start` was told, by argument and environment, and refuses what it doesn't know.
import { parseArgs } from 'node:util';
import { SetUpError } from './set-up-error.ts';

export type StartOptions = {
  fresh: boolean;
  example: boolean;
  separate: boolean;
  port: number;
  metrics_port: number;
  /** The superuser's URL of a Postgres to use instead of an own one. */
  database_url: string | undefined;
};

const DEFAULT_PORT = 8081;
const DEFAULT_METRICS_PORT = 9090;
const USAGE = `Usage: npm start -- [--fresh] [--no-example] [--separate]
  --fresh       delete the kept data and start anew
  --no-example  don't run the example (its workers start all the same)
  --separate    run each service as a process of its own
Environment: PORT (${DEFAULT_PORT}), METRICS_PORT (${DEFAULT_METRICS_PORT}), DATABASE_URL, NATS_SERVER`;

/** Throws SetUpError that names the mistake and shows the usage. */
export function readStartOptions(args: string[], env: NodeJS.ProcessEnv): StartOptions {
  const { fresh, example, separate } = readFlags(args);
  const port = readPort('PORT', env.PORT, DEFAULT_PORT);
  const metrics_port = readPort('METRICS_PORT', env.METRICS_PORT, DEFAULT_METRICS_PORT);
  if (port === metrics_port) throw new SetUpError(`PORT and METRICS_PORT are both ${port}; they must differ.`);
  return { fresh, example, separate, port, metrics_port, database_url: env.DATABASE_URL || undefined };
}

function readFlags(args: string[]): { fresh: boolean; example: boolean; separate: boolean } {
  try {
    const { values } = parseArgs({
      args,
      allowNegative: true,
      options: {
        fresh: { type: 'boolean', default: false },
        example: { type: 'boolean', default: true },
        separate: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (cause) {
    throw new SetUpError(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

function readPort(name: string, given: string | undefined, otherwise: number): number {
  const port = given ? Number(given) : otherwise;
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new SetUpError(`${name}=${given} is no port: a whole number from 1 to 65535 is needed.`);
}
