/**
 * Output-safety on a database and a bus of its own, between workers, a scheduler and an ingress that the test plays.
 */

import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError, isOutage } from '@countersign/contracts/errors';
import type { ResultView } from '@countersign/contracts/output';
import type { OutputPolicyActive } from '@countersign/contracts/policy';
import type { JobState } from '@countersign/contracts/states';
import { hintsTo } from '@countersign/contracts/streams';
import { subjects } from '@countersign/contracts/subjects';
import {
  RESULT_CLAIM_HEADER,
  RESULTS_TOGETHER,
  type ResultAnswer,
  type ResultClaim,
  resultAnswer,
  resultAnswers,
  type UnsignedResult,
  writeResultClaim,
} from '@countersign/contracts/worker';
import { waitUntil } from '@countersign/infra/wait-until';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { outputSafety } from '@countersign/output-safety/service';
import { eraseOutputs } from '@countersign/output-safety/store-erased';
import type { Bus, Hint } from '@countersign/platform/bus';
import type { Database } from '@countersign/platform/database';
import type { Metrics } from '@countersign/platform/metrics';
import { start } from '@countersign/platform/service';
import { newTraceparent } from '@countersign/platform/trace';
import { inject } from 'vitest';
import { APART } from '../../harness/act-as-role.ts';
import { openSurroundings } from '../nats/service-apart.ts';

export const TENANT = 'acme';
export const TOPIC = 'job.desk.read';
export const POOL = 'desk';
export const SEAL_KEY = randomBytes(32);

export type Attempt = { dispatch_id: string; claim_id: string; tenant: string; job_id: string; attempt: number };
type AttemptOptions = {
  tenant?: string;
  capability?: string;
  worker?: string;
  max_output_bytes?: number;
  max_affected?: number;
  /** Seconds until the lease is over. */
  lease_s?: number;
};
export type ReportOptions = {
  /** Changes what is signed. */
  result?: Partial<UnsignedResult>;
  /** Changes what was signed. */
  tamper?: Record<string, unknown>;
  key?: KeyObject;
  /** Instead of a signed result. */
  raw?: string;
  subject?: string;
  /** Changes whose result the message says it is, beside its body. */
  claim?: Partial<ResultClaim>;
  /** Instead of that. */
  header?: string;
};

export type RunningOutputSafety = AsyncDisposable & {
  admin: Database;
  scheduler: Database;
  ingress: Bus;
  wakeUps: { subject: string; body: Record<string, unknown> }[];
  keys: Record<string, KeyObject>;
  health_url: string;
  artifact_dir: string;
  /** Of the same service, on the same database and stream. */
  startAnother(): Promise<void>;
  /** A job of this name that worker `one` of the pool is running. */
  run(job_id: string, options?: AttemptOptions): Promise<Attempt>;
  /** Asks until it is answered, as a worker does. */
  report(attempt: Attempt, output: unknown, options?: ReportOptions): Promise<ResultAnswer>;
  /** Several in one request, under one signature. Throws what it is refused with as a whole. */
  reportTogether(
    reported: readonly [Attempt, unknown, Partial<UnsignedResult>?][],
    options?: Pick<ReportOptions, 'tamper' | 'key' | 'raw' | 'subject'> & { bus?: Bus },
  ): Promise<(ResultAnswer | string)[]>;
  /** Reports, and tells how the attempt was screened. */
  screened(attempt: Attempt, output: unknown, options?: ReportOptions): Promise<Record<string, unknown> | undefined>;
  read(job_id: string, tenant?: string): Promise<ResultView>;
  kinds(job_id: string): Promise<string[]>;
  /** Whether results are screened and their jobs ended in two steps, the second one by the test. */
  endApart(on: boolean): Promise<void>;
  /** The job ends and releases this attempt's result. */
  end(attempt: Attempt, state: JobState): Promise<void>;
  /** Resolves when the service waits for a row that somebody else holds. */
  blocked(): Promise<void>;
  outcome(attempt: Attempt): Promise<Record<string, unknown> | undefined>;
  entries(
    job_id: string,
    tenant?: string,
  ): Promise<{ kind: string; recorded_by: string; body: Record<string, unknown> }[]>;
  activate(scope: string, policy: Partial<OutputPolicyActive>): Promise<void>;
  metric(name: string): Promise<number>;
  /** What is on the list of what is to be erased, as its sweep does it. */
  erase(): Promise<void>;
};

