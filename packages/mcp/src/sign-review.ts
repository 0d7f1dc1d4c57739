/**
 * Takes tools as reviewed under a reviewer's signature. Where several must sign, what the first one signed waits beside the record, and
 * the next one signs the same after looking for itself; until then the record before it stands.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { RecordError } from './record-error.ts';
import {
  parseSignedRecord,
  RECORD_FORMAT,
  type Reviewers,
  readRecord,
  type SignedRecord,
  signedText,
  type TrustedRecord,
  trust,
} from './signed-record.ts';
import { digestOf, readJson, type Tool, type ToolRecord } from './tool-record.ts';

export type Reviewer = {
  key_id: string;
  /** Ed25519 of the text, base64url. */
  sign(text: Uint8Array): Promise<string>;
};
export type ReviewOptions = {
  path: string;
  server: string;
  /** Null: nobody has to sign. */
  reviewers: Reviewers | null;
  reviewer: Reviewer | null;
  by: string;
};
/** `missing`: why more reviewers have to sign before the record counts; null when it does. */
export type Reviewed = { missing: string | null };

const DAYS = 365;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What counts now; what cannot be trusted counts for nothing, and `fault` says why. Throws ApiError while the plane does not say. */
export async function standingRecord(
  path: string,
  server: string,
  reviewers: Reviewers | null,
): Promise<{ record: TrustedRecord; fault: RecordError | null }> {
  try {
    return { record: await readRecord(path, server, reviewers), fault: null };
  } catch (thrown) {
    if (!(thrown instanceof RecordError) || reviewers === null) throw thrown;
    return { record: { server, tools: [], version: 0, ends_at: null }, fault: thrown };
  }
}

/** These tools as they are listed now; `now` null takes one out. Replaces the file as a whole. Throws RecordError. */
export async function reviewTools(
  { path, server, reviewers, reviewer, by }: ReviewOptions,
  tools: readonly { name: string; now: Tool | null }[],
): Promise<Reviewed> {
  const { record: standing } = await standingRecord(path, server, reviewers);
  const next = nextTools(standing, tools, by);
  if (reviewers === null) {
    replace(path, { server, tools: next });
    return { missing: null };
  }
  if (reviewer === null)
    throw new RecordError('record_unsigned', 'reviewers are named, so a review is signed: give --key-file');
  const now = new Date();
  const version = Math.max(standing.version + 1, Math.floor(now.getTime() / 1000));
  const not_after = new Date(now.getTime() + DAYS * DAY_MS).toISOString();
  const own = { format: RECORD_FORMAT, server, version, not_after, tools: next } as const;
  const signed = await addSignature(proposed(path, own, standing.version) ?? { record: own, signatures: [] }, reviewer);
  try {
    await trust(path, server, signed, reviewers, now.toISOString());
  } catch (thrown) {
    if (!(thrown instanceof RecordError) || thrown.code !== 'record_threshold_unmet') throw thrown;
    replace(proposalOf(path), signed);
    return { missing: thrown.message };
  }
  replace(path, signed);
  rmSync(proposalOf(path), { force: true });
  return { missing: null };
}

export function proposalOf(path: string): string {
  return `${path}.proposed`;
}

/** What somebody signed before, if it says of every tool what this reviewer says, and no more. */
function proposed(path: string, own: SignedRecord['record'], standing: number): SignedRecord | null {
  const found = parseSignedRecord(readJson(proposalOf(path)));
  if (found === null) return null;
  const { server, version, not_after, tools } = found.record;
  const same = server === own.server && version > standing && version <= own.version && not_after <= own.not_after;
  const whole = tools.every(({ digest, definition }) => digest === digestOf(definition));
  return same && whole && digestsOf(tools) === digestsOf(own.tools) ? found : null;
}

function digestsOf(tools: ToolRecord['tools']): string {
  return tools
    .map(({ digest }) => digest)
    .sort()
    .join();
}

async function addSignature({ record, signatures }: SignedRecord, { key_id, sign }: Reviewer): Promise<SignedRecord> {
  const others = signatures.filter((each) => each.key_id !== key_id);
  return { record, signatures: [...others, { key_id, signature: await sign(signedText(record)) }] };
}

function nextTools(standing: ToolRecord, tools: readonly { name: string; now: Tool | null }[], by: string) {
  const names = new Set(tools.map(({ name }) => name));
  const kept = standing.tools.filter(({ definition }) => !names.has(definition.name));
  const reviewed_at = new Date().toISOString();
  const fresh = tools.flatMap(({ now }) =>
    now === null ? [] : [{ digest: digestOf(now), definition: now, reviewed_by: by, reviewed_at }],
  );
  return [...kept, ...fresh];
}

function replace(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
