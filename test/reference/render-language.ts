/** The language of policies, field by field, out of the schemas that editors get; and what conditions may say. */
import { LIMITS } from '@countersign/contracts/limits';
import { authorSchemas } from '@countersign/policy-author/author-schemas';
import { code, page, table } from './render-table.ts';
import { TOLD_FUNCTIONS, TOLD_VARIABLES } from './when-examples.ts';

type Schema = {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  propertyNames?: Schema;
  additionalProperties?: Schema | boolean;
  required?: string[];
  default?: unknown;
  description?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
};
type Section = { path: string; schema: Schema };

const FILES = {
  'policy.schema.json': '`policy.yaml`',
  'pools.schema.json': '`pools.yaml`',
  'tenant.schema.json': '`tenants/<tenant>.yaml`',
  'scanners.schema.json': '`scanners.yaml`',
  'tests.schema.json': '`tests/*.yaml`',
} as const;
/** Texts whose form has a name. Others show their pattern in the schema. */
const FORMS: readonly (readonly [fits: string, misfits: string, name: string])[] = [
  ['5m', 'x', 'duration'],
  ['2026-03-02T10:30:00Z', '5m', 'time'],
  ['job.deploy.*', 'deploy', 'topic pattern'],
  ['job.deploy.apply', 'deploy', 'topic'],
  ['/a/b', 'a', 'JSON pointer'],
];

export function renderLanguage(): string {
  /** Where a shape was told first: it is not told again. */
  const told = new Map<string, string>();
  return page(
    'The policy language',
    'Every field of every file of a bundle, from the schemas that editors check with (`packages/policy-author/schemas`). A field that is not ' +
      'listed is an error. A bold field has to be there. How decisions are made out of all this stands in [the design](../design.md), and ' +
      '[your first own policy](../first-own-policy.md) is the way in.',
    ...Object.entries(authorSchemas()).flatMap(([file, schema]) =>
      renderFile(file as keyof typeof FILES, schema, told),
    ),
    ...renderConditions(),
  );
}

function renderFile(file: keyof typeof FILES, schema: Schema, told: Map<string, string>): string[] {
  const title = FILES[file];
  const sections = sectionsOf({ path: '', schema }, title, told);
  return sections.map(({ path, schema: { properties = {}, required = [] } }) =>
    [
      path === '' ? `## ${title}` : `### ${code(path)}`,
      table(
        ['field', 'type', 'default', 'what'],
        Object.entries(properties).map(([name, field]) => [
          required.includes(name) && field.default === undefined ? `**${code(name)}**` : code(name),
          typeOf(field, join(path, name), told),
          field.default === undefined ? '' : code(JSON.stringify(field.default)),
          field.description ?? '',
        ]),
      ),
    ].join('\n\n'),
  );
}

/** The objects of a file, outermost first, each shape once. */
function sectionsOf({ path, schema }: Section, file: string, told: Map<string, string>): Section[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    objectsIn(field, join(path, name)).flatMap((section) => {
      const shape = shapeOf(section.schema);
      if (told.has(shape)) return [];
      told.set(shape, `${code(section.path)} of ${file}`);
      return sectionsOf(section, file, told);
    }),
  );
  return [{ path, schema }, ...inner];
}

function objectsIn(schema: Schema, path: string): Section[] {
  if (schema.anyOf) return schema.anyOf.flatMap((one) => objectsIn(one, path));
  if (schema.items) return objectsIn(schema.items, `${path}[]`);
  if (schema.properties) return [{ path, schema }];
  return typeof schema.additionalProperties === 'object'
    ? objectsIn(schema.additionalProperties, `${path}.<name>`)
    : [];
}

function typeOf(schema: Schema, path: string, told: Map<string, string>): string {
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ');
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type }, path, told)).join(' or ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => typeOf(one, path, told)))].join(' or ');
  if (schema.items)
    return `list of ${typeOf(schema.items, `${path}[]`, told)}${bounds(schema.minItems, schema.maxItems)}`;
  if (schema.type === 'object') return objectType(schema, path, told);
  if (schema.type === 'integer') return `whole number${bounds(schema.minimum, schema.maximum)}`;
  if (schema.type === 'string') return textType(schema);
  return schema.type === 'null' ? code('null') : (schema.type ?? 'anything');
}

function objectType(schema: Schema, path: string, told: Map<string, string>): string {
  if (schema.properties) {
    const where = told.get(shapeOf(schema))!;
    return where.startsWith(`${code(path)} `) ? 'object, below' : `object, as ${where}`;
  }
  const values = schema.additionalProperties;
  return typeof values === 'object' && Object.keys(values).length > 0
    ? `map of ${typeOf(schema.propertyNames ?? { type: 'string' }, path, told)} to ${typeOf(values, `${path}.<name>`, told)}`
    : 'any object';
}

function textType({ pattern, maxLength }: Schema): string {
  if (pattern === undefined) return maxLength === undefined ? 'text' : `text up to ${maxLength}`;
  const expression = new RegExp(pattern);
  return FORMS.find(([fits, misfits]) => expression.test(fits) && !expression.test(misfits))?.[2] ?? 'name';
}

function bounds(least: number | undefined, most: number | undefined): string {
  const isBound = most !== undefined && most < Number.MAX_SAFE_INTEGER;
  if (isBound) return `, ${(least ?? 0).toLocaleString('en')} to ${most.toLocaleString('en')}`;
  return least === undefined || least <= Number.MIN_SAFE_INTEGER ? '' : `, from ${least}`;
}

/** Without what is said about it where it stands. */
function shapeOf({ properties, required }: Schema): string {
  return JSON.stringify([properties, required]);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function renderConditions(): string[] {
  const rows = (told: Readonly<Record<string, readonly [string, string]>>): string[][] =>
    Object.entries(told).map(([name, [example, what]]) => [code(name), code(example), what]);
  return [
    [
      '## Conditions',
      '`when` is an expression of [CEL](https://cel.dev) that answers true or false. It is checked against the schemas of the topics that its ' +
        'rule is for, when the policy is compiled. A rule matches only where it is true; an error denies. Besides what follows there are ' +
        '`&&`, `||`, `!`, `? :`, comparison, arithmetic, `in`, and literals of lists and maps. Nothing else is offered.',
      `Bounds: ${LIMITS.when_chars.toLocaleString('en')} characters, ${LIMITS.when_nodes} nodes, ${LIMITS.when_loops} loops inside each other, lists of ` +
        `${LIMITS.when_items.toLocaleString('en')} elements in loops.`,
    ].join('\n\n'),
    table(['variable', 'true of the example', 'what'], rows(TOLD_VARIABLES)),
    table(['function', 'true of the example', 'what'], rows(TOLD_FUNCTIONS)),
  ];
}
