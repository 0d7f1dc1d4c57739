/** The bounds of the door for workers over HTTP: a part of LIMITS, which everybody reads them from. */
export const WORKER_DOOR_LIMITS = {
  /** Milliseconds for which a worker over HTTP may wait for work in one request. */
  worker_wait_ms: 20_000,
  /** Milliseconds of that for which the scheduler is asked at a time: who has left or was revoked waits no longer. */
  worker_slice_ms: 800,
  /** Workers over HTTP that wait for work at one ingress at once; workers and pools share them. */
  waiting_workers: 1_024,
  /** Bytes of what a worker over HTTP asks; a beat that names all it may is the largest. */
  worker_request_bytes: 192 * 1024,
  /** Bytes of a signed result over HTTP. */
  worker_result_bytes: 2 * 1024 * 1024,
  /** Characters of a delivery's receipt. */
  receipt_chars: 500,
  /** Bytes of one artifact. */
  artifact_bytes: 100 * 1024 * 1024,
  /** Bytes of each of its parts but the last: what is sent, sealed and stored at once. */
  artifact_part_bytes: 1024 * 1024,
  /** Artifacts of one attempt. */
  attempt_artifacts: 16,
  /** Bytes of all of them together. */
  attempt_artifact_bytes: 256 * 1024 * 1024,
  /** Characters of an artifact's name. */
  artifact_name_chars: 200,
  /** Bytes up to which a text is screened as one, so that what is found can be taken out. */
  artifact_whole_bytes: 512 * 1024,
  /** Characters of a larger one that are screened at once. */
  artifact_window_chars: 128 * 1024,
  /** Characters of those that are looked at once more with the next. */
  artifact_overlap_chars: 16 * 1024,
  /** Findings that a result keeps with those of its artifacts. */
  recorded_findings: 120,
  /** Findings that an artifact keeps. */
  artifact_findings: 20,
  /** Milliseconds between two looks for artifacts to be screened whose worker asks no more. */
  artifact_look_ms: 60_000,
  /** Seconds after which one is screened by another instance, where the first has given no sign. */
  artifact_busy_s: 60,
  /** Milliseconds between two looks for artifacts that nobody needs any more. */
  artifact_clean_ms: 60_000,
  /** Of these how many at once. */
  artifact_clean_rows: 20,
  /** Characters of a `Host`. */
  authority_chars: 300,
} as const;
