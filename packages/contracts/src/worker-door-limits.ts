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
  /** Characters of a `Host`. */
  authority_chars: 300,
} as const;