export async function runOutputSafety(): Promise<RunningOutputSafety> {
  const cleanUp = new AsyncDisposableStack();
  const workers = ['one', 'two'].map((worker) => ({ pool: POOL, worker }));
  const { test_database, nats, databaseAs, busAs } = await openSurroundings(cleanUp, workers);
  const admin = databaseAs(test_database.admin_url);
  const own = databaseAs(test_database.url_for('countersign_output_safety'));
  const policyKernel = databaseAs(test_database.url_for('countersign_policy_kernel'));
  const [ingress, schedulerBus] = [await busAs('ingress'), await busAs('scheduler')];
  const worker = await busAs(`worker-${POOL}-one`);

  const keys: Record<string, KeyObject> = {};
  for (const name of ['one', 'two']) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    keys[name] = privateKey;
    const raw = publicKey.export({ format: 'jwk' }).x!;
    await admin.query('INSERT INTO identity.workers (worker, pool, public_key) VALUES ($1, $2, $3)', [name, POOL, raw]);
  }
  const wakeUps: RunningOutputSafety['wakeUps'] = [];
  const handle = async (hints: Hint[]): Promise<void> => {
    for (const { subject, body } of hints) wakeUps.push({ subject, body: body as Record<string, unknown> });
  };
  schedulerBus.onHints(hintsTo('scheduler'), { batch: 10, handle });
  ingress.onHints(hintsTo('ingress', true), { batch: 10, every: true, handle });
  await Promise.all([schedulerBus.check(), ingress.check()]);
  const artifact_dir = mkdtempSync(join(inject('test_stack').run_dir, 'artifacts-'));
  const startOne = async (): Promise<string> => {
    const running = await start([outputSafety], {
      DATABASE_URL: test_database.url_for('countersign_output_safety'),
      NATS_URL: nats.server.url,
      NATS_NKEY_SEED: nats.seedOf('output-safety'),
      OUTPUT_SEAL_KEY: SEAL_KEY.toString('base64url'),
      ARTIFACT_DIR: artifact_dir,
      LOG_LEVEL: 'silent',
    });
    return cleanUp.use(running).services[0]!.health_url;
  };
  const health_url = await startOne();

  let version = 0;
  const run: RunningOutputSafety = {
    admin,
    scheduler: databaseAs(test_database.url_for('countersign_scheduler')),
    ingress,
    wakeUps,
    keys,
    health_url,
    artifact_dir,
    startAnother: async () => void (await startOne()),
    run: (job_id, options = {}) => startAttempt(admin, job_id, options),
    async report(attempt, output, { result, tamper, key = keys.one!, raw, subject, claim, header } = {}) {
      const unsigned = unsignedResult(attempt, output, result);
      const signature = signatureOf(unsigned, key);
      const text = raw ?? JSON.stringify({ ...unsigned, signature, ...tamper });
      const to = subject ?? subjects.result(POOL, 'one', attempt.tenant, TOPIC);
      return askUntilAnswered(worker, to, text, header ?? writeResultClaim({ ...attempt, ...claim }));
    },
    async reportTogether(reported, { tamper, key = keys.one!, raw, subject, bus = worker } = {}) {
      const results = reported.map((each) => unsignedResult(...each));
      const text = raw ?? JSON.stringify({ results, signature: signatureOf({ results }, key), ...tamper });
      const to = subject ?? subjects.result(POOL, 'one', TENANT, TOPIC);
      const headers = { [RESULT_CLAIM_HEADER]: RESULTS_TOGETHER };
      const said = resultAnswers.parse(await bus.askRaw(to, text, { timeout_ms: 10_000, headers }));
      return said.answers.map((each) => (each.ok ? each.value : each.error.code));
    },
    async screened(attempt, output, options) {
      await run.report(attempt, output, options);
      return run.outcome(attempt);
    },
    read: (job_id, tenant = TENANT) => ingress.call('output.read', { tenant, job_id }),
    kinds: async (job_id) => (await run.entries(job_id)).map(({ kind }) => kind),
    async endApart(on) {
      const { kind, target } = APART;
      await run.scheduler.query(`SELECT control.set_switch('apart', $1, $2, NULL, $3, 'tried by a test')`, [
        kind,
        target,
        on,
      ]);
    },
    async end({ tenant, job_id, dispatch_id }, state) {
      await admin.query(
        'UPDATE scheduler.jobs SET state = $3, result_dispatch_id = $4 WHERE tenant = $1 AND job_id = $2',
        [tenant, job_id, state, dispatch_id],
      );
      await admin.query(`UPDATE scheduler.attempts SET state = 'ended' WHERE dispatch_id = $1`, [dispatch_id]);
    },
    async blocked() {
      await waitUntil('the service waits for a lock', async () => {
        const waiting = await admin.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'countersign_output_safety'
              AND wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      });
    },
    async outcome({ dispatch_id }) {
      const [row] = await admin.query('SELECT * FROM output.outcomes WHERE dispatch_id = $1', [dispatch_id]);
      return row;
    },
    async entries(job_id, tenant = TENANT) {
      const rows = await admin.query<{ kind: string; recorded_by: string; body: string }>(
        'SELECT kind, recorded_by, body FROM ledger.entries WHERE chain = $1 ORDER BY seq',
        [`job:${tenant}:${job_id}`],
      );
      return rows.map(({ body, ...row }) => ({ ...row, body: JSON.parse(body) as Record<string, unknown> }));
    },
    async activate(scope, policy) {
      version += 1;
      await activatePolicy(policyKernel, scope, version, { enabled: true, fail_mode: 'closed', ...policy });
    },
    async metric(name) {
      const text = await (await fetch(`${health_url}/metrics`)).text();
      const line = text.split('\n').find((each) => each.startsWith(`countersign_${name}`));
      return line === undefined ? Number.NaN : Number(line.split(' ').at(-1));
    },
    async erase() {
      await eraseOutputs({ database: own, metrics: { count() {} } as unknown as Metrics });
    },
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
  return run;
}

