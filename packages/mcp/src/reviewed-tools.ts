/** The server's tools as of now against the record, looked at again when the server says so and whenever somebody lists them. */
import { statSync } from 'node:fs';
import { ApiError } from '@countersign/client/api-error';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Logger } from '@countersign/platform/logger';
import { RecordError } from './record-error.ts';
import { type Reviewers, readRecord, type TrustedRecord } from './signed-record.ts';
import { type Compared, compareTools, digestOf, type Tool } from './tool-record.ts';
import type { Upstream } from './upstream.ts';

export type ReviewedTools = {
  /** Asks the server, and reads the record anew. Throws RecordError, and ApiError while the plane does not say whether it counts. */
  look(): Promise<readonly Compared[]>;
  /** As last looked at; asks when nobody has. */
  find(name: string): Promise<Compared | null>;
  forget(): void;
  /** Throws RecordError for a record that counts for nothing; without the plane nobody knows, and nothing counts until it says so. */
  verify(): Promise<void>;
};

export type ReviewedOptions = {
  path: string;
  server: string;
  /** Null: nobody has to sign the record. */
  reviewers: Reviewers | null;
  upstream: Pick<Upstream, 'listTools'>;
  log: Pick<Logger, 'error'>;
};

export function reviewedTools({ path, server, reviewers, upstream, log }: ReviewedOptions): ReviewedTools {
  let last: Promise<readonly Compared[]> | undefined;
  const record = recordKeeper(path, () => readRecord(path, server, reviewers), log);
  const look = (): Promise<readonly Compared[]> => {
    const looking = Promise.all([record(), upstream.listTools()]).then(([known, listed]) =>
      compareTools(known, listed),
    );
    last = looking;
    looking.catch(() => {
      if (last === looking) last = undefined;
    });
    return looking;
  };
  return {
    look,
    async find(name) {
      const found = (await (record.isOver() ? look() : (last ?? look()))).find((each) => each.name === name) ?? null;
      // A reviewer may have been there meanwhile.
      if (found?.state === 'reviewed') return found;
      return (await look()).find((each) => each.name === name) ?? null;
    },
    forget() {
      last = undefined;
    },
    verify: () =>
      record().then(
        () => undefined,
        (thrown: unknown) => {
          if (!(thrown instanceof ApiError)) throw thrown;
          log.error({ code: thrown.code }, 'the record of reviewed tools cannot be used yet');
        },
      ),
  };
}

/** `isOver`: the file was replaced since, or what was trusted has ended. */
type Keeper = { (): Promise<TrustedRecord>; isOver(): boolean };

/** The last record that could be trusted stands while it lasts, whatever is put in its place: a forged file changes nothing. */
function recordKeeper(path: string, read: () => Promise<TrustedRecord>, log: Pick<Logger, 'error'>): Keeper {
  let good: TrustedRecord | undefined;
  let stamp: string | null | undefined;
  const ended = (): boolean =>
    good?.ends_at !== undefined && good.ends_at !== null && Date.parse(good.ends_at) <= Date.now();
  const keep = async (): Promise<TrustedRecord> => {
    stamp = stampOf(path);
    try {
      const found = await read();
      requireNewer(good, found);
      good = found;
      return found;
    } catch (thrown) {
      const isAway = thrown instanceof ApiError;
      if (isAway) stamp = undefined;
      if (!(isAway || thrown instanceof RecordError) || good === undefined || good.version === 0) throw thrown;
      log.error({ code: thrown.code, version: good.version }, 'the record of reviewed tools cannot be used');
      return ended() ? { ...good, tools: [] } : good;
    }
  };
  return Object.assign(keep, { isOver: () => ended() || stampOf(path) !== stamp });
}

function stampOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.ino} ${found.mtimeMs}`;
}

function requireNewer(good: TrustedRecord | undefined, found: TrustedRecord): void {
  if (good === undefined || good.version === 0) return;
  if (found.version === 0) throw new RecordError('record_missing', 'the record is gone');
  if (found.version < good.version || (found.version === good.version && !sameTools(found, good)))
    throw new RecordError('record_not_newer', `version ${found.version} is not newer than ${good.version}`);
}

function sameTools(a: TrustedRecord, b: TrustedRecord): boolean {
  return canonicalize(a.tools) === canonicalize(b.tools);
}

/** Digest of what may be called, or why it may not. */
export function callable(found: Compared | null): { digest: string } | { refused: string } {
  switch (found?.state) {
    case 'reviewed':
      return { digest: digestOf(found.now as Tool) };
    case 'changed':
      return { refused: 'tool_changed' };
    case 'new':
      return { refused: 'tool_not_reviewed' };
    default:
      return { refused: 'tool_unknown' };
  }
}
