/** Content-Length frames (section 3) on a pair of streams, for a host that starts its guardian as a child. */
import { AcsError, MESSAGE_BYTES } from './envelope.ts';
import type { Guardian } from './guardian.ts';

export type Streams = { input: AsyncIterable<Uint8Array>; output: { write(text: string): unknown } };

const HEADER_BYTES = 8 * 1024;
const IN_FLIGHT = 64;
const BLANK = Buffer.from('\r\n\r\n');

/** Resolves when the input has ended, after what was asked until then was answered. A frame that cannot be read ends it: the next begins nowhere. */
export async function serveStdio(guardian: Guardian, { input, output }: Streams): Promise<void> {
  const gone = new AbortController();
  const open = new Set<Promise<void>>();
  const write = (body: unknown): void => {
    const text = JSON.stringify(body);
    output.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  try {
    for await (const message of framesOf(input)) {
      const answered: Promise<void> = guardian(message, gone.signal)
        .then(write)
        .finally(() => open.delete(answered));
      open.add(answered);
      if (open.size >= IN_FLIGHT) await Promise.race(open);
    }
  } catch (thrown) {
    if (!(thrown instanceof AcsError)) throw thrown;
    write({ jsonrpc: '2.0', id: null, error: { code: thrown.code, message: thrown.message } });
  } finally {
    await Promise.all(open);
    gone.abort(new Error('the host is gone'));
  }
}

async function* framesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let held: Buffer = Buffer.alloc(0);
  for await (const part of input) {
    held = Buffer.concat([held, part]);
    for (;;) {
      const end = held.indexOf(BLANK);
      if (end < 0 && held.length > HEADER_BYTES) throw new AcsError('PARSE_ERROR', 'a header without an end');
      if (end < 0) break;
      const length = lengthOf(held.subarray(0, end).toString('latin1'));
      const begin = end + BLANK.length;
      if (held.length < begin + length) break;
      yield held.subarray(begin, begin + length);
      held = held.subarray(begin + length);
    }
  }
}

function lengthOf(header: string): number {
  const lengths = header.split('\r\n').flatMap((line) => /^content-length: *(\d{1,9})$/i.exec(line)?.[1] ?? []);
  if (lengths.length !== 1) throw new AcsError('PARSE_ERROR', 'one Content-Length is needed');
  const length = Number(lengths[0]);
  if (length > MESSAGE_BYTES) throw new AcsError('INVALID_REQUEST', `more than ${MESSAGE_BYTES} bytes`);
  return length;
}
