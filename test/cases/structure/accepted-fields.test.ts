/**
 * Nothing is accepted that nothing does: each field of each body, query and header of the API stands in the table with the
 * file in which it comes to bear, and each permission is asked for by some route.
 */
import { PERMISSION_NAMES } from '@countersign/contracts/permissions';
import { signedRequest } from '@countersign/contracts/signed-request';
import { approvalRoutes } from '@countersign/ingress/approval-routes';
import { bundleRoutes } from '@countersign/ingress/bundle-routes';
import { delegationRoutes } from '@countersign/ingress/delegation-routes';
import { describeApi } from '@countersign/ingress/describe-api';
import { jobRoutes } from '@countersign/ingress/job-routes';
import { policyRoutes } from '@countersign/ingress/policy-routes';
import { tokenRoutes } from '@countersign/ingress/token-routes';
import { describe, expect, test } from 'vitest';
import { ACCEPTED, HEADERS } from './accepted-fields.ts';
import { listFiles, readText } from './project-files.ts';

type Schema = {
  $ref?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
};
type Operation = {
  parameters?: { name?: string; in: string }[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
};

const none = null as never;
const routes = [
  ...jobRoutes({} as never),
  ...approvalRoutes(none, none),
  ...policyRoutes(none, none),
  ...bundleRoutes(none),
  ...tokenRoutes(none),
  ...delegationRoutes(none),
];
const document = describeApi(routes) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** Paths of what holds a value itself: an object that names its fields is not one. */
function leavesOf(schema: Schema, path = ''): string[] {
  if (schema.$ref !== undefined) return leavesOf(document.components.schemas[schema.$ref.split('/').at(-1)!]!, path);
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.items ? [schema.items] : [])];
  const named = Object.entries(schema.properties ?? {});
  const leaves = [
    ...inner.flatMap((each) => leavesOf(each, path)),
    ...named.flatMap(([name, each]) => leavesOf(each, path === '' ? name : `${path}.${name}`)),
  ];
  return leaves.length > 0 || path === '' ? leaves : [path];
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method} ${path.replace('/api/v1', '')}`,
    operation,
  })),
);

function taken({ requestBody, parameters = [] }: Operation): string[] {
  const schema = requestBody?.content['application/json'].schema;
  const query = parameters.filter((each) => each.in === 'query').map(({ name }) => name!);
  return [...new Set([...(schema ? leavesOf(schema) : []), ...query])].sort();
}

describe('what the API takes', () => {
  test.each(operations)('$name comes to bear, every field of it', ({ name, operation }) => {
    expect(taken(operation)).toEqual((ACCEPTED[name] ?? []).map(({ field }) => field).sort());
  });

  test('as headers comes to bear', () => {
    const headers = operations.flatMap(({ operation }) =>
      (operation.parameters ?? []).filter((each) => each.in === 'header').map(({ name }) => name!),
    );
    expect([...new Set(headers)].sort()).toEqual(HEADERS.map(({ field }) => field).sort());
  });

  test('over the bus is the same request, signed', () => {
    expect(Object.keys(signedRequest.shape).sort()).toEqual(['agent', 'nonce', 'request', 'signature', 'timestamp']);
  });
});

const rows = [
  ...new Map([...Object.values(ACCEPTED).flat(), ...HEADERS].map((row) => [`${row.field} ${row.in}`, row])).values(),
];
test.each(rows)('$field is named in $in', ({ field, in: file }) => {
  expect(readText(file).toLowerCase()).toMatch(new RegExp(`\\b${field.split('.').at(-1)!.toLowerCase()}\\b`));
});

test('every permission is asked for by a route', () => {
  const source = listFiles('services/ingress/src', /\.ts$/).map(readText).join('\n');
  for (const name of PERMISSION_NAMES) expect(source).toContain(`'${name}'`);
});
