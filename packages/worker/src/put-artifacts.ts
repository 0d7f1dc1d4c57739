/**
 * Puts files of one run to the API, part by part and in bounded memory, each request signed with the key that signs results. What
 * was put is named in the run's signed result by itself.
 */
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { artifactName, artifactState, type NamedArtifact } from '@countersign/contracts/artifact';
import { CountersignError, failure, isOutage } from '@countersign/contracts/errors';
import { API_PREFIX } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { workerPath } from '@countersign/contracts/worker-door';
import { type DoorIdentity, signDoorRequest } from './sign-door-request.ts';

export type ArtifactContent = string | Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
/** As it is named in the result: `digest` is `sha256:<hex>` of its bytes. */
export type PutArtifact = Pick<NamedArtifact, 'name' | 'digest' | 'bytes'>;

export type RunArtifacts = {
  /**
   * Resolves once it was screened, so that the result may name it; how it was decided nobody here is told. Throws CountersignError
   * (`artifact_too_large`, `claim_lost`, …), TypeError for a name that is none, and what the content throws.
   */
  put(name: string, content: ArtifactContent): Promise<PutArtifact>;
  /** Those that were put. */
  named(): NamedArtifact[];
};
/** `url`: where the API is; null where the worker was told none. */
export type ArtifactsOptions = DoorIdentity & {
  url: string | null;
  claim: { dispatch_id: string; claim_id: string };
  signal: AbortSignal;
};

const ASK_MS = 20_000;
const POLL_MS = 200;
const LONGEST_PAUSE_MS = 4_000;

export function runArtifacts(options: ArtifactsOptions): RunArtifacts {
  const done: NamedArtifact[] = [];
  return {
    named: () => [...done],
    async put(name, content) {
      if (options.url === null) throw new TypeError('give `artifacts_url`: artifacts go over HTTP');
      if (!artifactName.safeParse(name).success)
        throw new TypeError('an artifact is named like a file, without a path');
      const artifact_id = randomUUID();
      const hash = createHash('sha256');
      let [part, bytes] = [0, 0];
      for await (const piece of partsOf(content)) {
        hash.update(piece);
        bytes += piece.length;
        if (bytes > LIMITS.artifact_bytes) throw new CountersignError('artifact_too_large');
        const query = new URLSearchParams({ ...options.claim, artifact_id, part: String(part) });
        await ask(options, `${workerPath('artifact')}?${query}`, piece);
        part += 1;
      }
      const named = { artifact_id, name, digest: `sha256:${hash.digest('hex')}`, bytes };
      await untilScreened(options, named);
      done.push(named);
      return { name, digest: named.digest, bytes };
    },
  };
}

/** Of one size, the last one shorter. */
async function* partsOf(content: ArtifactContent): AsyncGenerator<Uint8Array> {
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [Buffer.from(content)] : content;
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.subarray(at, at + LIMITS.artifact_part_bytes - size);
      held.push(taken);
      size += taken.length;
      at += taken.length;
      if (size < LIMITS.artifact_part_bytes) continue;
      yield Buffer.concat(held);
      [held, size] = [[], 0];
    }
  }
  if (size > 0) yield Buffer.concat(held);
}

async function untilScreened(options: ArtifactsOptions, named: NamedArtifact): Promise<void> {
  const body = JSON.stringify({ ...options.claim, ...named });
  for (let pause_ms = POLL_MS; ; pause_ms = Math.min(pause_ms * 2, LONGEST_PAUSE_MS)) {
    const { state } = artifactState.parse(await ask(options, workerPath('artifact/end'), body));
    if (state === 'screened') return;
    await pause(pause_ms, undefined, { signal: options.signal });
  }
}

/** Again while the system is out of order: the run's own signal says when it is enough. Each time is signed anew. */
async function ask(options: ArtifactsOptions, path: string, body: string | Uint8Array): Promise<unknown> {
  const url = new URL(`${API_PREFIX}${path}`, options.url!);
  for (let pause_ms = POLL_MS; ; pause_ms = Math.min(pause_ms * 2, LONGEST_PAUSE_MS)) {
    options.signal.throwIfAborted();
    const answer = await send(options, url, body);
    if (answer.ok) return answer.value;
    if (!isOutage(answer.failed.code)) throw answer.failed;
    await pause(pause_ms, undefined, { signal: options.signal });
  }
}

type Answer = { ok: true; value: unknown } | { ok: false; failed: CountersignError };

async function send(options: ArtifactsOptions, url: URL, body: string | Uint8Array): Promise<Answer> {
  try {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(ASK_MS)]);
    const headers = signDoorRequest(options, url, body);
    const response = await fetch(url, { method: 'POST', body: body as string, headers, signal });
    const said: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: said };
    const { code, detail, at } = failure.safeParse(said).data ?? { code: 'ingress_unavailable' as const };
    return { ok: false, failed: new CountersignError(code, detail, { at }) };
  } catch (cause) {
    return { ok: false, failed: new CountersignError('ingress_unavailable', undefined, { cause }) };
  }
}
