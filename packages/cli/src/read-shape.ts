/** Holds what somebody wrote against a schema and names the first thing that does not fit, in words. */
import { type ShapeIssue, shapeFaults, tellShapeFault } from '@countersign/contracts/shape-fault';
import { UsageError } from './exit-codes.ts';

type Schema<T> = {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly ShapeIssue[] } };
};

/** `claim` begins the sentence, e.g. `bundle.json is not a bundle`. Throws UsageError. */
export function readShape<T>(schema: Schema<T>, value: unknown, claim: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = shapeFaults(parsed.error.issues[0]!, value)[0]!;
  // An option's value has no fields: what it must be says it all.
  const isWhole = first.path.length === 0 && first.code === 'field_invalid';
  throw new UsageError(`${claim}${isWhole ? first.says : `: ${tellShapeFault(first, 'the document')}`}`);
}
