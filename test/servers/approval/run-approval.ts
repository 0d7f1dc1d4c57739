/** The approval service on a database and a bus of its own, between a scheduler and an ingress that the test plays. */
import { approval } from '@countersign/approval/service';
import type { ApprovalView } from '@countersign/contracts/approval';
import type { RpcRequest } from '@countersign/contracts/rpc';
import { hintsTo } from '@countersign/contracts/streams';
import { waitUntil } from '@countersign/infra/wait-until';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { EFFECTIVE_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import type { Bus } from '@countersign/platform/bus';
import type { Database } from '@countersign/platform/database';
import { randomSalt } from '@countersign/platform/ids';
import { start } from '@countersign/platform/service';
import { newTraceparent } from '@countersign/platform/trace';
import { openSurroundings } from '../nats/service-apart.ts';

export type Holding = {
  job_id?: string;
  tenant?: string;
  held_seq?: number;
  stages?: ApprovalView['stages'];
  expires_ms?: number;
  max_attempts?: number;
  on_behalf_of?: string;
  escalate?: ApprovalView['escalate'];
  break_glass?: ApprovalView['break_glass'];
  survive?: 'same_terms';
  grant?: ApprovalView['grant'];
  /** Who asked; left out, the agent. */
  actor?: string;
  owner?: string;
  topic?: string;
  capability?: string;
  rule_id?: string;
  labels?: Record<string, string>;
  payload?: Record<string, unknown>;
  /** Of the digests; left out, another one each time. */
  salt?: string;
  /** Of the policy that asked; left out, the one that is active at first. */
  policy_epoch?: number;
  /** Stored instead of the content that the digest covers. */
  forged?: string;
};

export type RunningApproval = AsyncDisposable & {
  /** As superuser, to play the scheduler's writes and to look at everything. */
  admin: Database;
  /** As the scheduler's own role. */
  scheduler: Database;
  /** As ingress' own role, to play its registry. */
  registry: Database;
  ingress: Bus;
  schedulerBus: Bus;
  /** What the approval service told the scheduler, in order of arrival. */
  wakeUps: { subject: string; body: unknown }[];
  health_url: string;
  /** Of the same service, on the same database and stream. */
  startAnother(): Promise<void>;
  /** Whether the service waits for a row that somebody else holds. */
  isBlocked(): Promise<boolean>;
  hold(job_id: string, holding?: Holding): Promise<void>;
  /** The job leaves its hold without anybody's yes. */
  release(job_id: string): Promise<void>;
  opened(job_id: string): Promise<ApprovalView>;
  /** Holds a job and waits for the question. */
  ask(job_id: string, holding?: Holding): Promise<ApprovalView>;
  state(approval_id: string): Promise<string>;
  /** Another policy becomes active. Its epoch. */
  activate(): Promise<number>;
  kinds(job_id: string): Promise<string[]>;
  wakeUpsOf(job_id: string): RunningApproval['wakeUps'];
  vote(
    approval: ApprovalView,
    person: string,
    groups: string[],
    more?: Partial<RpcRequest<'approval.vote'>>,
  ): Promise<ApprovalView>;
  entries(job_id: string): Promise<{ kind: string; recorded_by: string; body: Record<string, unknown> }[]>;
};

export const TENANT = 'acme';
export const AGENT = 'deploy-agent';
export const OWNER = 'olivia';
export const TOPIC = 'job.deploy.apply';
export const SNAPSHOT = `sha256:${'5'.repeat(64)}`;
export const JOB_HASH = `sha256:${'1'.repeat(64)}`;

export async function runApproval(): Promise<RunningApproval> {
  const cleanUp = new AsyncDisposableStack();
  const { test_database, nats, databaseAs, busAs } = await openSurroundings(cleanUp);
  const admin = databaseAs(test_database.admin_url);
  const [ingress, schedulerBus] = [await busAs('ingress'), await busAs('scheduler')];
  const wakeUps: RunningApproval['wakeUps'] = [];
  schedulerBus.onHints(hintsTo('scheduler'), { batch: 10, handle: async (hints) => void wakeUps.push(...hints) });
  await schedulerBus.check();
  const startOne = async (): Promise<string> => {
    const running = await start([approval], {
      DATABASE_URL: test_database.url_for('countersign_approval'),
      NATS_URL: nats.server.url,
      NATS_NKEY_SEED: nats.seedOf('approval'),
      LOG_LEVEL: 'silent',
    });
    return cleanUp.use(running).services[0]!.health_url;
  };
  await admin.query('UPDATE control.revision SET revision = 3');
  await admin.query(`INSERT INTO control.policies VALUES ('*', 7, $1, 3, NULL, now())`, [SNAPSHOT]);
  const policyKernel = databaseAs(test_database.url_for('countersign_policy_kernel'));
  const health_url = await startOne();

  const entries: RunningApproval['entries'] = async (job_id) => {
    const rows = await admin.query<{ kind: string; recorded_by: string; body: string }>(
      'SELECT kind, recorded_by, body FROM ledger.entries WHERE chain = $1 ORDER BY seq',
      [`job:${TENANT}:${job_id}`],
    );
    return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as Record<string, unknown> }));
  };

  return {
    admin,
    scheduler: databaseAs(test_database.url_for('countersign_scheduler')),
    registry: databaseAs(test_database.url_for('countersign_ingress')),
    ingress,
    schedulerBus,
    wakeUps,
    health_url,
    startAnother: async () => void (await startOne()),
    isBlocked: async () => {
      const waiting = await admin.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'countersign_approval'
            AND wait_event_type = 'Lock'`,
      );
      return waiting.length > 0;
    },
    hold: (job_id, holding = {}) => hold(admin, job_id, holding),
    release: async (job_id) => {
      await admin.query(`UPDATE scheduler.jobs SET state = 'cancelled' WHERE job_id = $1`, [job_id]);
    },
    entries,
    ask: async (job_id, holding = {}) => {
      await hold(admin, job_id, holding);
      return untilOpened(ingress, job_id);
    },
    state: async (approval_id) => (await ingress.call('approval.get', { tenant: TENANT, approval_id })).state,
    activate: async () => {
      const [row] = await policyKernel.query<{ epoch: number }>(
        `SELECT control.activate_policy('*', (known.state -> 'policies' -> $1 ->> 'version')::bigint + 1, $2, NULL,
                  (known.state -> 'policies' -> $1 ->> 'epoch')::bigint, '{}') AS epoch
           FROM (SELECT control.gate(ARRAY[$1], '{}') AS state) known`,
        [TENANT, SNAPSHOT],
      );
      return row!.epoch;
    },
    kinds: async (job_id) => (await entries(job_id)).map(({ kind }) => kind),
    wakeUpsOf: (job_id) => wakeUps.filter(({ body }) => (body as { job_id: string }).job_id === job_id),
    opened: (job_id) => untilOpened(ingress, job_id),
    vote: (shown, person, groups, more = {}) =>
      ingress.call('approval.vote', {
        tenant: TENANT,
        approval_id: shown.approval_id,
        vote: 'approve',
        digest: shown.digest,
        comment: null,
        principal: { id: person, type: 'human', groups, owner: null, auth_method: 'api_key', key_id: null },
        ...more,
      }),
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
}

/** As the scheduler holds a job: its row and its content, in one transaction; the same job again is a new hold. */
async function hold(admin: Database, job_id: string, holding: Holding): Promise<void> {
  const tenant = holding.tenant ?? TENANT;
  const salt = holding.salt ?? randomSalt();
  const effective = canonicalize({
    tenant,
    job_id,
    actor: holding.actor ?? AGENT,
    topic: holding.topic ?? TOPIC,
    capability: holding.capability ?? 'infra.write',
    risk_tags: [],
    requires: [],
    labels: holding.labels ?? { env: 'prod' },
    payload: holding.payload ?? { replicas: 3 },
    constraints: {},
  });
  const digest = saltedDigest(EFFECTIVE_DOMAIN, Buffer.from(salt, 'base64url'), effective);
  const terms = {
    stages: holding.stages ?? [{ group: 'sre', count: 1 }],
    expires_ms: holding.expires_ms ?? 60_000,
    max_attempts: holding.max_attempts ?? 2,
    reason: 'human review required for prod write',
    ...(holding.escalate && { escalate: holding.escalate }),
    ...(holding.break_glass && { break_glass: holding.break_glass }),
    ...(holding.survive && { survive: holding.survive }),
    ...(holding.grant && { grant: holding.grant }),
  };
  await admin.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO scheduler.jobs (tenant, job_id, topic, capability, labels, actor, auth_method, owner, on_behalf_of, state,
         decision, rule_id, policy_version, policy_snapshot, policy_epoch, job_hash, effective_digest, approval_terms,
         held_seq, deadline_at, traceparent)
       VALUES ($1, $2, $3, $14, '{}', $4, 'api_key', $5, $6, 'held', 'require_approval', $15,
         7, $7, $13, $8, $9, $10, $11, now() + interval '1 day', $12)
       ON CONFLICT (tenant, job_id) DO UPDATE SET state = 'held', held_seq = excluded.held_seq,
         policy_epoch = excluded.policy_epoch,
         effective_digest = excluded.effective_digest, approval_terms = excluded.approval_terms`,
      [
        tenant,
        job_id,
        holding.topic ?? TOPIC,
        holding.actor ?? AGENT,
        holding.owner ?? OWNER,
        holding.on_behalf_of ?? null,
        SNAPSHOT,
        JOB_HASH,
        digest,
        JSON.stringify(terms),
        holding.held_seq ?? 1,
        newTraceparent(),
        holding.policy_epoch ?? 3,
        holding.capability ?? 'infra.write',
        holding.rule_id ?? 'require-approval-prod-write',
      ],
    );
    await tx.query(
      `INSERT INTO scheduler.contexts (tenant, job_id, effective, actor, salt, decisions) VALUES ($1, $2, $3, $4, $5, '[]')
       ON CONFLICT (tenant, job_id) DO UPDATE SET effective = excluded.effective, salt = excluded.salt`,
      [tenant, job_id, holding.forged ?? effective, AGENT, salt],
    );
  });
}

function untilOpened(ingress: Bus, job_id: string): Promise<ApprovalView> {
  return waitUntil(`an approval is opened for ${job_id}`, async () => {
    const { approvals } = await ingress.call('approval.list', { tenant: TENANT, job_id, state: 'open' });
    const [first] = approvals;
    return first && ingress.call('approval.get', { tenant: TENANT, approval_id: first.approval_id });
  });
}
