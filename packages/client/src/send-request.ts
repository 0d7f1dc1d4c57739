/** One HTTP exchange with the API: JSON there, JSON or an ApiError back. Nothing is tried again here. */
import { API_PREFIX, type ErrorBody } from '@countersign/contracts/http';
import { ApiError } from './api-error.ts';
import { type Signer, signRequest } from './sign-request.ts';

/** Gives a token that is still good. */
export type TokenSource = () => Promise<string>;

export type ClientOptions = {
  /** Where the API is, e.g. `http://127.0.0.1:8081`. No user name or password: the credential is one of the three below. */
  url: string;
  api_key?: string;
  /** Signs each request with an agent's own key, in place of an API key. */
  signer?: Signer;
  /** A token, or where to get one that is still good, in place of an API key. */
  token?: string | TokenSource;
  /** Sent as X-Tenant-ID; the API refuses a tenant that is not the key's own. */
  tenant?: string;
  /** Milliseconds to wait for an answer; 30 s when left out. */
  timeout_ms?: number;
  fetch?: typeof fetch;
};

export type Outgoing = {
  method: 'GET' | 'POST' | 'PATCH';
  /** Under the API's prefix. */
  path: string;
  /** Not under the prefix. */
  root?: boolean;
  query?: Readonly<Record<string, string | number | undefined>>;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  signal?: AbortSignal;
};

const TIMEOUT_MS = 30_000;

/** Throws TypeError for what cannot be an API's address. It never repeats what it was given: a password may be in it. */
export function apiUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError('the url must be an http or https address');
  if (url.username !== '' || url.password !== '') throw new TypeError('the url must not hold a user name or password');
  if (url.search !== '' || url.hash !== '') throw new TypeError('the url must not hold a query or a fragment');
  return url;
}

/** Throws TypeError unless there is exactly one credential. */
export function credentialOf({ api_key, signer, token }: ClientOptions): 'api_key' | 'signer' | 'token' {
  const given = Object.entries({ api_key, signer, token }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) throw new TypeError('one of api_key, signer and token is the credential');
  return given[0]![0] as 'api_key' | 'signer' | 'token';
}

/** Throws ApiError with status 0 when no answer came. The answer may be an error all the same. */
export async function send(options: ClientOptions, outgoing: Outgoing): Promise<Response> {
  const url = urlOf(options, outgoing);
  const body = outgoing.body === undefined ? undefined : JSON.stringify(outgoing.body);
  const headers = await headersOf(options, outgoing, url, body);
  try {
    return await (options.fetch ?? fetch)(url, {
      method: outgoing.method,
      headers,
      signal: outgoing.signal ?? AbortSignal.timeout(options.timeout_ms ?? TIMEOUT_MS),
      ...(body === undefined ? {} : { body }),
    });
  } catch (cause) {
    throw new ApiError(0, { code: 'ingress_unavailable', detail: `no answer from ${new URL(url).origin}` }, { cause });
  }
}

/** Throws ApiError for what is no JSON object or list: a proxy's page, a broken connection. */
export async function readJson(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await response.text());
  } catch (cause) {
    const detail = `HTTP ${response.status} without a readable body`;
    throw new ApiError(response.status, { code: 'ingress_unavailable', detail }, { cause, ...retryAfter(response) });
  }
}

export function errorOf(response: Response, body: unknown): ApiError {
  const { code, detail, at, trace_id } = (body ?? {}) as Partial<ErrorBody>;
  if (code === undefined || detail === undefined) {
    return new ApiError(response.status, { code: 'ingress_unavailable', detail: `HTTP ${response.status}` });
  }
  const known = { code, detail, ...(at === undefined ? {} : { at }), ...(trace_id === undefined ? {} : { trace_id }) };
  return new ApiError(response.status, known, retryAfter(response));
}

/** The answer's body, undefined where there is none; throws ApiError unless it is a success. */
export async function sendForJson<T>(options: ClientOptions, outgoing: Outgoing): Promise<T> {
  const response = await send(options, outgoing);
  if (response.status === 204) return undefined as T;
  const body = await readJson(response);
  if (!response.ok) throw errorOf(response, body);
  return body as T;
}

function urlOf(options: ClientOptions, { path, root = false, query = {} }: Outgoing): string {
  const url = new URL(`${apiUrl(options.url).href.replace(/\/+$/, '')}${root ? '' : API_PREFIX}${path}`);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}

async function headersOf(options: ClientOptions, outgoing: Outgoing, url: string, body: string | undefined) {
  const { api_key, signer, token, tenant } = options;
  const headers = {
    ...(tenant === undefined ? {} : { 'x-tenant-id': tenant }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...outgoing.headers,
  };
  switch (credentialOf(options)) {
    case 'api_key':
      return { ...headers, 'x-api-key': api_key! };
    case 'token':
      return { ...headers, authorization: `Bearer ${typeof token === 'function' ? await token() : token}` };
    case 'signer':
      return signRequest(signer!, { method: outgoing.method, url, headers, ...(body === undefined ? {} : { body }) });
  }
}

function retryAfter(response: Response): { retry_after_ms?: number } {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? { retry_after_ms: seconds * 1000 } : {};
}
