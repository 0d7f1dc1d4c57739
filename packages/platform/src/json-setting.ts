/** A setting that is a JSON document: parsed, then held to its schema. The text never appears in an error. */
import { z } from 'zod';

export function jsonSetting<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('must be JSON');
        return z.NEVER;
      }
    })
    .pipe(schema);
}
