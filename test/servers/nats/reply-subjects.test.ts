/**
 * A reply subject is a door: whoever answers publishes there. So every key outside of the services' account asks for answers
 * on every kind of subject of the system, in every way that makes a server or service answer, and nothing may change or be
 * heard outside of the key's own account. Spies listen to everything in each account.
 */

import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';
import { type BusUser, permissionsOf } from '@countersign/contracts/bus-users';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { RPC } from '@countersign/contracts/rpc';
import type { NatsUser } from '@countersign/infra/nats/permissions';
import { waitUntil } from '@countersign/infra/wait-until';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeStreams } from '../../harness/make-streams.ts';
import { type GuardedNats, startGuardedNats } from './connect-as.ts';

const ROSTER = {
  workers: [
    { pool: 'desk', worker: 'one' },
    { pool: 'desk', worker: 'two' },
    { pool: 'infra', worker: 'one' },
  ],
  tenants: ['acme', 'rival'],
  auditors: ['acme', 'rival'],
};
/** As their users are registered: the first pool's first, and so on. */
const ACCOUNTS = [SERVICES_ACCOUNT, 'POOL_1', 'POOL_2', 'TENANT_1', 'TENANT_2', 'AUDITOR_1', 'AUDITOR_2'] as const;
type Account = (typeof ACCOUNTS)[number];

function spyOf(account: Account): NatsUser {
  return {
    name: `spy-${account.toLowerCase().replace('_', '-')}`,
    account,
    permissions: { publish: ['$JS.API.>', 'job.dispatch.>', 'audit.>', '_R_.>'], subscribe: ['>'] },
  };
}

const STREAMS = ['INTAKE_acme', 'INTAKE_rival', 'DISPATCH', 'AUDIT'];
const CONSUMERS = ['INTAKE_acme.ingress', 'INTAKE_rival.ingress', 'DISPATCH.pool-desk', 'DISPATCH.pool-infra'];
const REPLIES = [
  ...STREAMS.flatMap((stream) => [
    `$JS.API.STREAM.PURGE.${stream}`,
    `$JS.API.STREAM.DELETE.${stream}`,
    `$JS.API.STREAM.UPDATE.${stream}`,
    `$JS.API.STREAM.MSG.DELETE.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
  ]),
  ...CONSUMERS.flatMap((consumer) => [
    `$JS.API.CONSUMER.DELETE.${consumer}`,
    `$JS.API.CONSUMER.PAUSE.${consumer}`,
    `$JS.API.CONSUMER.UNPIN.${consumer}`,
    `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
    `$JS.ACK.${consumer}.1.1.1.1700000000000000000.0`,
  ]),
  '$JS.API.STREAM.CREATE.MINE',
  '$JS.API.CONSUMER.CREATE.AUDIT.mine',
  '$JS.API.INFO',
  'control.epoch',
  '$SYS.REQ.USER.INFO',
  ...['acme', 'rival'].flatMap((tenant) => [
    `audit.${tenant}.job_held.demo.read`,
    `job.submit.${tenant}.reflected`,
    `job.held.${tenant}.demo.read`,
    `job.granted.${tenant}.demo.read`,
    `job.refused.${tenant}.demo.read`,
    `job.screened.${tenant}.demo.read`,
    `rpc.ingress.submit.${tenant}`,
    `probe.intake.${tenant}`,
    `_INBOX_agent-${tenant}.x`,
    `_INBOX_auditor-${tenant}.x`,
  ]),
  ...ROSTER.workers.flatMap(({ pool, worker }) => [
    `job.dispatch.${pool}.acme.demo.read`,
    `job.result.${pool}.${worker}.acme.demo.read`,
    `rpc.scheduler.claim.${pool}.${worker}`,
    `rpc.scheduler.beat.${pool}.${worker}`,
    `rpc.scheduler.hello.${pool}.${worker}`,
    `_INBOX_worker-${pool}-${worker}.x`,
  ]),
  ...Object.keys(RPC).map((verb) => `rpc.${verb}`),
  ...SERVICES.flatMap((service) => [`_INBOX_${service}.x`, `rpc.ping.${service}`]),
  '_INBOX_provisioner.x',
  '_R_.guess.guess',
  'anything.else',
];

