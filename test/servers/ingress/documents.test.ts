import { ACCESS } from '@countersign/contracts/access';
import { staleWords } from '@countersign/ingress/api-words';
import { describeApi } from '@countersign/ingress/describe-api';
import { route } from '@countersign/ingress/route';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type RunningIngress, runIngress } from './run-ingress.ts';

type Operation = {
  operationId: string;
  tags: string[];
  requestBody?: { content: { 'application/json': { example?: unknown } } };
  responses: Record<string, unknown>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { required?: string[]; properties?: Record<string, unknown> }> };
};

/** Beside the recommended ones. */
const LINT = {
  'operation-description': 'error',
  'operation-operationId-unique': 'error',
  'parameter-description': 'error',
  'tag-description': 'error',
  'no-invalid-media-type-examples': 'error',
  // A record with named keys (zod) says them as `propertyNames`, which this rule does not read.
  'no-required-schema-properties-undefined': 'off',
} as const;

let ingress: RunningIngress;
let document: Document;
beforeAll(async () => {
  ingress = await runIngress();
  document = (await (await fetch(`${ingress.url}/openapi.json`)).json()) as Document;
});
afterAll(() => ingress[Symbol.asyncDispose]());

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(refsIn)];
}

describe('/openapi.json', () => {
  test('is OpenAPI 3.1 and lists every path of the API', () => {
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replace('/api/v1', '')}`),
    );
    // The rows of the table of access, which a test of its own compares with the routes.
    const rows = Object.keys(ACCESS).map((row) => row.replace(/^[A-Z]+/, (method) => method.toLowerCase()));
    expect(operations.toSorted()).toEqual(rows.toSorted());
  });

  test('refers only to what it holds', () => {
    const refs = refsIn(document);
    expect(refs.length).toBeGreaterThan(20);
    for (const ref of refs) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
      expect(found, ref).toBeDefined();
    }
  });

  test('says of a request what the server demands of it', () => {
    const { JobRequest, Accepted } = document.components.schemas;
    expect(JobRequest).toMatchObject({ required: ['topic'], additionalProperties: false });
    expect(JobRequest?.properties).toMatchObject({
      labels: { propertyNames: { pattern: expect.any(String) } },
      payload: { type: 'object' },
    });
    expect(Accepted?.required).toContain('policy_snapshot');
  });

  test('is clean by a linter: ids, words, errors, servers, and examples that its own schemas take', async () => {
    const config = await createConfig({ extends: ['recommended'], rules: LINT });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)).toEqual(
      [],
    );
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const bodies = operations.flatMap(({ requestBody }) => (requestBody === undefined ? [] : [requestBody]));
    // Of bytes there is no example.
    const json = bodies.flatMap(({ content }) => content['application/json'] ?? []);
    expect(json.filter(({ example }) => example === undefined)).toEqual([]);
    expect(bodies.length - json.length).toBe(1);
    expect(bodies.length).toBeGreaterThan(50);
    const tags = new Set(operations.flatMap((each) => each.tags));
    expect(staleWords(new Set(operations.map(({ operationId }) => operationId)), tags)).toEqual([]);
  });

  test('follows the routes: another route is another document', () => {
    const made = describeApi([
      {
        method: 'get',
        path: '/things/:id',
        summary: 'A thing',
        permissions: ['simulate'],
        params: z.strictObject({ id: z.string().max(3) }),
        answers: { 200: { says: 'It', schema: z.object({ id: z.string() }) } },
        handle: async () => ({ status: 200, json: {} }),
      },
    ]) as unknown as Document;
    expect(made.paths).toMatchObject({
      '/api/v1/things/{id}': {
        get: {
          operationId: 'getThingsById',
          parameters: [{ name: 'id', in: 'path', required: true, schema: { maxLength: 3 } }, {}],
        },
      },
    });
  });
});

test('a route gives JSON under the one status that it names, and is refused when it names two', async () => {
  const given = (answers: Record<number, { says: string }>) =>
    route({ method: 'get', path: '/things', summary: 'All', permissions: [], answers, gives: async () => ['one'] });
  expect(await given({ 201: { says: 'Them' } }).handle({} as never)).toEqual({ status: 201, json: ['one'] });
  expect(() => given({ 200: { says: 'Them' }, 201: { says: 'Them' } })).toThrow(TypeError);
});

test('/ leads to /docs', async () => {
  const response = await fetch(ingress.url, { redirect: 'manual' });
  expect([response.status, response.headers.get('location')]).toEqual([302, '/docs']);
});

test('/docs is one page that shows every path and loads nothing from elsewhere', async () => {
  const response = await fetch(`${ingress.url}/docs`);
  const page = await response.text();
  expect(response.headers.get('content-type')).toContain('text/html');
  for (const path of Object.keys(document.paths)) expect(page).toContain(path);
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toContain('<script');
});
