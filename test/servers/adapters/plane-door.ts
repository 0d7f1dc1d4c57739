/** The played plane over HTTP, for adapters in other languages. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ApiError } from '@countersign/client/api-error';
import type { Submitted } from '@countersign/client/create-client';
import type { FakePlane } from '../../cases/adapters/fake-plane.ts';

export async function startPlaneDoor(
  planeOf: (world: string) => FakePlane,
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://plane');
    const [, world, , , , job_id, verb] = pathname.split('/');
    const { client } = planeOf(world!);
    const answer = (status: number, body: unknown, headers = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    try {
      if (request.method === 'GET') return answer(200, await client.job(job_id!));
      const body = await text(request);
      if (verb === 'cancel') return answer(200, await client.cancel(job_id!));
      const said = await client.submit(JSON.parse(body), {
        idempotency_key: request.headers['idempotency-key'] as string,
        wait_s: Number(searchParams.get('wait')),
      });
      answer(STATUS[said.outcome] ?? 299, { code: said.outcome, detail: 'as decided', ...said });
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) return answer(200, ['no answer that anybody knows']);
      const { status, code, message: detail, retry_after_ms = 0 } = thrown;
      answer(status, { code, detail }, retry_after_ms === 0 ? {} : { 'retry-after': String(retry_after_ms / 1000) });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const STATUS: Record<Submitted['outcome'], number> = { accepted: 202, ended: 200, denied: 403 };
