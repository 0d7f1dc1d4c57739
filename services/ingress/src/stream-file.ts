/** A file as an answer, part by part: each is asked for in full again, so that what was erased or revoked meanwhile ends it. */
import type { RpcAnswer } from '@countersign/contracts/rpc';

type Part = RpcAnswer<'output.artifact_read'>;

export async function streamFile(read: (part: number) => Promise<Part>) {
  const first = await read(0);
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(first.released_bytes),
    // A browser shows nothing of it: whose it is, nobody of this site is.
    'content-disposition': 'attachment',
    'content-security-policy': 'sandbox',
  };
  return { stream: streamOf(read, first), headers };
}

function streamOf(read: (part: number) => Promise<Part>, first: Part): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next >= first.parts) return controller.close();
        const { data } = next === 0 ? first : await read(next);
        next += 1;
        controller.enqueue(Buffer.from(data, 'base64'));
      },
    },
    { highWaterMark: 0 },
  );
}
