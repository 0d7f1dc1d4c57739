/** Settings from the environment, parsed by zod with every mistake reported at once. Values never appear in an error. */
import { shapeFaults } from '@countersign/contracts/shape-fault';
import { z } from 'zod';
import type { Environment } from './environment.ts';

const port = z.coerce.number().int().min(0).max(65_535);

/** Settings of every service. Keys are looked up as `<SERVICE>_<KEY>` first, then `<KEY>`. */
export const baseConfig = z.object({
  /** postgres:// URL of this service's own role. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Connections to Postgres. */
  DATABASE_POOL: z.coerce.number().int().min(1).max(100).default(8),
  /** Address of the NATS server. */
  NATS_URL: z.string().min(1),
  /** Seed (`SU…`) of this service's own NATS user. */
  NATS_NKEY_SEED: z.string().regex(/^SU[A-Z2-7]{56}$/, 'must be a user nkey seed'),
  /** `/livez`, `/readyz`, `/metrics`; 0 takes any free port. */
  HEALTH_PORT: port.default(0),
  /** Address that the probes listen on. */
  HEALTH_HOST: z.string().default('127.0.0.1'),
  /** Of the JSON log on stdout. No level ever shows content. */
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Of every metric's name. */
  METRICS_PREFIX: z
    .string()
    .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/)
    .default('countersign_'),
  /** Milliseconds to wait at start for Postgres and NATS. */
  START_WAIT_MS: z.coerce.number().int().min(0).default(30_000),
});
export type BaseConfig = z.infer<typeof baseConfig>;

/** Thrown before anything is started. `mistakes` names each key and what is wrong with it. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];
  constructor(service: string, mistakes: readonly string[]) {
    super(
      `${service} cannot start, ${mistakes.length} setting(s) are wrong:\n${mistakes.map((m) => `  ${m}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

/** Parses the base settings together with the service's own. */
export function readConfig<S extends z.ZodObject>(
  service: string,
  schema: S,
  env: Environment,
): BaseConfig & z.output<S> {
  const whole = z.object({ ...baseConfig.shape, ...schema.shape });
  const settings = settingsFor(service, Object.keys(whole.shape), env);
  const parsed = whole.safeParse(settings);
  // What the service demands of its settings together does not come along with their shapes.
  const refined = schema.safeParse(settings);
  if (parsed.success && refined.success) return parsed.data as BaseConfig & z.output<S>;
  const issues = (parsed.error ?? refined.error)!.issues;
  const mistakes = issues
    .flatMap((issue) => shapeFaults(issue, settings))
    .map(({ path, says }) => `${prefixOf(service)}${path.join('.')}${says}`);
  throw new ConfigError(service, mistakes);
}

function settingsFor(service: string, keys: readonly string[], env: Environment): Record<string, string> {
  const found: Record<string, string> = {};
  for (const key of keys) {
    const value = env[prefixOf(service) + key] ?? env[key];
    if (value !== undefined && value !== '') found[key] = value;
  }
  return found;
}

function prefixOf(service: string): string {
  return `${service.toUpperCase().replaceAll('-', '_')}_`;
}
