/**
 * One POST to somebody else's server. Its name is resolved once, every address is judged, and the connection goes to the
 * address that was judged: a name that points elsewhere a moment later (DNS rebinding) reaches nothing. It follows no redirect,
 * reads no body, and keeps no connection.
 */
import { lookup } from 'node:dns/promises';
import { type ClientRequest, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isPublicAddress } from './public-address.ts';

export type PinnedPost = {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Also to an address that is not public. */
  private: boolean;
  /** Milliseconds for all of it. */
  within_ms: number;
  resolve?: Resolve;
};
export type Resolve = (name: string) => Promise<readonly { address: string }[]>;
/** The status of the answer, or why there is none. `untrusted`: its certificate does not prove the name under a known authority. */
export type Posted = number | 'name_not_found' | 'address_refused' | 'timeout' | 'untrusted' | 'unreachable';

export async function postPinned({ url, resolve = resolveAll, ...post }: PinnedPost): Promise<Posted> {
  const to = new URL(url);
  const signal = AbortSignal.timeout(post.within_ms);
  const name = to.hostname.replace(/^\[(.*)\]$/, '$1');
  try {
    const found = isIP(name) ? [{ address: name }] : await inTime(resolve(name), signal);
    const [first] = found;
    if (first === undefined) return 'name_not_found';
    if (!post.private && !found.every(({ address }) => isPublicAddress(address))) return 'address_refused';
    return await send(to, { host: first.address, ...(isIP(name) ? {} : { servername: name }), signal }, post);
  } catch (thrown) {
    if (signal.aborted) return 'timeout';
    if (thrown instanceof Untrusted) return 'untrusted';
    return (thrown as { syscall?: string }).syscall === 'getaddrinfo' ? 'name_not_found' : 'unreachable';
  }
}

class Untrusted extends Error {}

function resolveAll(name: string): Promise<{ address: string }[]> {
  return lookup(name, { all: true });
}

function send(to: URL, pinned: RequestOptions, post: Pick<PinnedPost, 'headers' | 'body'>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const isTls = to.protocol === 'https:';
  const body = Buffer.from(post.body, 'utf8');
  const asked: ClientRequest = (isTls ? requestHttps : requestHttp)({
    ...pinned,
    method: 'POST',
    port: to.port === '' ? (isTls ? 443 : 80) : Number(to.port),
    path: `${to.pathname}${to.search}`,
    headers: { ...post.headers, Host: to.host, 'Content-Length': body.length, Connection: 'close' },
    agent: false,
  });
  const isUntrusted = (): boolean => Boolean((asked.socket as Partial<TLSSocket> | null)?.authorizationError);
  asked.on('error', (thrown) => reject(isUntrusted() ? new Untrusted() : thrown));
  asked.on('response', (answer) => {
    resolve(answer.statusCode ?? 0);
    asked.destroy();
  });
  asked.end(body);
  return promise;
}

async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop);
  return Promise.race([work, late]).finally(() => signal.removeEventListener('abort', stop));
}
