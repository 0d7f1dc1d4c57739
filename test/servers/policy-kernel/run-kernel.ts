/** Policy kernels on a database and a bus of their own, between an ingress and a scheduler that the test plays. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gate } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import type { Actor } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { TrustRoot } from '@countersign/contracts/policy';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import type { Bus } from '@countersign/platform/bus';
import type { Database } from '@countersign/platform/database';
import { type Running, start } from '@countersign/platform/service';
import { publicKeyOf } from '@countersign/policy/build-bundle';
import { publishFiles } from '@countersign/policy-kernel/publish-files';
import { policyKernel } from '@countersign/policy-kernel/service';
import { itemOf } from '../../cases/policy/ask-policy.ts';
import type { GuardedNats } from '../nats/connect-as.ts';
import { openSurroundings } from '../nats/service-apart.ts';

export const SIGNER = { key_id: 'dev', secret_key: new Uint8Array(32).fill(3) };
const SEAL_KEY = Buffer.alloc(32, 9);
export const VALID = { not_before: '2020-01-01T00:00:00Z', not_after: '2100-01-01T00:00:00Z' };
export const ROOT: TrustRoot = {
  threshold: 1,
  keys: [{ key_id: 'dev', public_key: await publicKeyOf(SIGNER.secret_key), ...VALID }],
};

/** As ingress waits: a policy is read first, in a process that may have to start. */
const PATIENT = { timeout_ms: LIMITS.publish_ms };
/** May change every tenant's policy. */
const OPERATOR = {
  tenant: 'default',
  global: true,
  principal: {
    id: 'operator',
    type: 'human' as const,
    groups: [],
    owner: null,
    auth_method: 'api_key',
    key_id: null,
  },
};

export type DecideAnswers = RpcAnswer<'policy.decide'>['answers'];
export type RunningKernels = AsyncDisposable & {
  admin: Database;
  /** As the kernel's own role. */
  own: Database;
  as(role: string): Database;
  ingress: Bus;
  scheduler: Bus;
  state_dir: string;
  url_for(role: string): string;
  nats: GuardedNats;
  /** The caller stops it, before this. */
  startKernel(settings?: Record<string, string>): Promise<Running>;
  /** Signs, publishes and activates, by the verbs that ingress calls. */
  publish(policy: string, over?: { tenants?: string[]; files?: Record<string, string> }): Promise<number>;
  /** Publishes and activates any document, likewise, and says what became of it. */
  judge(document: string): Promise<{ state: string; code: string | null }>;
  activeEpoch(scope?: string): Promise<number>;
  ask(
    body: Record<string, unknown>,
    over?: { gate?: Gate; min_epoch?: number; salt?: string; actor?: Actor },
  ): Promise<DecideAnswers[number]>;
  entries(chain: string): Promise<{ kind: string; recorded_by: string; body: Record<string, unknown> }[]>;
};

export async function runKernels(): Promise<RunningKernels> {
  const cleanUp = new AsyncDisposableStack();
  const { test_database, nats, databaseAs, busAs } = await openSurroundings(cleanUp);
  const state_dir = mkdtempSync(join(tmpdir(), 'kernel-'));
  cleanUp.defer(() => rmSync(state_dir, { recursive: true, force: true }));
  const admin = databaseAs(test_database.admin_url);
  const own = databaseAs(test_database.url_for('countersign_policy_kernel'));
  const [ingress, scheduler] = [await busAs('ingress'), await busAs('scheduler')];
  const door = {
    publish: (document: string) => ingress.call('policy.publish', { ...OPERATOR, document }, PATIENT),
    activate: (version: number, scope: string) =>
      ingress.call('policy.activate', { ...OPERATOR, version, scope }, PATIENT),
  };

  const activeEpoch: RunningKernels['activeEpoch'] = async (scope = 'default') => {
    const [row] = await admin.query<{ epoch: number }>('SELECT epoch FROM control.policies WHERE scope = $1', [scope]);
    return row?.epoch ?? 0;
  };
  const ask: RunningKernels['ask'] = async (body, over = {}) => {
    const { answers } = await scheduler.call('policy.decide', { items: [itemOf(body, over)] });
    return answers[0]!;
  };

  return {
    admin,
    own,
    as: (role) => databaseAs(test_database.url_for(role)),
    ingress,
    scheduler,
    state_dir,
    url_for: test_database.url_for,
    nats,
    startKernel: (settings = {}) =>
      start([policyKernel], {
        DATABASE_URL: test_database.url_for('countersign_policy_kernel'),
        NATS_URL: nats.server.url,
        NATS_NKEY_SEED: nats.seedOf('policy-kernel'),
        LOG_LEVEL: 'silent',
        TRUST_ROOT: JSON.stringify(ROOT),
        STATE_DIR: state_dir,
        DECISION_SEAL_KEYS: SEAL_KEY.toString('base64url'),
        ...settings,
      }),
    async publish(policy, { tenants = ['default'], files = {} } = {}) {
      const version = await publishFiles(
        own,
        door,
        { 'policy.yaml': policy, ...files },
        { tenants, ...VALID, signer: SIGNER },
      );
      // Whoever names an epoch waits until the replica has it.
      for (const scope of tenants) {
        const tenant = scope === '*' ? 'nobody' : scope;
        await ask({ topic: 'job.x', tenant }, { min_epoch: await activeEpoch(scope) });
      }
      return version;
    },
    async judge(document) {
      try {
        const { bundle } = await door.publish(document);
        await door.activate(bundle.version, bundle.tenants[0]!);
        return { state: 'activated', code: null };
      } catch (thrown) {
        if (thrown instanceof CountersignError) return { state: 'rejected', code: thrown.code };
        throw thrown;
      }
    },
    activeEpoch,
    ask,
    async entries(chain) {
      const rows = await admin.query<{ kind: string; recorded_by: string; body: string }>(
        'SELECT kind, recorded_by, body FROM ledger.entries WHERE chain = $1 ORDER BY seq',
        [chain],
      );
      return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as Record<string, unknown> }));
    },
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
}
