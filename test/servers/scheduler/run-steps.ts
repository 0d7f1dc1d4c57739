/**
 * Replicas of the scheduler's steps on a database of their own: no bus, no timers, a kernel that allows everything under the
 * epoch it knows, and a hook between each plan and the step that carries it out.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { DecideItem, Decision } from '@countersign/contracts/decision';
import type { Pool } from '@countersign/contracts/policy-pools';
import type { DispatchMessage } from '@countersign/contracts/worker';
import type { Database } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { openKnownReaders } from '@countersign/scheduler/claim/store-readers';
import { openWorkerUses } from '@countersign/scheduler/claim/store-worker-uses';
import { createWarrantSigner } from '@countersign/scheduler/dispatch/sign-warrant';
import { openControlMemory } from '@countersign/scheduler/known-control';
import type { SchedulerContext } from '@countersign/scheduler/scheduler-context';
import { ACTOR, decidedJob, POOL, SEAL_KEY, TENANT } from '../../cases/scheduler/decided-job.ts';
import { connectIn } from '../../harness/connect-in.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';

type Offered = [subject: string, message: DispatchMessage, options: { msg_id: string }];

export type StepRun = AsyncDisposable & {
  admin: Database;
  replicas: SchedulerContext[];
  epoch(): number;
  /** What was sent to the pools, in order. */
  offered: Offered[];
  /** Of the warrants in it. */
  warrant_key: KeyObject;
  /** Another version of the same policy. `more`: of its pool, otherwise than usual. */
  activate(more?: Partial<Pool>): Promise<void>;
  setStop(on: boolean): Promise<void>;
  revoke(actor: string): Promise<void>;
  /** What happens between the next plan of this replica and its step. */
  between(replica: number, act: () => Promise<unknown>): void;
};

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** `given`: a database of the caller's own, which stays the caller's. */
export async function runSteps(
  concurrency: number,
  given?: Pick<TestDatabase, 'admin_url' | 'url_for'>,
  /** What the kernel says besides, at the dispatch gate. */
  saying: (item: DecideItem) => Partial<Decision> = () => ({}),
): Promise<StepRun> {
  const cleanUp = new AsyncDisposableStack();
  const database = given ?? cleanUp.use(await createDatabase());
  const open = (url: string): Database => connectIn(cleanUp, url, 4);
  const admin = open(database.admin_url);
  const kernel = open(database.url_for('countersign_policy_kernel'));
  const scheduler = open(database.url_for('countersign_scheduler'));
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  let version = 0;
  let epoch = 0;
  const offered: Offered[] = [];
  const hooks: ((() => Promise<unknown>) | null)[] = [];

  const contextOf = (replica: number): SchedulerContext => {
    const own = open(database.url_for('countersign_scheduler'));
    const decide = async (_: string, { items }: { items: DecideItem[] }) => ({
      answers: items.map((item) => {
        const { job_id, topic } = item.request;
        const changes = saying(item);
        const said = { epoch, gate: 'dispatch' as const, until: null, actor: item.actor.id, topic, changes };
        return { ok: true, value: decidedJob(job_id, said) };
      }),
    });
    return {
      database: own,
      log: silent,
      metrics: { count() {}, set() {}, observe() {} },
      bus: {
        call: decide,
        offer: (...message: Offered) => void offered.push(message),
        hint() {},
        publish: async () => undefined,
      },
      config: { DECISION_SEAL_KEYS: [SEAL_KEY], FAIL_MODE: 'closed', WARRANT_KEY: pem, TENANT_WAITING: 100_000 },
      warrants: createWarrantSigner(pem),
      known: { epochs: new Map(), rooms: new Map(), crowded: new Set(), waits: false },
      control: openControlMemory(own),
      workers: openWorkerUses(),
      readers: openKnownReaders(),
      nudgeDispatch() {},
      planned: async () => {
        const act = hooks[replica];
        hooks[replica] = null;
        await act?.();
      },
    } as unknown as SchedulerContext;
  };

  const run: StepRun = {
    admin,
    replicas: [contextOf(0), contextOf(1)],
    epoch: () => epoch,
    offered,
    warrant_key: createPublicKey(pem),
    async activate(more) {
      version += 1;
      const snapshot = `sha256:${version.toString(16).padStart(64, '0')}`;
      const pools = [{ id: POOL, capabilities: ['desk.read'], enforces: [], concurrency, ...more }];
      epoch = await kernel.transaction(async (tx) => {
        const [bundle] = await tx.query<{ bundle_id: number }>(
          `INSERT INTO policy.bundles (document, document_sha256) VALUES ($1, sha256(convert_to($1, 'UTF8'))) RETURNING bundle_id`,
          [`bundle ${version}`],
        );
        const [row] = await tx.query<{ epoch: number }>(
          `INSERT INTO policy.activations (scope, version, snapshot, bundle_id, key_ids, output_policy, pools, epoch)
           VALUES ('*', $1, $2, $3, '{dev}', '{}', $4,
             control.activate_policy('*', $1, $2, now() + interval '1 day', $5, '{}')) RETURNING epoch`,
          [version, snapshot, bundle!.bundle_id, JSON.stringify(pools), epoch],
        );
        return row!.epoch;
      });
    },
    async setStop(on) {
      await scheduler.query(`SELECT control.set_switch('stop', 'tenant', $1, NULL, $2, 'drill')`, [TENANT, on]);
    },
    async revoke(actor) {
      await admin.query('INSERT INTO control.revocations VALUES ($1, now()) ON CONFLICT DO NOTHING', [actor]);
      await admin.query('UPDATE control.revision SET revision = revision + 1');
    },
    between(replica, act) {
      hooks[replica] = act;
    },
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
  await run.activate();
  return run;
}

export function uniqueActor(): string {
  return `${ACTOR}-${uuidv7()}`;
}