/** The server takes no question that names one of its own reply subjects. */
const RESERVED = /^(\$JS\.ACK\.|_R_\.)/;
/** That wait in each consumer. What a pull brings carries its own subject, so that many replies are not heard. */
const MESSAGES = 3;

type Probe = { what: string; subject: string; body: string; header?: [string, string] };

/** Of one consumer: an empty status at once, a status after a while, a message, an error, and what an acknowledgement brings. */
function pulls(consumer: string): Probe[] {
  return [
    ...Object.entries({
      'a status at once': '{"batch":1,"expires":1,"no_wait":true,"idle_heartbeat":1}',
      'what is there or a status': '{"batch":1,"no_wait":true}',
      'a status for nonsense': '{"batch":',
      'a status for a bad request': '{"batch":1,"expires":1000000,"idle_heartbeat":9000000000}',
    }).map(([what, body]) => ({ what, subject: `$JS.API.CONSUMER.MSG.NEXT.${consumer}`, body })),
    ...['+ACK', '-NAK', '+TERM', '+WPI', '+NXT {"batch":1,"no_wait":true}'].map((body) => ({
      what: `what ${body} brings`,
      subject: `$JS.ACK.${consumer}.1.1.1.1700000000000000000.0`,
      body,
    })),
  ];
}
/** `delivers`: the subjects of the messages that its pulls bring. */
const KEYS: { user: string; who: BusUser; account: Account; probes: Probe[]; delivers?: string }[] = [
  {
    user: 'worker-desk-one',
    who: { kind: 'worker', pool: 'desk', worker: 'one' },
    account: 'POOL_1',
    delivers: 'job.dispatch.desk.>',
    probes: [
      ...pulls('DISPATCH.pool-desk'),
      { what: 'a claim', subject: 'rpc.scheduler.claim.desk.one', body: '{}' },
      { what: 'a beat', subject: 'rpc.scheduler.beat.desk.one', body: '{}' },
      { what: 'a hello', subject: 'rpc.scheduler.hello.desk.one', body: '{}' },
      { what: 'a result', subject: 'job.result.desk.one.acme.demo.read', body: '{}' },
    ],
  },
  {
    user: 'agent-acme',
    who: { kind: 'agent', tenant: 'acme' },
    account: 'TENANT_1',
    probes: [
      { what: 'an acknowledgement', subject: 'job.submit.acme.demo.read', body: 'signed' },
      {
        what: 'a refused publication',
        subject: 'job.submit.acme.demo.read',
        body: 'signed',
        header: ['Nats-Expected-Last-Msg-Id', 'none'],
      },
      { what: 'an answer', subject: 'rpc.ingress.submit.acme', body: '{}' },
    ],
  },
  {
    user: 'auditor-acme',
    who: { kind: 'auditor', tenant: 'acme' },
    account: 'AUDITOR_1',
    delivers: 'audit.acme.>',
    probes: [{ what: 'a replay', subject: 'rpc.audit.replay.acme', body: '{}' }],
  },
];

function subjectOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[.$]/g, '\\$&').replaceAll('*', '[^.]+');
  return new RegExp(`^${escaped.replace(/>$/, '.+')}$`);
}

let nats: GuardedNats;
let spies: Map<Account, { connection: NatsConnection; heard: string[] }>;
beforeAll(async () => {
  nats = await startGuardedNats(ROSTER, ACCOUNTS.map(spyOf));
  await makeStreams(nats.connectAs, { pools: ['desk', 'infra'], tenants: ROSTER.tenants });
  spies = new Map();
  for (const account of ACCOUNTS) {
    const connection = await nats.connectAs(spyOf(account).name);
    const heard: string[] = [];
    connection.subscribe('>', { callback: (_, { subject }) => void heard.push(subject) });
    await connection.flush();
    spies.set(account, { connection, heard });
  }
  const { connection } = spyIn(SERVICES_ACCOUNT);
  for (const subject of ['job.dispatch.desk.acme.demo.read', 'job.dispatch.infra.acme.demo.read'])
    for (let i = 0; i < MESSAGES; i += 1) await jetstream(connection).publish(subject, 'work');
  for (const tenant of ['acme', 'rival']) await jetstream(connection).publish(`audit.${tenant}.a.b`, 'entry');
  await answerAsServices();
});
afterAll(() => nats[Symbol.asyncDispose]());

