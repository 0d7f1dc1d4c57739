import { ACCESS } from '@countersign/contracts/access';
import { describeApi } from '@countersign/ingress/describe-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type RunningIngress, runIngress } from './run-ingress.ts';

type Document = {
  openapi: string;
  paths: Record<string, Record<string, { requestBody?: unknown; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, { required?: string[]; properties?: Record<string, unknown> }> };
};

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
        get: { parameters: [{ name: 'id', in: 'path', required: true, schema: { maxLength: 3 } }, {}] },
      },
    });
  });
});

test('/docs is one page that shows every path and loads nothing from elsewhere', async () => {
  const response = await fetch(`${ingress.url}/docs`);
  const page = await response.text();
  expect(response.headers.get('content-type')).toContain('text/html');
  for (const path of Object.keys(document.paths)) expect(page).toContain(path);
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toContain('<script');
});