async function startAttempt(admin: Database, job_id: string, options: AttemptOptions): Promise<Attempt> {
  const tenant = options.tenant ?? TENANT;
  const attempt: Attempt = { dispatch_id: randomUUID(), claim_id: randomUUID(), tenant, job_id, attempt: 1 };
  const digest = `sha256:${'1'.repeat(64)}`;
  await admin.query(
    `INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, owner, state, decision,
       policy_version, policy_snapshot, policy_epoch, job_hash, effective_digest, attempt, pool, deadline_at, traceparent)
     VALUES ($1, $2, $3, $4, '{}', 'desk-agent', 'api_key', 'olivia', 'running', 'allow', 1, $5, 1, $5, $5, 1, $6,
       now() + interval '1 day', $7)`,
    [tenant, job_id, TOPIC, options.capability ?? 'desk.read', digest, POOL, newTraceparent()],
  );
  await admin.query(
    `INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, worker, claim_id, state, decision_id,
       policy_snapshot, policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes, pool_concurrency,
       due_at, max_affected)
     VALUES ($1, $2, $3, 1, $4, $5, $6, 'running', $7, $8, 1, $8, $8, 60000, 3, $9, 8,
       now() + $10 * interval '1 second', $11)`,
    [
      attempt.dispatch_id,
      tenant,
      job_id,
      POOL,
      options.worker ?? 'one',
      attempt.claim_id,
      randomUUID(),
      digest,
      options.max_output_bytes ?? 1_048_576,
      options.lease_s ?? 60,
      options.max_affected ?? null,
    ],
  );
  return attempt;
}

function unsignedResult(attempt: Attempt, output: unknown, change: Partial<UnsignedResult> = {}): UnsignedResult {
  const fixed = { worker: 'one', status: 'succeeded' as const, retryable: false, duration_ms: 12 };
  return { ...attempt, ...fixed, output, ...change };
}

function signatureOf(value: object, key: KeyObject): string {
  return sign(null, Buffer.from(canonicalize(value), 'utf8'), key).toString('base64url');
}

/** A request of the same kind as the worker's, with any bytes in it. */
async function askUntilAnswered(bus: Bus, subject: string, text: string, claim: string): Promise<ResultAnswer> {
  const headers = { [RESULT_CLAIM_HEADER]: claim };
  for (const end = Date.now() + 20_000; ; ) {
    try {
      return resultAnswer.parse(await bus.askRaw(subject, text, { timeout_ms: 3_000, headers }));
    } catch (thrown) {
      if (!(thrown instanceof CountersignError) || !isOutage(thrown.code) || Date.now() > end) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** As the policy kernel activates a policy: what `control` says and what it means commit together. */
async function activatePolicy(policyKernel: Database, scope: string, version: number, policy: object): Promise<void> {
  const snapshot = `sha256:${version.toString(16).padStart(64, '0')}`;
  await policyKernel.transaction(async (tx) => {
    const [active] = await tx.query<{ state: { scopes: { scope: string; epoch: number }[] } }>(
      'SELECT control.read() AS state',
    );
    const before = active!.state.scopes.find((each) => each.scope === scope)?.epoch ?? 0;
    const [bundle] = await tx.query<{ bundle_id: number }>(
      `INSERT INTO policy.bundles (document, document_sha256) VALUES ($1, sha256(convert_to($1, 'UTF8'))) RETURNING bundle_id`,
      [`bundle ${version}`],
    );
    await tx.query(
      `INSERT INTO policy.activations (scope, version, snapshot, bundle_id, key_ids, output_policy, epoch)
       VALUES ($1, $2, $3, $4, '{dev}', $5,
         control.activate_policy($1, $2, $3, now() + interval '1 day', $6, '{}'))`,
      [scope, version, snapshot, bundle!.bundle_id, JSON.stringify(policy), before],
    );
  });
}
