/** Server-sent events (HTML Living Standard, section 9.2) of one job, entry by entry. */
import type { ShownEntry } from '@countersign/contracts/ledger-entry';

/** Ends when the server ends the stream, which it does after the job's terminal entry. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ShownEntry, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const data = dataOf(frame);
      // Comments keep the connection open and carry nothing.
      if (data !== undefined) yield JSON.parse(data) as ShownEntry;
    }
  }
}

function dataOf(frame: string): string | undefined {
  return frame
    .split('\n')
    .find((line) => line.startsWith('data: '))
    ?.slice('data: '.length);
}
