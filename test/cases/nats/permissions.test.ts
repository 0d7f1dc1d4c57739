import { SERVICES } from '@countersign/contracts/ledger-entry';
import { RPC, type RpcVerb } from '@countersign/contracts/rpc';
import { natsUsers, type Roster } from '@countersign/infra/nats/permissions';
import { provision } from '@countersign/infra/nats/provision';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GuardedNats, mayPublish, maySubscribe, startGuardedNats } from './connect-as.ts';

const ROSTER: Roster = {
  workers: [
    { pool: 'desk-read', worker: 'one' },
    { pool: 'infra', worker: 'one' },
  ],
  tenants: ['acme', 'rival'],
  auditors: ['acme'],
};
const WORKER = 'worker-desk-read-one';

/** Subjects of the whole system, with one concrete subject for each family; a user may publish to few of them. */
const makes = (stream: string): string[] => [
  `$JS.API.STREAM.CREATE.${stream}`,
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}.mine`,
  `$JS.API.CONSUMER.LIST.${stream}`,
];
const ALL_PUBLISHED = [
  ...(Object.keys(RPC) as RpcVerb[]).map((verb) => `rpc.${verb}`),
  'rpc.scheduler.claim.desk-read.one',
  'rpc.scheduler.claim.desk-read.two',
  'rpc.scheduler.claim.infra.one',
  'rpc.scheduler.beat.desk-read.one',
  'rpc.scheduler.beat.infra.one',
  'rpc.ingress.submit.acme',
  'rpc.ingress.submit.rival',
  'job.submit.acme.demo.read',
  'job.submit.rival.demo.read',
  'job.held.acme.demo.read',
  'job.granted.acme.demo.read',
  'job.refused.acme.demo.read',
  'job.dispatch.desk-read.acme.demo.read',
  'job.result.desk-read.one.acme.demo.read',
  'job.result.desk-read.two.acme.demo.read',
  'job.result.infra.one.acme.demo.read',
  'job.screened.acme.demo.read',
  'audit.acme.job_held.demo.read',
  '$KV.CONTROL.epoch',
  ...SERVICES.map((service) => `_INBOX_${service}.x`),
  `_INBOX_${WORKER}.x`,
  '_INBOX_worker-infra-one.x',
  '_INBOX_agent-acme.x',
  '_INBOX_auditor-acme.x',
  '_INBOX.x',
  ...[
    'INTAKE.ingress',
    'DISPATCH.pool-desk-read',
    'DISPATCH.pool-infra',
    'AUDIT.auditor-acme',
    'AUDIT.auditor-rival',
  ].flatMap((durable) => [`$JS.API.CONSUMER.MSG.NEXT.${durable}`, `$JS.ACK.${durable}.1.1.1.1.1`]),
  '$JS.API.STREAM.DELETE.INTAKE',
  '$JS.API.STREAM.UPDATE.AUDIT',
  '$JS.API.STREAM.PURGE.AUDIT',
  '$JS.API.STREAM.MSG.DELETE.AUDIT',
  '$JS.API.STREAM.DELETE.RESULTS',
  '$JS.API.STREAM.MSG.GET.DISPATCH',
  '$JS.API.STREAM.MSG.GET.AUDIT',
  ...['INTAKE', 'DISPATCH', 'AUDIT'].flatMap(makes),
  '$JS.API.DIRECT.GET.AUDIT',
  '$JS.API.CONSUMER.DURABLE.CREATE.DISPATCH.mine',
  '$JS.API.CONSUMER.DELETE.DISPATCH.pool-desk-read',
];

const pulls = (durable: string): string[] => [`$JS.API.CONSUMER.MSG.NEXT.${durable}`, `$JS.ACK.${durable}.1.1.1.1.1`];
const MAY_PUBLISH: Record<string, string[]> = {
  ingress: [
    'rpc.policy.decide',
    'rpc.policy.simulate',
    'rpc.policy.explain',
    'rpc.policy.publish',
    'rpc.policy.bundles',
    'rpc.policy.activate',
    'rpc.policy.shadow',
    'rpc.policy.shadowing',
    'rpc.policy.replay',
    'rpc.policy.active',
    'rpc.scheduler.admit',
    'rpc.scheduler.get',
    'rpc.scheduler.list',
    'rpc.scheduler.cancel',
    'rpc.approval.list',
    'rpc.approval.get',
    'rpc.approval.vote',
    'rpc.output.read',
    'rpc.audit.timeline',
    'rpc.audit.decisions',
    'rpc.audit.record',
    '$KV.CONTROL.epoch',
    '_INBOX_agent-acme.x',
    ...pulls('INTAKE.ingress'),
    ...makes('INTAKE'),
  ],
  'policy-kernel': ['$KV.CONTROL.epoch', '_INBOX_ingress.x', '_INBOX_scheduler.x'],
  approval: ['job.granted.acme.demo.read', 'job.refused.acme.demo.read', '_INBOX_ingress.x'],
  scheduler: [
    'rpc.policy.decide',
    'job.held.acme.demo.read',
    'job.dispatch.desk-read.acme.demo.read',
    ...makes('DISPATCH'),
    '$KV.CONTROL.epoch',
    '_INBOX_ingress.x',
    `_INBOX_${WORKER}.x`,
    '_INBOX_worker-infra-one.x',
  ],
  'output-safety': [
    'job.screened.acme.demo.read',
    '_INBOX_ingress.x',
    `_INBOX_${WORKER}.x`,
    '_INBOX_worker-infra-one.x',
  ],
  audit: ['audit.acme.job_held.demo.read', '_INBOX_ingress.x', ...makes('AUDIT'), '$JS.API.STREAM.MSG.GET.AUDIT'],
  provisioner: [
    ...['INTAKE', 'DISPATCH', 'AUDIT'].flatMap(makes),
    '$JS.API.STREAM.DELETE.RESULTS',
    '$JS.API.CONSUMER.DURABLE.CREATE.DISPATCH.mine',
  ],
  [WORKER]: [
    'rpc.scheduler.claim.desk-read.one',
    'rpc.scheduler.beat.desk-read.one',
    'job.result.desk-read.one.acme.demo.read',
    ...pulls('DISPATCH.pool-desk-read'),
  ],
  'agent-acme': ['job.submit.acme.demo.read', 'rpc.ingress.submit.acme'],
  'auditor-acme': pulls('AUDIT.auditor-acme'),
};

const ALL_SUBSCRIBED: [subject: string, queue?: string][] = [
  ...(Object.keys(RPC) as RpcVerb[])
    .filter((verb) => verb !== 'scheduler.claim' && verb !== 'scheduler.beat')
    .map((verb): [string, string] => [`rpc.${verb}`, RPC[verb].service]),
  ['rpc.scheduler.claim.*.*', 'scheduler'],
  ['rpc.scheduler.beat.*.*', 'scheduler'],
  ['rpc.ingress.submit.*', 'ingress'],
  ['job.result.>', 'output-safety'],
  ['job.held.>', 'approval'],
  ['job.granted.>', 'scheduler'],
  ['job.refused.>', 'scheduler'],
  ['job.screened.>', 'scheduler'],
  ['job.held.>'],
  ['job.screened.>'],
  ['rpc.policy.decide'],
  ['rpc.policy.decide', 'another'],
  ['rpc.scheduler.claim.>'],
  ['>'],
  ['job.>'],
  ['job.result.>'],
  ['job.dispatch.>'],
  ['audit.>'],
  ['audit.acme.>'],
  ['audit.rival.>'],
  ['$KV.CONTROL.epoch'],
  ['_INBOX.>'],
  ...[...SERVICES, 'provisioner', WORKER, 'agent-acme', 'auditor-acme'].map((user): [string] => [`_INBOX_${user}.>`]),
];
const served = (service: string): string[] =>
  ALL_SUBSCRIBED.filter(([, queue]) => queue === service).map(([subject]) => `${subject} ${service}`);
const MAY_SUBSCRIBE: Record<string, string[]> = {
  ...Object.fromEntries(
    SERVICES.map((service) => [service, [`_INBOX_${service}.>`, '$KV.CONTROL.epoch', ...served(service)]]),
  ),
  ingress: [
    '_INBOX_ingress.>',
    '$KV.CONTROL.epoch',
    'rpc.ingress.submit.* ingress',
    'audit.>',
    'audit.acme.>',
    'audit.rival.>',
  ],
  provisioner: ['_INBOX_provisioner.>'],
  [WORKER]: [`_INBOX_${WORKER}.>`],
  'agent-acme': ['_INBOX_agent-acme.>'],
  'auditor-acme': ['_INBOX_auditor-acme.>', 'audit.acme.>'],
};

let nats: GuardedNats;
beforeAll(async () => {
  nats = await startGuardedNats(ROSTER);
  await provision(nats.server.url, nats.seedOf('provisioner'), ['desk-read', 'infra'], ['acme', 'rival']);
});
afterAll(() => nats[Symbol.asyncDispose]());

const asked = async <T>(items: readonly T[], ask: (item: T) => Promise<boolean>): Promise<T[]> => {
  const allowed: T[] = [];
  for (const item of items) if (await ask(item)) allowed.push(item);
  return allowed;
};

describe.each(Object.keys(MAY_PUBLISH))('%s', (user) => {
  let connection: NatsConnection;
  beforeAll(async () => {
    connection = await nats.connectAs(user);
  });

  test('publishes exactly its verbs', async () => {
    const allowed = await asked(ALL_PUBLISHED, (subject) => mayPublish(connection, subject));
    expect(allowed.sort()).toEqual([...MAY_PUBLISH[user]!].sort());
  });

  test('hears exactly what is meant for it', async () => {
    const allowed = await asked(ALL_SUBSCRIBED, ([subject, queue]) => maySubscribe(connection, subject, queue));
    expect(allowed.map((item) => item.join(' ')).sort()).toEqual([...MAY_SUBSCRIBE[user]!].sort());
  });
});

test('every user of a roster is covered here', () => {
  const covered = Object.keys(MAY_PUBLISH);
  const families = natsUsers(ROSTER).map(({ name }) =>
    name.replace('infra-one', 'desk-read-one').replace('rival', 'acme'),
  );
  expect(new Set(families)).toEqual(new Set(covered));
});

test('nobody gets in without a listed key', async () => {
  const stranger = (await import('@countersign/infra/nats/keys')).createNatsKey();
  await expect(connect({ servers: nats.server.url, reconnect: false })).rejects.toThrow(/authorization/i);
  await expect(
    connect({
      servers: nats.server.url,
      reconnect: false,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(stranger.seed)),
    }),
  ).rejects.toThrow(/authorization/i);
});

test('a worker pulls and acknowledges what was dispatched to its own pool', async () => {
  const scheduler = await nats.connectAs('scheduler');
  await jetstream(scheduler).publish('job.dispatch.infra.acme.demo.read', 'work');
  const worker = await nats.connectAs('worker-infra-one');
  const consumer = await jetstream(worker).consumers.get('DISPATCH', 'pool-infra');
  const message = await consumer.next({ expires: 5_000 });
  expect(message?.string()).toBe('work');
  expect(await message!.ackAck()).toBe(true);
});

test('an auditor replays its own tenant from the beginning', async () => {
  const audit = await nats.connectAs('audit');
  await jetstream(audit).publish('audit.acme.job_held.demo.replay', 'ours');
  await jetstream(audit).publish('audit.rival.job_held.demo.replay', 'theirs');
  const auditor = await nats.connectAs('auditor-acme');
  const consumer = await jetstream(auditor).consumers.get('AUDIT', 'auditor-acme');
  const subjects: string[] = [];
  for await (const message of await consumer.fetch({ max_messages: 100, expires: 1_000 })) {
    subjects.push(message.subject);
    message.ack();
  }
  expect(subjects).toContain('audit.acme.job_held.demo.replay');
  expect(subjects.every((subject) => subject.startsWith('audit.acme.'))).toBe(true);
});

test('a tenant and a worker make no consumers', async () => {
  for (const user of [WORKER, 'agent-acme', 'auditor-acme']) {
    const manager = await jetstreamManager(await nats.connectAs(user), { checkAPI: false, timeout: 500 });
    await expect(
      manager.consumers.add('AUDIT', { durable_name: 'mine', ack_policy: AckPolicy.None }),
    ).rejects.toThrow();
  }
});

test('a service answers a worker that came by reload, over the connection it had', async () => {
  await using changing = await startGuardedNats({ workers: [], tenants: [], auditors: [] });
  const scheduler = await changing.connectAs('scheduler');
  scheduler.subscribe('rpc.scheduler.claim.*.*', {
    queue: 'scheduler',
    callback: (_, message) => void message.respond('yes'),
  });
  await scheduler.flush();
  await changing.changeRoster({ workers: [{ pool: 'late', worker: 'one' }], tenants: [], auditors: [] });
  const worker = await changing.connectAs('worker-late-one');
  const answer = await worker.request('rpc.scheduler.claim.late.one', '', { timeout: 5_000 });
  expect(answer.string()).toBe('yes');
});

test('two names that make one user are refused', () => {
  const workers = [
    { pool: 'a-b', worker: 'c' },
    { pool: 'a', worker: 'b-c' },
  ];
  expect(() => natsUsers({ workers, tenants: [], auditors: [] })).toThrow('worker-a-b-c');
});