function spyIn(account: Account) {
  return spies.get(account)!;
}

/** The services whom outsiders may ask, who answer anything. */
async function answerAsServices(): Promise<void> {
  for (const [service, subjects] of [
    ['scheduler', ['rpc.scheduler.claim.*.*', 'rpc.scheduler.beat.*.*', 'rpc.scheduler.hello.*.*']],
    ['output-safety', ['job.result.>']],
    ['ingress', ['rpc.ingress.submit.*']],
    ['audit', ['rpc.audit.replay.*']],
  ] as const) {
    const connection = await nats.connectAs(service);
    for (const subject of subjects)
      connection.subscribe(subject, { queue: service, callback: (_, message) => void message.respond('{"ok":true}') });
    await connection.flush();
  }
}

/** All that a key of another account must leave as it is; its own messages move on. */
async function stateBut(who: BusUser): Promise<unknown> {
  const manager = await jetstreamManager(spyIn(SERVICES_ACCOUNT).connection, { checkAPI: false });
  const streams: Record<string, unknown> = {};
  for await (const { config, state } of manager.streams.list()) {
    const own = who.kind === 'agent' && config.name === `INTAKE_${who.tenant}`;
    const drained = who.kind === 'worker' && config.name === 'DISPATCH';
    const { messages, first_seq, last_seq } = state;
    streams[config.name] = { config, state: own ? 'own' : drained ? { last_seq } : { messages, first_seq, last_seq } };
    for await (const { name, config: settings, delivered, ack_floor, num_pending, paused } of manager.consumers.list(
      config.name,
    )) {
      const mine =
        (who.kind === 'worker' && name === `pool-${who.pool}`) ||
        (who.kind === 'auditor' && name === `auditor-${who.tenant}`) ||
        (who.kind === 'agent' && config.name === `INTAKE_${who.tenant}`);
      const progress = mine ? 'own' : { delivered: delivered.stream_seq, ack_floor: ack_floor.stream_seq, num_pending };
      streams[`${config.name}.${name}`] = { settings, progress, paused };
    }
  }
  return streams;
}

describe.each(KEYS)('$user', ({ user, who, account, probes, delivers }) => {
  const messages = delivers === undefined ? [] : [subjectOf(delivers)];
  const own = permissionsOf(who).publish.map(subjectOf);
  /** What this user may ask, the answers on their way to it, its own messages among them, and what JetStream tells of itself. */
  const isExpected = (subject: string): boolean =>
    [...own, ...messages].some((pattern) => pattern.test(subject)) || /^(_R_\.|\$JS\.EVENT\.|_INBOX_spy)/.test(subject);

  test.each(probes)('reaches nothing with $what, whatever it names as reply', async ({ subject, body, header }) => {
    const before = await stateBut(who);
    const connection = await nats.connectAs(user);
    // That the server asks whether to let it in, and is answered, is through.
    for (const spy of spies.values()) await spy.connection.flush();
    for (const { heard } of spies.values()) heard.length = 0;
    const options = header ? { headers: headers() } : {};
    if (header) options.headers!.set(...header);
    for (const reply of REPLIES) connection.publish(subject, body, { ...options, reply });
    await connection.flush();
    // An answer to each question came, on the subject that it named, and stayed in the account.
    await waitUntil('every question was answered', () => {
      const heard = new Set(spyIn(account).heard);
      return REPLIES.filter((reply) => !RESERVED.test(reply) && !heard.has(reply)).length <= MESSAGES;
    });
    // What an answer has set off is through before the answer to this.
    for (const spy of spies.values()) await spy.connection.flush();
    const unexpected = spyIn(SERVICES_ACCOUNT).heard.filter((each) => !isExpected(each));

    expect(await stateBut(who)).toEqual(before);
    expect(unexpected).toEqual([]);
    const others = ACCOUNTS.filter((each) => each !== SERVICES_ACCOUNT && each !== account);
    expect(others.flatMap((other) => spyIn(other).heard)).toEqual([]);
    await connection.close();
  });
});
