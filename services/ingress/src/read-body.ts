/** Reads a request body up to a limit. What is longer is refused before it is held in memory. */
import { CountersignError } from '@countersign/contracts/errors';
import { type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';

/** Is given the bytes as they came, and throws when they are not the ones that were signed. */
type CheckBody = (body: Uint8Array) => void;

const JSON_TYPE = /^application\/json\s*(;\s*charset=("?)utf-8\2\s*)?$/i;

/** For whoever judges the text itself: null when it is longer than `limit`, ends early or is not UTF-8. */
export async function readTextBody(request: Request, limit: number, check: CheckBody): Promise<string | null> {
  const bytes = isAbsent(request.headers) ? new Uint8Array() : await readWhole(request, limit);
  if (bytes === null) return null;
  check(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** `undefined` when there is no body at all. */
export async function readJsonBody(request: Request, limit: number, check: CheckBody): Promise<JsonValue | undefined> {
  if (isAbsent(request.headers)) {
    check(new Uint8Array());
    return undefined;
  }
  refuseOtherMedia(request.headers);
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(request, limit);
  } catch (thrown) {
    if (thrown instanceof CountersignError) throw thrown;
    throw new CountersignError('json_malformed', 'the body ended early', { cause: thrown });
  }
  check(bytes);
  const parsed = parseStrict(bytes);
  if (!parsed.ok) throw new CountersignError(parsed.code, parsed.detail, { at: parsed.at });
  return parsed.value;
}

const ANY_TYPE = /^application\/octet-stream$/i;

/** Throws `media_type_unsupported`, `artifact_too_large`, `artifact_invalid`. */
export async function readAnyBody(request: Request, limit: number, check: CheckBody): Promise<Uint8Array> {
  if (!ANY_TYPE.test(request.headers.get('content-type') ?? ''))
    throw new CountersignError('media_type_unsupported', 'the body must be application/octet-stream');
  const bytes = await readBytes(request, limit).catch((cause: unknown) => {
    if (cause instanceof CountersignError)
      throw new CountersignError('artifact_too_large', `a part has ${limit} bytes at most`);
    throw new CountersignError('artifact_invalid', 'the part ended early', { cause });
  });
  check(bytes);
  return bytes;
}

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(;\s*charset=utf-8\s*)?$/i;

/** A form of our own pages. Throws `media_type_unsupported`, `json_too_large`. */
export async function readFormBody(request: Request, limit: number): Promise<URLSearchParams> {
  if (!FORM_TYPE.test(request.headers.get('content-type') ?? '')) throw new CountersignError('media_type_unsupported');
  return new URLSearchParams(Buffer.from(await readBytes(request, limit)).toString('utf8'));
}

function isAbsent(headers: Headers): boolean {
  return headers.get('transfer-encoding') === null && Number(headers.get('content-length') ?? 0) === 0;
}

function readWhole(request: Request, limit: number): Promise<Uint8Array | null> {
  refuseOtherMedia(request.headers);
  return readBytes(request, limit).catch(() => null);
}

function refuseOtherMedia(headers: Headers): void {
  // Named apart: read as text, compressed bytes would look like bad UTF-8.
  if (!/^(identity)?$/i.test(headers.get('content-encoding') ?? ''))
    throw new CountersignError('media_type_unsupported', 'the body must not be compressed', { at: 'Content-Encoding' });
  if (!JSON_TYPE.test(headers.get('content-type') ?? '')) throw new CountersignError('media_type_unsupported');
}

/** A declared length is kept by Node's HTTP parser, so one comparison bounds it; only a chunked body has to be counted. */
async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  if (declared === null) return readStream(request.body, limit);
  if (Number(declared) > limit) throw tooLarge(limit);
  return new Uint8Array(await request.arrayBuffer());
}

async function readStream(stream: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by a throw cancels the stream.
  for await (const chunk of stream ?? []) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(limit: number): CountersignError {
  return new CountersignError('json_too_large', `more than ${limit} bytes`);
}
