/**
 * The schemas for editors are those of the code, say something of every field, and agree with the compiler on shapes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { policySource } from '@countersign/contracts/policy';
import { fieldNames } from '@countersign/policy/field-names';
import { compilePayloadSchema } from '@countersign/policy/payload-schema';
import { readYaml } from '@countersign/policy/read-yaml';
import { authorSchemas } from '@countersign/policy-author/author-schemas';
import { FIELD_HELP } from '@countersign/policy-author/field-help';
import { describe, expect, it } from 'vitest';
import { renderSchemas, SCHEMAS_FOLDER } from '../../reference/render-schemas.ts';

const project = new URL('../../../', import.meta.url);
const folder = new URL('examples/policies/', project);

it.each(Object.entries(renderSchemas()))('%s is up to date', (name, text) => {
  expect(readFileSync(new URL(`${SCHEMAS_FOLDER}/${name}`, project), 'utf8')).toBe(text);
});

it('says something of every field, and of no other', () => {
  expect(Object.keys(FIELD_HELP).sort()).toEqual([...fieldNames()].sort());
});

function validate(name: string, text: string): string | null {
  const compiled = compilePayloadSchema(authorSchemas()[name]);
  if (!compiled.ok) throw new Error(compiled.detail);
  const read = readYaml('x.yaml', text);
  if (!read.ok) throw new Error('no YAML');
  return compiled.schema.validate(read.yaml.value)?.at ?? null;
}

describe('the examples', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(({ name }) =>
    /\.yaml$/.test(name),
  );
  const paths = files.map(({ parentPath, name }) => `${parentPath}/${name}`);
  const schemaOf = (path: string): string => {
    const name = /(policy|pools|scanners)\.yaml$/.exec(path)?.[1];
    return `${name ?? (path.includes('/tenants/') ? 'tenant' : 'tests')}.schema.json`;
  };

  it.each(paths.map((path) => [path.slice(folder.pathname.length), path]))(
    '%s fits and names its schema',
    (_, path) => {
      const text = readFileSync(path, 'utf8');
      expect(validate(schemaOf(path), text)).toBeNull();
      const named = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text)?.[1] ?? '';
      expect(new URL(named, `file://${path}`).pathname).toBe(
        new URL(`${SCHEMAS_FOLDER}/${schemaOf(path)}`, project).pathname,
      );
    },
  );
});

it.each([
  ['rules: [{ id: r, match: { topic: [job.a] }, decision: allow }]', '/rules/0/match/topic'],
  ['rules: [{ id: r, match: { topics: ["job..x"] }, decision: allow }]', '/rules/0/match/topics/0'],
  ['rules: [{ id: r, match: {}, decision: perhaps }]', '/rules/0/decision'],
  ['tiers: [{ id: t, match: {}, floor: { max_attempts: 0 } }]', '/tiers/0/floor/max_attempts'],
  ['rules: [{ id: r, match: {} }]', '/rules/0/decision'],
])('refuses in the editor what the compiler refuses: %s', (text, at) => {
  expect(validate('policy.schema.json', text)).toBe(at);
  const read = readYaml('policy.yaml', text);
  expect(read.ok && policySource.safeParse(read.yaml.value).success).toBe(false);
});
