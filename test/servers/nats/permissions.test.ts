import { busUserName } from '@countersign/contracts/bus-users';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { RPC, type RpcVerb } from '@countersign/contracts/rpc';
import { intakeStream } from '@countersign/contracts/streams';
import { server } from '@countersign/contracts/subjects';
import { busUsersOf, type Roster } from '@countersign/infra/development-roster';
import { NATS_USERS } from '@countersign/infra/nats/permissions';
import { waitUntil } from '@countersign/infra/wait-until';
import { newStream } from '@countersign/platform/stream-config';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type Msg, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeStreams } from '../../harness/make-streams.ts';
import { type GuardedNats, mayPublish, maySubscribe, startGuardedNats } from './connect-as.ts';

/** Left to itself the client gives up after one second. */
const PATIENT = { timeout: 20_000 };
const ROSTER: Roster = {
  workers: [
    { pool: 'desk-read', worker: 'one' },
    { pool: 'infra', worker: 'one' },
  ],
  tenants: ['acme', 'rival'],
  auditors: ['acme'],
};
const WORKER = 'worker-desk-read-one';

/** Where a server takes an answer to another account. */
const OTHER_ACCOUNTS = '_R_.a.b';

/** Subjects of the whole system, with one concrete subject for each family; a user may publish to few of them. */
function makes(stream: string): string[] {
  return [
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.mine`,
    `$JS.API.CONSUMER.CREATE.${stream}.ingress.x`,
    `$JS.API.CONSUMER.LIST.${stream}`,
  ];
}

function makesIntake(stream: string): string[] {
  return makes(stream).filter((subject) => !subject.endsWith('.mine'));
}
const SERVER = 'N'.padEnd(56, 'A');
const [CONNECTIONS, DISCONNECT] = [server.connections(SERVER), server.disconnect(SERVER)];

/** Each service asks itself, and answers itself, whether questions arrive. */
function asksItself(user: string): string[] {
  return (SERVICES as readonly string[]).includes(user) ? [`rpc.ping.${user}`, `_INBOX_${user}.x`] : [];
}
const ALL_PUBLISHED = [
  ...(Object.keys(RPC) as RpcVerb[]).map((verb) => `rpc.${verb}`),
  'rpc.scheduler.claim.desk-read.one',
  'rpc.scheduler.claim.desk-read.two',
  'rpc.scheduler.claim.infra.one',
  'rpc.scheduler.beat.desk-read.one',
  'rpc.scheduler.beat.infra.one',
  'rpc.scheduler.hello.desk-read.one',
  'rpc.scheduler.hello.desk-read.two',
  'rpc.scheduler.hello.infra.one',
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
  'rpc.output.result.infra.one.acme.demo.read',
  'job.screened.acme.demo.read',
  'job.waited',
  'job.ended',
  'audit.acme.job_held.demo.read',
  'ledger.checkpoint',
  'control.epoch',
  '$KV.CONTROL.epoch',
  ...SERVICES.flatMap(asksItself),
  'probe.intake.acme',
  'probe.intake.rival',
  'probe.dispatch',
  'probe.audit',
  '$SYS.REQ.USER.INFO',
  '$SYS.REQ.USER.AUTH',
  '$SYS._INBOX.a.b',
  CONNECTIONS,
  DISCONNECT,
  `$SYS.REQ.SERVER.${SERVER}.KICK`,
  `$SYS.REQ.SERVER.${SERVER}.CONNZ`,
  '$JS.API.CONSUMER.CREATE.INTAKE_late.ingress.job.submit.late.>',
  '$JS.API.CONSUMER.CREATE.AUDIT.ingress.audit.acme.>',
  '$JS.API.CONSUMER.CREATE.DISPATCH.ingress.job.dispatch.infra.>',
  '$JS.API.CONSUMER.MSG.NEXT.AUDIT.ingress',
  '$JS.API.CONSUMER.MSG.NEXT.DISPATCH.ingress',
  'rpc.audit.replay.acme',
  'rpc.audit.replay.rival',
  `_INBOX_${WORKER}.x`,
  '_INBOX_worker-infra-one.x',
  '_INBOX_agent-acme.x',
  '_INBOX_auditor-acme.x',
  '_INBOX.x',
  OTHER_ACCOUNTS,
  ...['INTAKE_acme.ingress', 'INTAKE_rival.ingress', 'DISPATCH.pool-desk-read', 'AUDIT.auditor-acme'].map(
    (durable) => `$JS.API.CONSUMER.INFO.${durable}`,
  ),
  ...[
    'INTAKE_acme.ingress',
    'INTAKE_rival.ingress',
    'DISPATCH.pool-desk-read',
    'DISPATCH.pool-infra',
    'AUDIT.auditor-acme',
    'AUDIT.auditor-rival',
  ].flatMap((durable) => [`$JS.API.CONSUMER.MSG.NEXT.${durable}`, `$JS.ACK.${durable}.1.1.1.1.1`]),
  '$JS.API.STREAM.DELETE.INTAKE',
  '$JS.API.STREAM.DELETE.INTAKE_acme',
  '$JS.API.STREAM.INFO.INTAKE',
  '$JS.API.STREAM.UPDATE.AUDIT',
  '$JS.API.STREAM.PURGE.AUDIT',
  '$JS.API.STREAM.MSG.DELETE.AUDIT',
  '$JS.API.STREAM.DELETE.RESULTS',
  '$JS.API.STREAM.MSG.GET.DISPATCH',
  '$JS.API.STREAM.MSG.GET.AUDIT',
  ...['INTAKE_acme', 'INTAKE_rival', 'INTAKE_late', 'DISPATCH', 'AUDIT'].flatMap(makes),
  '$JS.API.DIRECT.GET.AUDIT',
  '$JS.API.CONSUMER.DURABLE.CREATE.DISPATCH.mine',
  '$JS.API.CONSUMER.DELETE.DISPATCH.pool-desk-read',
];

function pulls(durable: string): string[] {
  return [`$JS.API.CONSUMER.MSG.NEXT.${durable}`, `$JS.ACK.${durable}.1.1.1.1.1`];
}
const MAY_PUBLISH: Record<string, string[]> = {
  ingress: [
    'rpc.policy.decide',
    'rpc.policy.simulate',
    'rpc.policy.explain',
    'rpc.policy.publish',
    'rpc.policy.bundles',
    'rpc.policy.document',
    'rpc.policy.activate',
    'rpc.policy.shadow',
    'rpc.policy.shadowing',
    'rpc.policy.replay',
    'rpc.policy.active',
    'rpc.scheduler.admit',
    'rpc.scheduler.get',
    'rpc.scheduler.list',
    'rpc.scheduler.cancel',
    'rpc.scheduler.follow_up',
    'rpc.scheduler.dead_letters',
    'rpc.scheduler.erase',
    'rpc.scheduler.erasures',
    'rpc.scheduler.hold',
    'rpc.scheduler.holds',
    'rpc.scheduler.keep',
    'rpc.scheduler.lift_hold',
    'rpc.scheduler.retention',
    'rpc.scheduler.dead_letter',
    'rpc.scheduler.discard',
    'rpc.scheduler.worker_uses',
    'rpc.scheduler.stops',
    'rpc.scheduler.stop',
    'rpc.scheduler.lift',
    // What workers over HTTP signed, to where that is verified; not `rpc.scheduler.claim.…`, nor the stream of warrants.
    'rpc.scheduler.worker',
    'rpc.scheduler.next',
    'rpc.scheduler.give_back',
    'rpc.output.result.infra.one.acme.demo.read',
    'job.waited',
    'rpc.approval.list',
    'rpc.approval.get',
    'rpc.approval.vote',
    'rpc.approval.withdraw',
    'rpc.approval.break_glass',
    'rpc.approval.reviews',
    'rpc.approval.get_review',
    'rpc.approval.sign_review',
    'rpc.approval.grants',
    'rpc.approval.counter_offer',
    'rpc.approval.revoke_grant',
    'rpc.output.artifact_end',
    'rpc.output.artifact_part',
    'rpc.output.artifact_read',
    'rpc.output.artifacts',
    'rpc.output.read',
    'rpc.output.quarantined',
    'rpc.output.open',
    'rpc.output.opened_artifact',
    'rpc.output.release',
    'rpc.output.discard',
    'rpc.audit.kpis',
    'rpc.audit.timeline',
    'rpc.audit.decisions',
    'rpc.audit.deliveries',
    'rpc.audit.population',
    'rpc.audit.record',
    'rpc.audit.retry_delivery',
    'rpc.audit.entries',
    'rpc.audit.checkpoint',
    'rpc.audit.inclusion',
    'rpc.audit.consistency',
    'rpc.audit.tile',
    'control.epoch',
    OTHER_ACCOUNTS,
    ...['acme', 'rival'].flatMap((tenant) => [...pulls(`INTAKE_${tenant}.ingress`), `probe.intake.${tenant}`]),
    // Those of tenants that come later, too; and no other stream's.
    ...['acme', 'rival', 'late'].flatMap((tenant) => makesIntake(`INTAKE_${tenant}`)),
    '$JS.API.STREAM.INFO.INTAKE',
    '$JS.API.CONSUMER.CREATE.INTAKE_late.ingress.job.submit.late.>',
    // Who is let in, who is there, and whom it ends.
    '$SYS._INBOX.a.b',
    CONNECTIONS,
    DISCONNECT,
  ],
  'policy-kernel': ['control.epoch', '_INBOX_ingress.x', '_INBOX_scheduler.x'],
  approval: ['job.granted.acme.demo.read', 'job.refused.acme.demo.read', '_INBOX_ingress.x'],
  scheduler: [
    'rpc.policy.decide',
    'job.held.acme.demo.read',
    'job.ended',
    'job.dispatch.desk-read.acme.demo.read',
    ...makes('DISPATCH'),
    '$JS.API.CONSUMER.CREATE.DISPATCH.ingress.job.dispatch.infra.>',
    'probe.dispatch',
    // For workers over HTTP, who pull through it.
    ...['pool-desk-read', 'pool-infra'].flatMap((durable) => pulls(`DISPATCH.${durable}`)),
    '$JS.API.CONSUMER.MSG.NEXT.DISPATCH.ingress',
    'control.epoch',
    '_INBOX_ingress.x',
    OTHER_ACCOUNTS,
  ],
  'output-safety': ['job.screened.acme.demo.read', 'job.ended', '_INBOX_ingress.x', OTHER_ACCOUNTS],
  audit: [
    'audit.acme.job_held.demo.read',
    'ledger.checkpoint',
    '_INBOX_ingress.x',
    OTHER_ACCOUNTS,
    ...makes('AUDIT'),
    '$JS.API.CONSUMER.CREATE.AUDIT.ingress.audit.acme.>',
    '$JS.API.STREAM.MSG.GET.AUDIT',
  ],
  provisioner: [
    ...['INTAKE', 'INTAKE_acme', 'INTAKE_rival', 'INTAKE_late', 'DISPATCH', 'AUDIT'].map(
      (stream) => `$JS.API.STREAM.INFO.${stream}`,
    ),
    '$JS.API.STREAM.DELETE.RESULTS',
    // Of earlier versions.
    '$JS.API.STREAM.DELETE.INTAKE',
    ...['INTAKE_acme.ingress', 'INTAKE_rival.ingress', 'DISPATCH.pool-desk-read', 'AUDIT.auditor-acme'].map(
      (d) => `$JS.API.CONSUMER.INFO.${d}`,
    ),
  ],
  [WORKER]: [
    'rpc.scheduler.claim.desk-read.one',
    'rpc.scheduler.beat.desk-read.one',
    'rpc.scheduler.hello.desk-read.one',
    'job.result.desk-read.one.acme.demo.read',
    ...pulls('DISPATCH.pool-desk-read'),
  ],
  'agent-acme': ['job.submit.acme.demo.read', 'rpc.ingress.submit.acme'],
  'auditor-acme': ['rpc.audit.replay.acme'],
};

const ALL_SUBSCRIBED: [subject: string, queue?: string][] = [
  ...(Object.keys(RPC) as RpcVerb[])
    .filter((verb) => !['scheduler.claim', 'scheduler.beat', 'scheduler.hello'].includes(verb))
    .map((verb): [string, string] => [`rpc.${verb}`, RPC[verb].service]),
  ...SERVICES.map((service): [string, string] => [`rpc.ping.${service}`, service]),
  ['rpc.scheduler.claim.*.*', 'scheduler'],
  ['rpc.scheduler.beat.*.*', 'scheduler'],
  ['rpc.scheduler.hello.*.*', 'scheduler'],
  ['rpc.ingress.submit.*', 'ingress'],
  ['rpc.audit.replay.*', 'audit'],
  ['job.result.>', 'output-safety'],
  ['rpc.output.result.>', 'output-safety'],
  ['job.held.>', 'approval'],
  ['job.granted.>', 'scheduler'],
  ['job.refused.>', 'scheduler'],
  ['job.screened.>', 'scheduler'],
  ['job.held.>'],
  ['job.screened.>'],
  ['job.waited'],
  ['job.waited', 'output-safety'],
  ['job.ended'],
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
  ['ledger.checkpoint'],
  ['control.epoch'],
  ['$SYS.REQ.USER.AUTH'],
  ['$SYS.REQ.USER.AUTH', 'ingress'],
  ['$SYS._INBOX.>'],
  ['$SYS.>'],
  ['_INBOX.>'],
  ['_R_.>'],
  ...[...SERVICES, 'provisioner', WORKER, 'agent-acme', 'auditor-acme'].map((user): [string] => [`_INBOX_${user}.>`]),
];

function served(service: string): string[] {
  return ALL_SUBSCRIBED.filter(([, queue]) => queue === service).map(([subject]) => `${subject} ${service}`);
}
const MAY_SUBSCRIBE: Record<string, string[]> = {
  ...Object.fromEntries(
    SERVICES.map((service) => [service, [`_INBOX_${service}.>`, 'control.epoch', ...served(service)]]),
  ),
  ingress: [
    '_INBOX_ingress.>',
    'control.epoch',
    'rpc.ingress.submit.* ingress',
    'rpc.ping.ingress ingress',
    'job.ended',
    'audit.>',
    'audit.acme.>',
    'audit.rival.>',
    '$SYS.REQ.USER.AUTH ingress',
  ],
  'output-safety': ['_INBOX_output-safety.>', 'control.epoch', 'job.waited', ...served('output-safety')],
  provisioner: ['_INBOX_provisioner.>'],
  [WORKER]: [`_INBOX_${WORKER}.>`],
  'agent-acme': ['_INBOX_agent-acme.>'],
  'auditor-acme': ['_INBOX_auditor-acme.>', 'audit.acme.>', 'ledger.checkpoint'],
};

let nats: GuardedNats;
beforeAll(async () => {
  nats = await startGuardedNats(ROSTER);
  await makeStreams(nats.connectAs, { pools: ['desk-read', 'infra'], tenants: ROSTER.tenants });
});
afterAll(() => nats[Symbol.asyncDispose]());

async function asked<T>(items: readonly T[], ask: (item: T) => Promise<boolean>): Promise<T[]> {
  const allowed: T[] = [];
  for (const item of items) if (await ask(item)) allowed.push(item);
  return allowed;
}

describe.each(Object.keys(MAY_PUBLISH))('%s', (user) => {
  let connection: NatsConnection;
  beforeAll(async () => {
    connection = await nats.connectAs(user);
  });
  // It stands in queue groups by then, and never answers.
  afterAll(() => connection.close());

  test('publishes exactly its verbs', async () => {
    const allowed = await asked(ALL_PUBLISHED, (subject) => mayPublish(connection, subject));
    expect(allowed.sort()).toEqual([...MAY_PUBLISH[user]!, ...asksItself(user)].sort());
  });

  test('hears exactly what is meant for it', async () => {
    const allowed = await asked(ALL_SUBSCRIBED, ([subject, queue]) => maySubscribe(connection, subject, queue));
    expect(allowed.map((item) => item.join(' ')).sort()).toEqual([...MAY_SUBSCRIBE[user]!].sort());
  });
});

test('every user of a roster is covered here', () => {
  const covered = Object.keys(MAY_PUBLISH);
  const families = [...NATS_USERS.map(({ name }) => name), ...busUsersOf(ROSTER).map(busUserName)].map((name) =>
    name.replace('infra-one', 'desk-read-one').replace('rival', 'acme'),
  );
  expect(new Set(families)).toEqual(new Set(covered));
});

test('nobody gets in without a listed key', async () => {
  const stranger = (await import('@countersign/platform/nats-key')).createNatsKey();
  await expect(connect({ servers: nats.server.url, reconnect: false })).rejects.toThrow(/authorization/i);
  await expect(
    connect({
      servers: nats.server.url,
      reconnect: false,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(stranger.seed)),
    }),
  ).rejects.toThrow(/authorization/i);
});

/** Asks for one message, as the platform does. */
function pullOne(connection: NatsConnection, durable: string): Promise<Msg> {
  return connection.request(`$JS.API.CONSUMER.MSG.NEXT.${durable}`, '{"batch":1,"expires":5000000000}', {
    timeout: 6_000,
    // What comes carries its own subject.
    noMux: true,
  });
}

test('a worker pulls and acknowledges what was dispatched to its own pool', async () => {
  const scheduler = await nats.connectAs('scheduler');
  await jetstream(scheduler).publish('job.dispatch.infra.acme.demo.read', 'work');
  const worker = await nats.connectAs('worker-infra-one');
  const message = await pullOne(worker, 'DISPATCH.pool-infra');
  expect(message.string()).toBe('work');
  expect((await worker.request(message.reply!, '+ACK', PATIENT)).string()).toBe('');
  const manager = await jetstreamManager(await nats.connectAs('provisioner'), { checkAPI: false });
  expect(await manager.consumers.info('DISPATCH', 'pool-infra')).toMatchObject({ num_ack_pending: 0, num_pending: 0 });
});

test('an auditor hears its own tenant live, and asks for its own evidence alone', async () => {
  const audit = await nats.connectAs('audit');
  audit.subscribe('rpc.audit.replay.*', {
    queue: 'audit',
    callback: (_, message) => void message.respond(message.subject),
  });
  const auditor = await nats.connectAs('auditor-acme');
  const live: string[] = [];
  auditor.subscribe('audit.acme.>', { callback: (_, { subject }) => void live.push(subject) });
  await Promise.all([audit.flush(), auditor.flush()]);
  const answer = await auditor.request('rpc.audit.replay.acme', '', { timeout: 5_000 });
  expect(answer.string()).toBe('rpc.audit.replay.acme');
  await expect(auditor.request('rpc.audit.replay.rival', '', { timeout: 500 })).rejects.toThrow();
  await jetstream(audit).publish('audit.rival.job_held.demo.replay', 'theirs');
  await jetstream(audit).publish('audit.acme.job_held.demo.replay', 'ours');
  await waitUntil('it is heard', () => live.length > 0);
  expect(live).toEqual(['audit.acme.job_held.demo.replay']);
});

test('an agent hears that its request is stored, from the stream it is meant for', async () => {
  const agent = await nats.connectAs('agent-acme');
  const stored = await agent.request('job.submit.acme.demo.read', 'signed', { timeout: 5_000 });
  expect(stored.json()).toMatchObject({ stream: 'INTAKE_acme', seq: expect.any(Number) });
});

test('a tenant that has filled its share of the intake takes no room from another', async () => {
  const [agent, rival] = [await nats.connectAs('agent-acme'), await nats.connectAs('agent-rival')];
  const big = 'x'.repeat(LIMITS.message_bytes - 1024);
  const leave = async (from: NatsConnection, tenant: string, text: string): Promise<{ error?: object; seq?: number }> =>
    (await from.request(`job.submit.${tenant}.demo.read`, text, { timeout: 10_000 })).json();
  let stored = 0;
  for (;;) {
    const { error } = await leave(agent, 'acme', big);
    if (error !== undefined) break;
    stored += big.length;
    expect(stored).toBeLessThanOrEqual(LIMITS.intake_bytes);
  }
  expect(await leave(agent, 'acme', big)).toMatchObject({ error: { description: 'maximum bytes exceeded' } });
  for (let i = 0; i < 4; i += 1)
    expect(await leave(rival, 'rival', big)).toMatchObject({ stream: 'INTAKE_rival', seq: expect.any(Number) });
});

test('a tenant and a worker make no consumers', async () => {
  for (const user of [WORKER, 'agent-acme', 'auditor-acme']) {
    const manager = await jetstreamManager(await nats.connectAs(user), { checkAPI: false, timeout: 500 });
    await expect(
      manager.consumers.add('AUDIT', { durable_name: 'mine', ack_policy: AckPolicy.None }),
    ).rejects.toThrow();
  }
});

test('who is registered while all run is let in at once, over the connections that services have', async () => {
  await using growing = await startGuardedNats({
    workers: [{ pool: 'early', worker: 'one' }],
    tenants: ['early'],
    auditors: ['early'],
  });
  await makeStreams(growing.connectAs, { pools: ['early', 'late'], tenants: ['early'] });
  const scheduler = await growing.connectAs('scheduler');
  const audit = await growing.connectAs('audit');
  const ingress = await growing.connectAs('ingress');
  scheduler.subscribe('rpc.scheduler.claim.*.*', {
    queue: 'scheduler',
    callback: (_, message) => void message.respond('yes'),
  });
  await scheduler.flush();
  const first = await growing.connectAs('worker-early-one');
  const waiting = pullOne(first, 'DISPATCH.pool-early');
  await first.flush();
  await expect(growing.connectAs('worker-late-one')).rejects.toThrow(/authorization/i);
  growing.register({ workers: [{ pool: 'late', worker: 'one' }], tenants: ['late'], auditors: ['late'] });

  const worker = await growing.connectAs('worker-late-one');
  expect((await worker.request('rpc.scheduler.claim.late.one', '', PATIENT)).string()).toBe('yes');
  await jetstream(scheduler).publish('job.dispatch.late.late.demo.read', 'work');
  expect((await pullOne(worker, 'DISPATCH.pool-late')).string()).toBe('work');
  const { name, ...config } = newStream(intakeStream('late'), ingress.info!.version);
  await ingress.request(`$JS.API.STREAM.CREATE.${name}`, JSON.stringify({ name, ...config }), PATIENT);
  const agent = await growing.connectAs('agent-late');
  const stored = await agent.request('job.submit.late.demo.read', 'signed', PATIENT);
  expect(stored.json()).toMatchObject({ stream: 'INTAKE_late' });
  const auditor = await growing.connectAs('auditor-late');
  const live: string[] = [];
  auditor.subscribe('audit.late.>', { callback: (_, { subject }) => void live.push(subject) });
  await auditor.flush();
  await jetstream(audit).publish('audit.late.job_held.demo.read', 'entry');
  await waitUntil('the auditor hears it', () => live.length > 0);

  // Who was there before has lost nothing: neither its verbs nor the pull that it had open.
  expect((await first.request('rpc.scheduler.claim.early.one', '', PATIENT)).string()).toBe('yes');
  await jetstream(scheduler).publish('job.dispatch.early.early.demo.read', 'more work');
  expect((await waiting).string()).toBe('more work');
});
