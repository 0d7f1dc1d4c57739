/**
 * The API as the command sees it: it answers what a test laid down and remembers what it was asked. Only for what a real
 * system cannot be brought to say at will: pages, portions, refusals.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = { method: string; path: string; query: Record<string, string>; key: string | undefined; body: any };
export type PlayedApi = AsyncDisposable & { url: string; asked: Asked[] };
type Answer = { status?: number; body: unknown };

/** `answers` by `<METHOD> <path below the prefix>`; a function sees what was asked. */
export async function playApi(answers: Readonly<Record<string, (asked: Asked) => Answer>>): Promise<PlayedApi> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url!, 'http://api');
      const text = Buffer.concat(chunks).toString('utf8');
      const one: Asked = {
        method: request.method!,
        path: url.pathname.replace('/api/v1', ''),
        query: Object.fromEntries(url.searchParams),
        key: request.headers['x-api-key'] as string | undefined,
        body: text === '' ? undefined : JSON.parse(text),
      };
      asked.push(one);
      const nothing = { status: 404, body: { code: 'not_found', detail: 'there is no such thing', trace_id: '0' } };
      const { status = 200, body } = answers[`${one.method} ${one.path}`]?.(one) ?? nothing;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
