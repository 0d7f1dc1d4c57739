/** Artifacts, as functions over the HTTP API: the files of a released result, and of one that is reviewed. */
import type { ShownArtifact } from '@countersign/contracts/artifact';
import { type ClientOptions, errorOf, readJson, send, sendForJson } from './send-request.ts';

export type ArtifactClient = {
  /** In the order of the result. Throws ApiError `result_not_ready`, `result_quarantined` or `content_erased`. */
  artifacts(job_id: string): Promise<{ artifacts: ShownArtifact[] }>;
  /**
   * The bytes of one, by the `digest` that its worker named; they have the `released_digest` of the list, which is the caller's to
   * compare. Only `signal` ends it early: a large one takes its time.
   */
  artifact(job_id: string, digest: string, options?: { signal?: AbortSignal }): Promise<ReadableStream<Uint8Array>>;
  /** Likewise, of a quarantined result that the caller opened within the last hour. Throws ApiError `state_conflict` otherwise. */
  openedArtifact(
    job_id: string,
    digest: string,
    options?: { signal?: AbortSignal },
  ): Promise<ReadableStream<Uint8Array>>;
};

export function artifactClient(options: ClientOptions): ArtifactClient {
  const at = (job_id: string, of = 'jobs'): string => `/${of}/${encodeURIComponent(job_id)}/artifacts`;
  const stream = async (path: string, { signal = new AbortController().signal }: { signal?: AbortSignal } = {}) => {
    const response = await send(options, { method: 'GET', path, signal });
    if (!response.ok || response.body === null) throw errorOf(response, await readJson(response));
    return response.body;
  };
  return {
    artifacts: (job_id) => sendForJson(options, { method: 'GET', path: at(job_id) }),
    artifact: (job_id, digest, more) => stream(`${at(job_id)}/${encodeURIComponent(digest)}`, more),
    openedArtifact: (job_id, digest, more) => stream(`${at(job_id, 'quarantine')}/${encodeURIComponent(digest)}`, more),
  };
}
