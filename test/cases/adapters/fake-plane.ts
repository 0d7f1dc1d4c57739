/** The API as adapters see it, played in memory: each tool name is a topic, and a mode says what becomes of its jobs. */
import { ApiError } from '@countersign/client/api-error';
import type { Client, Submitted } from '@countersign/client/create-client';
import type { JobRequestInput } from '@countersign/contracts/job';
import { canonicalize } from '@countersign/ledger/canonical-json';

type Mode =
  | { is: 'allow'; output?: unknown; failed?: boolean }
  | { is: 'deny' | 'hold' | 'hang' | 'down' | 'down_later' | 'strange' | 'bug' | 'quarantine' | 'too_large' };

type Job = {
  job_id: string;
  body: string;
  input: unknown;
  state: string;
  attempt: number;
  output: unknown;
  failed: boolean;
};
export type FakePlane = {
  client: Pick<Client, 'submit' | 'job' | 'cancel'>;
  modes: Map<string, Mode>;
  /** Inputs of what really ran. */
  ran: unknown[];
  /** Every submission, the repeated ones too. */
  asked: { tool: string; input: unknown; key: string; run: string | undefined }[];
  cancelled: string[];
  /** The only way from held to run. */
  approve(): void;
  /** What is held ends so; `attempt` 1 says that it was sent. */
  end(state: string, attempt?: number): void;
};

export const SECRET = 'hunter2-is-the-password';

export function playPlane(): FakePlane {
  const jobs = new Map<string, Job>();
  const held = () => [...jobs.values()].filter(({ state }) => state === 'held');
  const run = (job: Job, output: unknown = { ok: true }, failed = false): void => {
    plane.ran.push(job.input);
    Object.assign(job, { state: failed ? 'failed' : 'succeeded', attempt: 1, output, failed });
  };
  const plane: FakePlane = {
    modes: new Map(),
    ran: [],
    asked: [],
    cancelled: [],
    approve() {
      for (const job of held()) run(job);
    },
    end(state, attempt = 0) {
      for (const job of held()) Object.assign(job, { state, attempt });
    },
    client: {
      async submit(request, { idempotency_key: key = '', wait_s = 0, signal } = {}) {
        const { topic, payload, labels } = request as JobRequestInput & { payload: { input: unknown } };
        const tool = topic.split('.').at(-1)!;
        const mode = plane.modes.get(tool) ?? { is: 'deny' };
        plane.asked.push({ tool, input: payload.input, key, run: labels?.run });
        if (mode.is === 'bug') throw new TypeError(SECRET);
        if (mode.is === 'down') throw outage();
        if (mode.is === 'too_large')
          throw new ApiError(413, { code: 'json_too_large', detail: 'more than 524288 bytes' });
        const body = canonicalize(request);
        const known = jobs.get(key);
        if (known !== undefined && known.body !== body)
          throw new ApiError(409, { code: 'idempotency_conflict', detail: 'the same key came with another body' });
        const job = known ?? begin(mode, jobs, { key, body, input: payload.input }, run);
        if (job.state === 'held' && wait_s > 0) await abortable(mode.is === 'hang' ? 20 : 2, signal);
        return said(mode, job, known !== undefined || wait_s > 0);
      },
      async job(job_id) {
        const job = [...jobs.values()].find((each) => each.job_id === job_id)!;
        if ([...plane.modes.values()].some(({ is }) => is === 'down_later')) throw outage();
        const waiting_for =
          job.state === 'held'
            ? {
                approval_id: '01890000-0000-7000-8000-00000000000a',
                groups: ['sre'],
                expires_at: '2030-01-01T00:00:00Z',
                url: '/api/v1/approvals/01890000-0000-7000-8000-00000000000a',
              }
            : null;
        return { job_id, state: job.state, waiting_for } as never;
      },
      async cancel(job_id) {
        plane.cancelled.push(job_id);
        return {} as never;
      },
    },
  };
  return plane;
}

function outage(): ApiError {
  return new ApiError(503, { code: 'scheduler_unavailable', detail: SECRET }, { retry_after_ms: 2_000 });
}

function begin(
  mode: Mode,
  jobs: Map<string, Job>,
  { key, body, input }: { key: string; body: string; input: unknown },
  run: (job: Job, output?: unknown, failed?: boolean) => void,
): Job {
  const job: Job = {
    job_id: `job-${jobs.size + 1}`,
    body,
    input,
    state: 'held',
    attempt: 0,
    output: null,
    failed: false,
  };
  jobs.set(key, job);
  if (mode.is === 'deny') job.state = 'denied';
  if (mode.is === 'allow') run(job, mode.output, mode.failed);
  if (mode.is === 'quarantine') {
    run(job, SECRET);
    job.state = 'quarantined';
  }
  return job;
}

/** `looks`: whether the end is looked at, as the API does of what it has seen before or waits for. */
function said(mode: Mode, { job_id, state, attempt, output, failed }: Job, looks: boolean): Submitted {
  const verdict = { job_id, state, replayed: false, rule_id: 'the-rule', reason: 'no shells', remediation: null };
  if (mode.is === 'strange') return { ...verdict, outcome: 'approved' } as never;
  if (state === 'denied' && attempt === 0 && mode.is === 'deny') return { ...verdict, outcome: 'denied' } as never;
  if (state === 'held' || !looks) return { ...verdict, outcome: 'accepted' } as never;
  const released = state === 'succeeded' || state === 'failed';
  const result = released ? { output, status: failed ? 'failed' : 'succeeded' } : null;
  const job = { job_id, state, attempt, rule_id: 'the-rule', reason: `it is ${state}`, cancel_reason: null };
  return { ...verdict, outcome: 'ended', job, result } as never;
}

function abortable(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const leave = (): void => {
      clearTimeout(timer);
      reject(new ApiError(0, { code: 'ingress_unavailable', detail: 'aborted' }));
    };
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave, { once: true });
  });
}
