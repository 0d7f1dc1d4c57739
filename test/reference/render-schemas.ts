/** The JSON Schemas of the policy language as files. */
import { authorSchemas } from '@countersign/policy-author/author-schemas';

export const SCHEMAS_FOLDER = 'packages/policy-author/schemas';

export function renderSchemas(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(authorSchemas()).map(([name, schema]) => [name, `${JSON.stringify(schema, null, 2)}\n`]),
  );
}
