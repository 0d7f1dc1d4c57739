/** What values.yaml may say, so that a name with a mistake in it is refused by helm and not passed over (JSON Schema, draft 7). */
type Json = Record<string, unknown>;

/** Parts of the Kubernetes API, which checks them itself. */
const FOREIGN: Readonly<Record<string, Json>> = {
  resources: { type: 'object' },
  from: { type: 'array', items: { type: 'object' } },
  to: { type: 'array', items: { type: 'object' } },
  egress: { type: 'array', items: { type: 'object' } },
};
const NAME = { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' };
const BOUNDED: Readonly<Record<string, Json>> = {
  replicas: { type: 'integer', minimum: 0 },
  port: { type: 'integer', minimum: 1, maximum: 65_535 },
  secret: NAME,
  names: { type: 'string', pattern: '^[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*$' },
  // Nothing is pulled that nobody named.
  image: { type: 'string', minLength: 1 },
  logLevel: { enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] },
};

/** Of the defaults: nothing may be said that they do not name. */
export function valuesSchema(defaults: Json): Json {
  const { properties, ...rest } = objectOf(defaults);
  // Helm adds it where the chart is a part of another.
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...rest,
    properties: { ...properties, global: { type: 'object' } },
  };
}

function objectOf(values: Json): { type: string; additionalProperties: boolean; properties: Json } {
  const properties = Object.entries(values).map(([key, value]) => [key, schemaOf(key, value)]);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}

function schemaOf(key: string, value: unknown): Json {
  const known = FOREIGN[key] ?? BOUNDED[key];
  if (known !== undefined) return known;
  return typeof value === 'object' ? objectOf(value as Json) : { type: typeof value };
}
