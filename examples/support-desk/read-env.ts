/** What a program of the example reads from the environment. What is missing is named, with where it comes from. */
import type { z } from 'zod';

/** Throws an Error of one line. */
export function readEnv<S extends z.ZodType>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.output<S> {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.'));
  throw new Error(`${names.join(', ')}: not set; with npm start running, \`set -a; . .dev/env; set +a\``);
}
