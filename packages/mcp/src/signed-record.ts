/**
 * The record of reviewed tools as its reviewers signed it. The proxy can write the file and cannot sign it: a record counts only under
 * the keys that the proxy's settings name, for its own server, and until it ends.
 */
import { type TrustRoot, trustRoot } from '@countersign/contracts/policy';
import type { WorkerRecord } from '@countersign/contracts/worker';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { countSignatures, earlier, isBefore } from '@countersign/ledger/count-signatures';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import { readSecretFile } from '@countersign/worker/read-secret-file';
import { z } from 'zod';
import type { HttpWorker } from './call-settings.ts';
import { newestOf } from './newest-record.ts';
import { RecordError } from './record-error.ts';
import { digestOf, readJson, reviewedTool, type ToolRecord, toolRecord } from './tool-record.ts';

export type Reviewers = {
  root: TrustRoot;
  /** Whom the proxy works for, `['*']` where its callers say. */
  tenants: readonly string[];
  /** Throws RecordError where the plane has heard of a newer one, and ApiError while it does not say. */
  requireNewest(record: WorkerRecord): Promise<void>;
};

export const RECORD_FORMAT = 'countersign/mcp-tools/v1';

const signedTools = z.strictObject({
  format: z.literal(RECORD_FORMAT),
  server: z.string(),
  /** Grows with each record of a server. */
  version: z.int().min(1),
  not_after: z.iso.datetime(),
  tools: z.array(reviewedTool).max(1_000),
});
const signedRecord = z.strictObject({
  record: signedTools,
  /** Ed25519 over the record's canonical text, base64url. */
  signatures: z
    .array(z.strictObject({ key_id: z.string(), signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/) }))
    .max(16),
});
export type SignedRecord = z.infer<typeof signedRecord>;
/** `version` 0 for a file that is not there. `ends_at`: RFC 3339, null for one that nobody has to sign. */
export type TrustedRecord = ToolRecord & { version: number; ends_at: string | null };

/**
 * `reviewers` null: nobody has to sign, and the file is as good as its permissions. A missing file is an empty record.
 * Throws RecordError, and ApiError while the plane does not say whether it is the newest.
 */
export async function readRecord(
  path: string,
  server: string,
  reviewers: Reviewers | null,
  now: string = new Date().toISOString(),
): Promise<TrustedRecord> {
  const value = readJson(path);
  if (value === undefined) return { server, tools: [], version: 0, ends_at: null };
  const signed = signedRecord.safeParse(value).data;
  if (reviewers === null) {
    if (signed !== undefined)
      throw new RecordError(
        'record_reviewers_missing',
        `${path} is signed, and no reviewers are named who may sign it`,
      );
    const plain = toolRecord.safeParse(value).data;
    if (plain === undefined) throw new RecordError('record_malformed', `${path} is no record of ${server}'s tools`);
    return { ...requireWhole(path, server, plain), version: 0, ends_at: null };
  }
  if (signed !== undefined) {
    const trusted = await trust(path, server, signed, reviewers, now);
    const { record } = signed;
    await reviewers.requireNewest({ version: record.version, digest: `sha256:${sha256Hex(signedText(record))}` });
    return trusted;
  }
  const old = toolRecord.safeParse(value).success;
  if (old)
    throw new RecordError('record_unsigned', `${path} is signed by nobody: review the tools again with --key-file`);
  throw new RecordError('record_malformed', `${path} is no record of ${server}'s tools`);
}

/** The record that `signed` is, if enough reviewers have signed it. Throws RecordError. */
export async function trust(
  path: string,
  server: string,
  { record, signatures }: SignedRecord,
  { root, tenants }: Pick<Reviewers, 'root' | 'tenants'>,
  now: string,
): Promise<TrustedRecord> {
  const counted = await countSignatures(signedText(record), signatures, root, { tenants, now });
  if (!counted.ok) throw new RecordError(`record_${counted.code}`, `${path}: ${counted.detail}`);
  const { tools, version, not_after } = requireWhole(path, server, record);
  const ends_at = earlier(not_after, counted.ends_at);
  if (!isBefore(ends_at, now))
    throw new RecordError('record_expired', `${path} ended on ${ends_at}: review the tools again`);
  return { server, tools, version, ends_at };
}

/** What a reviewer signs. */
export function signedText(record: SignedRecord['record']): Uint8Array {
  return encodeUtf8(canonicalize(record));
}

/** `worker`: in whose name the plane keeps which record was the newest. Throws TypeError. */
export function readReviewers(path: string, tenants: readonly string[], worker: HttpWorker): Reviewers {
  return { root: readSecretFile(path, trustRoot, 'trust root'), tenants, requireNewest: newestOf(worker) };
}

/** Null for what is none. */
export function parseSignedRecord(value: unknown): SignedRecord | null {
  return signedRecord.safeParse(value).data ?? null;
}

function requireWhole<T extends ToolRecord>(path: string, server: string, record: T): T {
  if (record.server !== server)
    throw new RecordError('record_other_server', `${path} is the record of another server than ${server}`);
  const altered = record.tools.find(({ digest, definition }) => digest !== digestOf(definition));
  if (altered === undefined) return record;
  throw new RecordError(
    'record_malformed',
    `${path}: the digest of ${altered.definition.name} is not that of its definition`,
  );
}
