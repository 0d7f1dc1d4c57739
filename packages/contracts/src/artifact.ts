/**
 * Artifacts: files of a run, put in parts by the worker that holds the claim, named by their digest in its signed result, and
 * sealed until they were screened and the job that names them has ended.
 */
import { z } from 'zod';
import { finding } from './decision.ts';
import { LIMITS } from './limits.ts';
import { digest, uuid } from './names.ts';

/** One segment of a path, so that whoever stores it under its name stays in the folder. It is content, and screened as such. */
export const artifactName = z
  .string()
  .min(1)
  .max(LIMITS.artifact_name_chars)
  .regex(/^(?!\.{1,2}$)[^\p{C}\p{Zl}\p{Zp}/\\]+$/u, 'must be a file name without control characters and slashes');

const bytes = z.int().min(0).max(LIMITS.artifact_bytes);

/** In a worker's signed result. `artifact_id`: random, the worker's own; `digest`: SHA-256 of all its bytes. */
export const namedArtifact = z.strictObject({ artifact_id: uuid, name: artifactName, digest, bytes });
export type NamedArtifact = z.infer<typeof namedArtifact>;

/** Whose part it is; the body is its bytes. Every part but the last has `artifact_part_bytes`. */
const claimed = { dispatch_id: uuid, claim_id: uuid, artifact_id: uuid };
export const artifactPartQuery = z.strictObject({ ...claimed, part: z.string().regex(/^(0|[1-9]\d{0,3})$/) });

/** After the last part: what the whole of it must be. Asked again until it was screened. */
export const artifactEnd = z.strictObject({ ...claimed, name: artifactName, digest, bytes });
export type ArtifactEnd = z.infer<typeof artifactEnd>;

export const artifactParts = z.object({ artifact_id: uuid, parts: z.int(), bytes: z.int() });
/** `screened`: it may be named in the result. How it was decided the worker is not told. */
export const artifactState = z.object({ artifact_id: uuid, state: z.enum(['screening', 'screened']) });

/** What a reader gets of one. `salt` and `digest` together give `artifact_digest`, by which the ledger names it. */
export const shownArtifact = z.object({
  name: z.string(),
  /** As its worker named it, of its own bytes. */
  digest,
  artifact_digest: digest,
  salt: z.string(),
  /** `quarantine`: shown to who opened its result, or released by people. */
  decision: z.enum(['allow', 'redact', 'quarantine']),
  findings: z.array(finding),
  /** Of what can be had: the same, or a copy without what was found. */
  released_digest: digest,
  released_bytes: z.int(),
});
export type ShownArtifact = z.infer<typeof shownArtifact>;
export const artifactList = z.object({ artifacts: z.array(shownArtifact) });

/** As entries and the run record have it. */
export const recordedArtifact = z.object({
  artifact_digest: digest,
  bytes: z.int(),
  decision: z.enum(['allow', 'redact', 'quarantine']),
});
export type RecordedArtifact = z.infer<typeof recordedArtifact>;
