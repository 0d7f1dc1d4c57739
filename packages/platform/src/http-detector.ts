/**
 * A detector behind HTTP: one POST of JSON, one JSON answer. It follows no redirect, so that content goes where its operator
 * sent it and nowhere else, and reads no more of an answer than one can be long.
 */
import type { Detector } from '@countersign/contracts/detector';
import { LIMITS } from '@countersign/contracts/limits';

/** `token`: sent as a bearer token. */
export function openHttpDetector({ url, token }: { url: string; token?: string | undefined }): Detector {
  return {
    async detect(question, signal) {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        headers: {
          'Content-Type': 'application/json',
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(question),
        signal,
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new Error(`a detector answered ${response.status}`);
      }
      return JSON.parse(await readBounded(response));
    },
  };
}

async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > LIMITS.model_answer_bytes) throw new Error('a detector answered too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
