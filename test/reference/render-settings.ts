/** The settings of every service, from the zod objects that parse them. */
import { allServices } from '@countersign/all-in-one/all-services';
import { baseConfig } from '@countersign/platform/config';
import { z } from 'zod';
import { readComments } from './read-comments.ts';
import { code, codes, page, table } from './render-table.ts';

type Schema = {
  type?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  default?: unknown;
};

export function renderSettings(): string {
  return page(
    'Settings',
    'Read from the environment at start. A key is looked up as `<SERVICE>_<KEY>` first (`POLICY_KERNEL_DATABASE_URL`), ' +
      'then as `<KEY>`. All mistakes are reported at once, and nothing starts while there is one.',
    `## Every service\n\n${settingsTable(baseConfig, 'packages/platform/src/config.ts')}`,
    ...allServices.map(sectionOf),
  );
}

function settingsTable(schema: z.ZodObject, file: string): string {
  const comments = readComments(file);
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const rows = Object.entries(properties as Record<string, Schema>).map(([key, value]) => [
    code(key),
    describeValue(value),
    value.default === undefined ? (required.includes(key) ? 'required' : 'none') : code(String(value.default)),
    comments.get(key) ?? '',
  ]);
  return table(['setting', 'value', 'default', 'what'], rows);
}

function describeValue({ type, format, pattern, enum: names, const: only, minimum, maximum }: Schema): string {
  if (only !== undefined) return code(String(only));
  if (names) return codes(names.map(String));
  if (type === 'integer') return `integer, ${minimum} to ${maximum === Number.MAX_SAFE_INTEGER ? 'any' : maximum}`;
  if (format === 'uri') return 'URL';
  return pattern ? `text, ${code(pattern)}` : 'text';
}

function sectionOf({ name, settings }: (typeof allServices)[number]): string {
  const own = Object.keys(settings.shape);
  const title = `## ${name}`;
  if (own.length === 0) return `${title}\n\nNone of its own.`;
  return `${title}\n\n${settingsTable(settings, `services/${name}/src/service.ts`)}`;
}
