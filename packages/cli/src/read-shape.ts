/** Holds what somebody wrote against a schema and names the first thing that does not fit, in words. */
import { UsageError } from './exit-codes.ts';

type Issue = { path: readonly PropertyKey[]; message: string };
type Schema<T> = {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } };
};

/** `claim` begins the sentence, e.g. `bundle.json is not a bundle`. Throws UsageError. */
export function readShape<T>(schema: Schema<T>, value: unknown, claim: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new UsageError(`${claim}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
}
