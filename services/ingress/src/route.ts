/** One line of the API: what it takes, who may, what it answers. Server and OpenAPI document are both made from it. */
import type { Permission } from '@countersign/contracts/permissions';
import type { JsonValue } from '@countersign/ledger/canonical-json';
import type { z } from 'zod';
import type { Caller } from './caller.ts';

export type Incoming<P, Q, B> = {
  caller: Caller;
  /** Where the request came from: a proxy's, where one stands in front. */
  address: string;
  params: P;
  query: Q;
  body: B;
  /** The body before its schema filled in defaults. */
  raw: JsonValue | undefined;
  /** The body as it came, for a route that takes it `as_sent`; null when it was too large or no text. */
  text: string | null;
  /** The body of a route that takes any bytes; else null. */
  bytes: Uint8Array | null;
  header(name: string): string | undefined;
  traceparent: string;
  /** Aborts when whoever asked is gone. */
  readonly signal: AbortSignal;
};

/** `json` may be any value; `stream` without headers is server-sent events; 204 has no body at all. */
export type Answer =
  | { status: 204 }
  | { status: number; json: unknown; headers?: Readonly<Record<string, string>> }
  | { status: number; bytes: Uint8Array; headers: Readonly<Record<string, string>> }
  | { stream: ReadableStream<Uint8Array>; headers?: Readonly<Record<string, string>> };

/** Without a schema there is no body. */
type AnswerSpec = { says: string; schema?: z.ZodType; media?: string };

export type Route<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType,
> = {
  method: 'get' | 'post' | 'patch';
  /** Under the API's prefix; parameters as `:name`, of several segments as `:name{expression}`. */
  path: string;
  /** Not under the prefix: the path is a protocol's. */
  root?: boolean;
  summary: string;
  /** Any of them is enough; none where other credentials are asked for. */
  permissions: readonly Permission[];
  /** Needs no credential, and has none: its caller is nobody. */
  open?: boolean;
  /** The workers' door: the one credential is a worker's signature. */
  workers?: boolean;
  params?: P;
  query?: Q;
  /**
   * `optional`: no body at all stands for `{}`. `form`: which part of the schema a body is held to. `as_sent`: whoever
   * the route asks judges it, faults included, so the schema is only documentation. `bytes`: no JSON, but what it is, so likewise.
   */
  body?: {
    schema: B;
    limit: number;
    optional?: boolean;
    form?: (sent: JsonValue) => z.ZodType;
    as_sent?: boolean;
    bytes?: boolean;
  };
  headers?: Readonly<Record<string, { says: string; schema: z.ZodType }>>;
  /** By status; errors are the same everywhere and stand in the table of codes. */
  answers: Readonly<Record<number, AnswerSpec>>;
  handle(incoming: Incoming<z.output<P>, z.output<Q>, z.output<B>>): Promise<Answer>;
};

/** `gives`: JSON under the one status that stands in `answers`. */
type Given<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> =
  | (Route<P, Q, B> & { gives?: never })
  | (Omit<Route<P, Q, B>, 'handle'> & {
      handle?: never;
      gives(incoming: Incoming<z.output<P>, z.output<Q>, z.output<B>>): Promise<unknown>;
    });

/** Ties the handler's types to the schemas and then forgets them, so that all routes fit one list. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(given: Given<P, Q, B>): Route {
  if (given.gives === undefined) return given as unknown as Route;
  const { gives, ...rest } = given;
  const [status, ...others] = Object.keys(rest.answers).map(Number);
  if (status === undefined || others.length > 0) throw new TypeError(`${rest.path}: not one status to give it under`);
  const handle = async (incoming: never): Promise<Answer> => ({ status, json: await gives(incoming) });
  return { ...rest, handle } as unknown as Route;
}
