/** One HTTP exchange with the API: JSON there, JSON or an ApiError back. Nothing is tried again here. */
import { API_PREFIX, type ErrorBody } from '@countersign/contracts/http';
import { ApiError } from './api-error.ts';

export type ClientOptions = {
  /** Where the API is, e.g. `http://127.0.0.1:8081`. No user name or password: the key is the credential. */
  url: string;
  api_key: string;
  /** Sent as X-Tenant-ID; the API refuses a tenant that is not the key's own. */
  tenant?: string;
  /** Milliseconds to wait for an answer; 30 s when left out. */
  timeout_ms?: number;
  fetch?: typeof fetch;
};

export type Outgoing = {
  method: 'GET' | 'POST';
  /** Under the API's prefix. */
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  signal?: AbortSignal;
};

const TIMEOUT_MS = 30_000;

/** Throws TypeError for what cannot be an API's address. It never repeats what it was given: a password may be in it. */
export const apiUrl = (text: string): URL => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError('the url must be an http or https address');
  if (url.username !== '' || url.password !== '') throw new TypeError('the url must not hold a user name or password');
  if (url.search !== '' || url.hash !== '') throw new TypeError('the url must not hold a query or a fragment');
  return url;
};

const urlOf = (options: ClientOptions, { path, query = {} }: Outgoing): string => {
  const url = new URL(`${apiUrl(options.url).href.replace(/\/+$/, '')}${API_PREFIX}${path}`);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
};

const headersOf = (options: ClientOptions, outgoing: Outgoing): Record<string, string> => ({
  'x-api-key': options.api_key,
  ...(options.tenant === undefined ? {} : { 'x-tenant-id': options.tenant }),
  ...(outgoing.body === undefined ? {} : { 'content-type': 'application/json' }),
  ...outgoing.headers,
});

/** Throws ApiError with status 0 when no answer came. The answer may be an error all the same. */
export const send = async (options: ClientOptions, outgoing: Outgoing): Promise<Response> => {
  const url = urlOf(options, outgoing);
  try {
    return await (options.fetch ?? fetch)(url, {
      method: outgoing.method,
      headers: headersOf(options, outgoing),
      signal: outgoing.signal ?? AbortSignal.timeout(options.timeout_ms ?? TIMEOUT_MS),
      ...(outgoing.body === undefined ? {} : { body: JSON.stringify(outgoing.body) }),
    });
  } catch (cause) {
    throw new ApiError(0, { code: 'ingress_unavailable', detail: `no answer from ${new URL(url).origin}` }, { cause });
  }
};

const retryAfter = (response: Response): { retry_after_ms?: number } => {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? { retry_after_ms: seconds * 1000 } : {};
};

/** Throws ApiError for what is no JSON object or list: a proxy's page, a broken connection. */
export const readJson = async (response: Response): Promise<unknown> => {
  try {
    return JSON.parse(await response.text());
  } catch (cause) {
    const detail = `HTTP ${response.status} without a readable body`;
    throw new ApiError(response.status, { code: 'ingress_unavailable', detail }, { cause, ...retryAfter(response) });
  }
};

export const errorOf = (response: Response, body: unknown): ApiError => {
  const { code, detail, at, trace_id } = (body ?? {}) as Partial<ErrorBody>;
  if (code === undefined || detail === undefined) {
    return new ApiError(response.status, { code: 'ingress_unavailable', detail: `HTTP ${response.status}` });
  }
  const known = { code, detail, ...(at === undefined ? {} : { at }), ...(trace_id === undefined ? {} : { trace_id }) };
  return new ApiError(response.status, known, retryAfter(response));
};

/** The answer's body; throws ApiError unless it is a success. */
export const sendForJson = async <T>(options: ClientOptions, outgoing: Outgoing): Promise<T> => {
  const response = await send(options, outgoing);
  const body = await readJson(response);
  if (!response.ok) throw errorOf(response, body);
  return body as T;
};
