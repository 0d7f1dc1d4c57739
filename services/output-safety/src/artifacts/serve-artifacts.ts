/** The verbs and sweeps of artifacts, where a store is set; without one they are refused, and results that name none go on. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { UnsignedResult } from '@countersign/contracts/worker';
import { type BlobStore, openFileStore } from '@countersign/platform/blob-store';
import { errorFields } from '@countersign/platform/logger';
import { openS3Store, type S3Options } from '@countersign/platform/s3-store';
import type { Sealer } from '@countersign/platform/seal-content';
import type { ServiceContext } from '@countersign/platform/service';
import type { ActivePolicies, ActivePolicy } from '../active-policies.ts';
import type { Screen } from '../screen-apart.ts';
import { cleanArtifacts } from './clean-artifacts.ts';
import { judgeNamed, type NamedArtifacts } from './judge-named.ts';
import { listArtifacts, readArtifact, readOpened } from './read-artifacts.ts';
import { screenArtifact } from './screen-artifact.ts';
import { openSealedParts, type SealedParts } from './sealed-parts.ts';
import { keepVerdict, stayBusy, takeEnded } from './store-artifacts.ts';
import { endParts, takePart } from './take-parts.ts';

type Settings = { ARTIFACT_DIR?: string | undefined; ARTIFACT_S3?: S3Options | undefined };
type Context = Pick<ServiceContext<Settings>, 'bus' | 'database' | 'config' | 'sweep' | 'log'>;
type Screening = { sealer: Sealer; screen: Screen; policies: ActivePolicies };

/** Answers what a result's artifacts are; see `judgeNamed`. */
export function serveArtifacts(
  context: Context,
  own: Screening,
): (result: UnsignedResult, policy: ActivePolicy) => Promise<NamedArtifacts | null> {
  const { bus, database, config } = context;
  const store = openStore(config);
  const parts = store === null ? null : openSealedParts(store, own.sealer);
  bus.serve('output.artifacts', (request) => listArtifacts(database, request));
  if (parts === null) {
    const refuse = async (): Promise<never> => {
      throw new CountersignError('artifacts_not_offered');
    };
    for (const verb of ['output.artifact_part', 'output.artifact_end', 'output.artifact_read'] as const)
      bus.serve(verb, refuse);
    bus.serve('output.opened_artifact', refuse);
    return (result, policy) => judgeNamed(database, result, policy);
  }
  const screening = context.sweep('screen artifacts', LIMITS.artifact_look_ms, async () => {
    if (await screenNext(context, parts, own)) screening.nudge();
  });
  const cleaning = context.sweep('clean artifacts', LIMITS.artifact_clean_ms, async () => {
    if (await cleanArtifacts(database, parts)) cleaning.nudge();
  });
  bus.serve('output.artifact_part', (request) => takePart({ database, parts }, request));
  bus.serve('output.artifact_end', async (request) => {
    const state = await endParts({ database, parts }, request);
    if (state.state === 'screening') screening.nudge();
    return state;
  });
  bus.serve('output.artifact_read', (request) => readArtifact({ database, parts }, request));
  bus.serve('output.opened_artifact', (request) => readOpened({ database, parts }, request));
  return async (result, policy) => {
    try {
      return await judgeNamed(database, result, policy);
    } catch (thrown) {
      // One has to be screened, or to be screened again: whoever asks next finds it done.
      screening.nudge();
      throw thrown;
    }
  };
}

function openStore({ ARTIFACT_DIR: dir, ARTIFACT_S3: s3 }: Settings): BlobStore | null {
  if (dir !== undefined && s3 !== undefined) throw new TypeError('set ARTIFACT_DIR or ARTIFACT_S3, not both');
  if (s3 !== undefined) return openS3Store(s3);
  return dir === undefined ? null : openFileStore(dir);
}

/** True when there was one. What cannot be read now is tried again when it is not busy any more. */
async function screenNext(
  { database, log }: Context,
  parts: SealedParts,
  { screen, policies }: Screening,
): Promise<boolean> {
  const row = await takeEnded(database);
  if (row === null) return false;
  const policy = await policies.fresh(row.tenant);
  const onPart = () => stayBusy(database, row.artifact_id);
  try {
    await keepVerdict(database, row.artifact_id, await screenArtifact(row, { parts, screen, policy, onPart }));
  } catch (thrown) {
    if (!(thrown instanceof CountersignError)) throw thrown;
    log.warn({ ...errorFields(thrown), artifact_id: row.artifact_id }, 'an artifact could not be screened');
  }
  return true;
}
