/** The one table of a job's states. A terminal state never changes; nothing else may say which step follows which. */
export const JOB_STATES = [
  'parked',
  'held',
  'cleared',
  'dispatched',
  'running',
  'succeeded',
  'failed',
  'denied',
  'refused',
  'expired',
  'cancelled',
  'timed_out',
  'quarantined',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export const TRANSITIONS: Readonly<Record<JobState, readonly JobState[]>> = {
  /** Until a limit has room for it: then as it is decided in that moment. */
  parked: ['cleared', 'held', 'denied', 'expired', 'cancelled'],
  /** Again `held` when another policy asks for a yes. */
  held: ['held', 'cleared', 'denied', 'refused', 'expired', 'cancelled'],
  /** Back to `held` when the dispatch gate asks for an approval or sees another effective digest. */
  cleared: ['held', 'dispatched', 'denied', 'expired', 'cancelled', 'failed'],
  /** Back to `cleared` when an attempt was lost before or after its claim and another one is allowed. */
  dispatched: ['running', 'cleared', 'failed', 'cancelled', 'expired', 'denied'],
  running: ['succeeded', 'failed', 'quarantined', 'cleared', 'cancelled', 'timed_out', 'denied'],
  succeeded: [],
  failed: [],
  denied: [],
  refused: [],
  expired: [],
  cancelled: [],
  timed_out: [],
  quarantined: [],
};

export const TERMINAL_STATES: readonly JobState[] = JOB_STATES.filter((state) => TRANSITIONS[state].length === 0);

export function isTerminal(state: JobState): boolean {
  return TRANSITIONS[state].length === 0;
}

export function mayFollow(from: JobState, to: JobState): boolean {
  return TRANSITIONS[from].includes(to);
}
