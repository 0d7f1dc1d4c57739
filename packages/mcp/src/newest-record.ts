/**
 * Whether a signed record is the newest that its reviewers made: the plane keeps the highest version that this worker announced, where
 * nobody who may write the proxy's files can put it back. Without the plane nothing is offered and nothing runs anyway.
 */
import { ApiError } from '@countersign/client/api-error';
import { CountersignError } from '@countersign/contracts/errors';
import type { WorkerRecord } from '@countersign/contracts/worker';
import { announceRecord } from '@countersign/worker/announce-record';
import { WorkerStartError } from '@countersign/worker/say-hello';
import type { HttpWorker } from './call-settings.ts';
import { RecordError } from './record-error.ts';

/** Asks once for each record. Throws RecordError, ApiError while the plane does not say, WorkerStartError for a worker that may not work. */
export function newestOf(worker: HttpWorker): (record: WorkerRecord) => Promise<void> {
  let taken: string | undefined;
  return async ({ version, digest }) => {
    if (taken === digest) return;
    await announceRecord(worker, { version, digest }).catch((thrown: unknown) => refuse(thrown, version));
    taken = digest;
  };
}

function refuse(thrown: unknown, version: number): never {
  if (thrown instanceof WorkerStartError && thrown.code === 'record_not_newer')
    throw new RecordError('record_not_newer', `version ${version} is older than one that the plane has heard of`);
  if (thrown instanceof WorkerStartError && thrown.code === 'scheduler_unavailable')
    throw new ApiError(0, { code: 'scheduler_unavailable', detail: UNKNOWN }, { cause: thrown });
  // A plane of before keeps no records.
  if (thrown instanceof CountersignError && thrown.code === 'field_unknown')
    throw new ApiError(0, { code: thrown.code, detail: `${UNKNOWN}: it is older than this proxy` }, { cause: thrown });
  throw thrown;
}

const UNKNOWN = 'the plane does not say whether this record of reviewed tools is the newest';
