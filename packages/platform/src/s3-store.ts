/**
 * A store behind the S3 API: whole objects, each request signed (AWS Signature Version 4, over the body's own digest). It asks for nothing
 * but put, get and delete of one object, by path (`<endpoint>/<bucket>/<key>`), which every S3-compatible store has.
 */
import { createHmac, hash } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { z } from 'zod';
import type { BlobStore } from './blob-store.ts';
import { jsonSetting } from './json-setting.ts';

const TIMEOUT_MS = 20_000;

const s3Options = z.strictObject({
  /** Without a path; https unless it is this machine. */
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine((url) => isSafe(url), 'must be https, or http of this machine, without path, query and credentials'),
  region: z.string().regex(/^[a-z0-9-]{1,64}$/),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,62}$/),
  /** In front of every key. */
  prefix: z
    .string()
    .regex(/^[a-z0-9-]+(\/[a-z0-9-]+)*$/)
    .default('artifacts'),
  access_key_id: z.string().min(1).max(200),
  secret_access_key: z.string().min(1).max(200),
});
export type S3Options = z.output<typeof s3Options>;

export const s3Setting = jsonSetting(s3Options);

export function openS3Store(options: S3Options): BlobStore {
  const ask = async (method: 'PUT' | 'GET' | 'DELETE', key: string, body?: Uint8Array): Promise<Response> => {
    const url = new URL(`/${options.bucket}/${options.prefix}/${key}`, options.endpoint);
    const headers = signV4(options, { method, url, body: body ?? new Uint8Array(), date: new Date() });
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return await fetch(url, {
        method,
        headers,
        signal,
        redirect: 'error',
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      });
    } catch (cause) {
      throw new CountersignError('artifacts_unavailable', 'the artifact store does not answer', { cause });
    }
  };
  return {
    async put(key, bytes) {
      await settled(await ask('PUT', key, bytes));
    },
    async get(key) {
      const response = await ask('GET', key);
      if (response.status !== 404) return await readWhole(await checked(response));
      await response.body?.cancel();
      return null;
    },
    async delete(key) {
      const response = await ask('DELETE', key);
      if (response.status === 404) await response.body?.cancel();
      else await settled(response);
    },
  };
}

export type SigV4Request = { method: string; url: URL; body: Uint8Array; date: Date };

/** The headers of one request: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function signV4(
  { region, access_key_id, secret_access_key }: Pick<S3Options, 'region' | 'access_key_id' | 'secret_access_key'>,
  { method, url, body, date }: SigV4Request,
): Record<string, string> {
  const at = date.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = `${at.slice(0, 8)}/${region}/s3/aws4_request`;
  const digest = hash('sha256', body, 'hex');
  const signed = { host: url.host, 'x-amz-content-sha256': digest, 'x-amz-date': at };
  const names = Object.keys(signed).join(';');
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, url.pathname, url.search.slice(1), lines.join(''), names, digest].join('\n');
  const text = ['AWS4-HMAC-SHA256', at, scope, hash('sha256', canonical, 'hex')].join('\n');
  const key = [at.slice(0, 8), region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret_access_key}`);
  const { host: _, ...headers } = signed;
  const credential = `Credential=${access_key_id}/${scope}`;
  const signature = hmac(key, text).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

async function settled(response: Response): Promise<void> {
  await (await checked(response)).body?.cancel();
}

/** What a store says of its error is nobody's here: it may repeat the key. */
async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  await response.body?.cancel();
  throw new CountersignError('artifacts_unavailable', `the artifact store answered ${response.status}`);
}

async function readWhole(response: Response): Promise<Buffer> {
  try {
    return Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    throw new CountersignError('artifacts_unavailable', 'the artifact store broke off', { cause });
  }
}

function isSafe(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  return (
    url.pathname === '/' && (url.protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname))
  );
}
