/** The OpenAPI 3.1 document, made from the routes and schemas that the server itself uses, so it cannot say anything else. */

import { approvalView, vote } from '@countersign/contracts/approval';
import { decision } from '@countersign/contracts/decision';
import { ERROR_CODES, ERRORS } from '@countersign/contracts/errors';
import * as http from '@countersign/contracts/http';
import { jobRequest, jobView } from '@countersign/contracts/job';
import { shownEntry } from '@countersign/contracts/ledger-entry';
import { resultView } from '@countersign/contracts/output';
import { PERMISSION_NAMES, PERMISSIONS } from '@countersign/contracts/permissions';
import { activePolicy } from '@countersign/contracts/policy-questions';
import { runRecord } from '@countersign/contracts/record';
import { z } from 'zod';
import { describedTags, exampleOf, operationIdOf, parameterWords } from './api-words.ts';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

/** Input and output are two readings of a schema: a default makes a field optional in the input only. */
const INPUTS = { JobRequest: jobRequest, Vote: vote, CancelRequest: http.cancelRequest };
const OUTPUTS = {
  Accepted: http.accepted,
  Denied: http.denied,
  Error: http.errorBody,
  Job: jobView,
  JobPage: http.jobPage,
  Decision: decision,
  LedgerEntry: shownEntry,
  Result: resultView,
  RunRecord: runRecord,
  Approval: approvalView,
  ApprovalPage: http.approvalPage,
  Simulation: http.simulation,
  Explanation: http.explanation,
  Policy: activePolicy,
};

const idOf = new Map<z.ZodType, string>(
  [...Object.entries(INPUTS), ...Object.entries(OUTPUTS)].map(([id, schema]) => [schema, id]),
);

export function describeApi(routes: readonly Route[]): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign',
      version: http.API_VERSION,
      description:
        'An open agent control plane: decide before anything runs, countersign what is risky, prove what happened.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Wherever the document was had from.
    servers: [{ url: '.', description: 'The server that this document comes from' }],
    tags: describedTags(routes.map(tagOf)),
    security: [{ api_key: [] }, { bearer: [] }, { signature: [] }],
    paths: pathsOf(routes),
    components: {
      securitySchemes: {
        api_key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or a token from `POST /token`.' },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Signature',
          description: "An agent's, by RFC 9421, with `Signature-Input` and, where there is a body, `Content-Digest`.",
        },
      },
      parameters: {
        Tenant: {
          name: 'X-Tenant-ID',
          in: 'header',
          required: false,
          description: "The credential's own tenant, or `tenant_forbidden`.",
          schema: { type: 'string' },
        },
      },
      responses: {
        Refused: errorAnswer("The caller's: sent again as it is, it gets the same.", (status) => status < 500),
        Unavailable: errorAnswer("The system's: send it again later.", (status) => status >= 500),
      },
      schemas: { ...componentsOf(INPUTS, 'input'), ...componentsOf(OUTPUTS, 'output') },
    },
  };
}

function pathsOf(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const prefix = route.root === true ? '' : http.API_PREFIX;
    const path = prefix + route.path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return paths;
}

function operationOf(route: Route): Json {
  const operationId = operationIdOf(route);
  return {
    operationId,
    summary: route.summary,
    description: needsOf(route),
    tags: [tagOf(route)],
    parameters: [
      ...parametersIn('path', route.params, operationId),
      ...parametersIn('query', route.query, operationId),
      ...headersOf(route),
      { $ref: '#/components/parameters/Tenant' },
    ],
    ...(route.body ? { requestBody: bodyOf(route.body, operationId) } : {}),
    responses: answersOf(route),
  };
}

function tagOf({ path }: Route): string {
  return path.split('/')[1]!;
}

function bodyOf({ schema, optional, bytes }: NonNullable<Route['body']>, operation: string): Json {
  if (bytes)
    return {
      required: true,
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    };
  const example = exampleOf(operation, z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return {
    required: optional !== true,
    content: { 'application/json': { schema: schemaOf(schema, 'input'), ...(example && { example }) } },
  };
}

function needsOf({ permissions, open, workers }: Route): string {
  if (workers === true) return "Needs a registered worker's signature.";
  return open === true
    ? 'Needs no credential.'
    : permissions.length === PERMISSION_NAMES.length
      ? 'Every credential may.'
      : `Needs ${permissions.map((name) => `\`${name}\` (${PERMISSIONS[name]})`).join(' or ')}.`;
}

function parametersIn(place: 'path' | 'query', shape: z.ZodObject | undefined, operation: string): Json[] {
  return Object.entries(shape?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path',
    description: parameterWords(operation, name),
    schema: schemaOf(schema as z.ZodType, 'input'),
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const id = idOf.get(schema);
  if (id !== undefined) return { $ref: refTo(id) };
  if (schema instanceof z.ZodUnion) return { anyOf: schema.options.map((each) => schemaOf(each as z.ZodType, io)) };
  if (schema instanceof z.ZodArray) return { type: 'array', items: schemaOf(schema.element as z.ZodType, io) };
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return made;
}

function refTo(id: string): string {
  return `#/components/schemas/${id}`;
}

function headersOf(route: Route): Json[] {
  return Object.entries(route.headers ?? {}).map(([name, { says, schema }]) => ({
    name,
    in: 'header',
    description: says,
    schema: schemaOf(schema, 'input'),
  }));
}

function answersOf(route: Route): Json {
  return {
    ...Object.fromEntries(
      Object.entries(route.answers).map(([status, { says, schema, media = 'application/json' }]) => [
        status,
        { description: says, ...(schema && { content: { [media]: { schema: schemaOf(schema, 'output') } } }) },
      ]),
    ),
    '4XX': { $ref: '#/components/responses/Refused' },
    '5XX': { $ref: '#/components/responses/Unavailable' },
  };
}

/** With the table of the codes that it may carry. */
function errorAnswer(says: string, isOne: (status: number) => boolean): Json {
  const codes = ERROR_CODES.filter((code) => isOne(ERRORS[code].status));
  const table = codes.map((code) => `- \`${code}\` (${ERRORS[code].status}): ${ERRORS[code].says}`).join('\n');
  const example = { code: codes[0]!, detail: ERRORS[codes[0]!].says, trace_id: '0af7651916cd43dd8448eb211c80319c' };
  return {
    description: `${says}\n\n${table}`,
    content: { 'application/json': { schema: { $ref: refTo('Error') }, example } },
  };
}

function componentsOf(schemas: Record<string, z.ZodType>, io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, { io, unrepresentable: 'any', uri: refTo }).schemas as Record<string, Json>;
  return Object.fromEntries(
    Object.entries(made).map(([id, { $schema: _, $id: __, id: ___, ...schema }]) => [id, schema]),
  );
}
