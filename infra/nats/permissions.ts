/**
 * Says for the users whom the configuration lists (services and provisioner) exactly what they may publish and subscribe to,
 * made from the contracts' tables. Workers, agents and auditors come from the registry and stand in no configuration.
 */

import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';
import type { Permissions } from '@countersign/contracts/bus-users';
import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { RPC, type RpcVerb } from '@countersign/contracts/rpc';
import {
  ackSubjects,
  DISPATCH,
  HINTS,
  hintsTo,
  INTAKE_CONSUMER,
  pullSubject,
  RETIRED_STREAMS,
  STREAMS,
  type StreamSpec,
} from '@countersign/contracts/streams';
import { patterns, SYSTEM_EXPORTS, server, subjects } from '@countersign/contracts/subjects';

export type NatsUser = {
  name: string;
  /** Name of its account. */
  account: string;
  /** `deny` takes single subjects out of a wildcard that `publish` allows. */
  permissions: Permissions & { deny?: readonly string[] };
};

export const PROVISIONER = 'provisioner';

const EVERY_POOL = { stream: DISPATCH.name, durable: '*' };

/**
 * The streams' subjects that a service writes; what it asks of them for workers over HTTP, whose claims and results ingress
 * may only hand on to where their own signatures are verified.
 */
const PUBLISHES: Readonly<Partial<Record<ServiceName, readonly string[]>>> = {
  ingress: [patterns.forwardedResults()],
  scheduler: ['job.dispatch.>', pullSubject(EVERY_POOL), ackSubjects(EVERY_POOL)],
  audit: ['audit.>', subjects.checkpoint()],
};

/** Requests with parsers of their own, because a signature covers their bytes; so they are no verbs of the table. */
const DOORS: Readonly<Partial<Record<ServiceName, readonly string[]>>> = {
  ingress: [patterns.rpcSubmit()],
  'output-safety': [patterns.results(), patterns.forwardedResults()],
  audit: [patterns.replay()],
};

/** Who changes `control` (design section 2) and therefore wakes the others. */
const CONTROL_WRITERS: readonly ServiceName[] = ['ingress', 'policy-kernel', 'scheduler'];

/**
 * All tenants' shares of the intake, also of those to come. The server knows no wildcard within a token, so what belongs to
 * other owners is taken out again by name.
 */
const INTAKE_SUBJECTS: readonly string[] = [
  '$JS.API.STREAM.CREATE.*',
  '$JS.API.STREAM.INFO.*',
  `$JS.API.CONSUMER.CREATE.*.${INTAKE_CONSUMER}.>`,
  '$JS.API.CONSUMER.LIST.*',
  `$JS.API.CONSUMER.MSG.NEXT.*.${INTAKE_CONSUMER}`,
  `$JS.ACK.*.${INTAKE_CONSUMER}.>`,
  patterns.intakeProbe(),
];

/** Letting in who is registered, and ending the connection of who was revoked. */
const CONNECTIONS: readonly string[] = [server.authAnswers(), ...SYSTEM_EXPORTS.map(({ to }) => to)];

/** Everybody whom the configuration lists. Made last, of all that stands above. */
export const NATS_USERS: readonly NatsUser[] = [
  { name: PROVISIONER, account: SERVICES_ACCOUNT, permissions: provisionerPermissions() },
  ...SERVICES.map((service) => ({
    name: service,
    account: SERVICES_ACCOUNT,
    permissions: servicePermissions(service),
  })),
];

function servicePermissions(service: ServiceName): NatsUser['permissions'] {
  const served = verbsWhere((verb) => RPC[verb].service === service);
  const called = verbsWhere((verb) => (RPC[verb].callers as readonly string[]).includes(service));
  const doors = DOORS[service] ?? [];
  const writesControl = CONTROL_WRITERS.includes(service);
  return {
    publish: [
      ...called.map((verb) => `rpc.${verb}`),
      subjects.ping(service),
      patterns.inbox(service),
      ...replySubjects(service, served),
      ...(PUBLISHES[service] ?? []),
      ...HINTS.filter(({ from }) => from === service).map(({ subject }) => subject),
      ...(service === 'ingress' ? [...INTAKE_SUBJECTS, ...CONNECTIONS] : []),
      ...STREAMS.filter(({ owner }) => owner === service).flatMap(ownerSubjects),
      ...(writesControl ? [subjects.control()] : []),
    ],
    subscribe: [
      patterns.inbox(service),
      inQueue(subjects.ping(service), service),
      ...served.map((verb) => inQueue(servedSubject(verb), service)),
      ...hintsTo(service).map((subject) => inQueue(subject, service)),
      ...hintsTo(service, true),
      ...doors.map((door) => inQueue(door, service)),
      subjects.control(),
      // Watchers over HTTP hang off the evidence stream.
      ...(service === 'ingress' ? [patterns.evidence(), inQueue(server.authRequests(), service)] : []),
    ],
    ...(service === 'ingress' ? { deny: STREAMS.flatMap(othersSubjects) } : {}),
  };
}

function verbsWhere(holds: (verb: RpcVerb) => boolean): RpcVerb[] {
  return (Object.keys(RPC) as RpcVerb[]).filter(holds);
}

/**
 * Explicit inboxes instead of `allow_responses`: there the asker names any subject as its reply, and a service would
 * publish its answer to `job.granted.…` on the asker's behalf. The server itself names where answers to other accounts go.
 */
function replySubjects(service: ServiceName, served: readonly RpcVerb[]): string[] {
  const callers = new Set<string>(served.flatMap((verb) => RPC[verb].callers));
  const hasOutsideCallers = DOORS[service] !== undefined || callers.has('worker');
  return [
    ...SERVICES.filter((caller) => callers.has(caller)).map((caller) => patterns.inbox(caller)),
    ...(hasOutsideCallers ? [patterns.otherAccounts()] : []),
  ];
}

/**
 * What the owner of a stream needs to make it and its consumers and to look at both. It never updates, deletes or purges:
 * a drift stays for a person to judge.
 */
function ownerSubjects({ name, probe }: StreamSpec): string[] {
  return [
    `$JS.API.STREAM.CREATE.${name}`,
    `$JS.API.STREAM.INFO.${name}`,
    `$JS.API.CONSUMER.CREATE.${name}.>`,
    `$JS.API.CONSUMER.LIST.${name}`,
    ...(probe === null ? [] : [probe]),
    // Whether it still ends where its writer believes.
    ...(name === 'AUDIT' ? [`$JS.API.STREAM.MSG.GET.${name}`] : []),
  ];
}

/** The server lets a service listen only within its queue group: nobody can listen in beside the others of its kind. */
function inQueue(subject: string, service: ServiceName): string {
  return `${subject} ${service}`;
}

function servedSubject(verb: RpcVerb): string {
  if (verb === 'scheduler.claim') return patterns.claim();
  if (verb === 'scheduler.beat') return patterns.beat();
  if (verb === 'scheduler.hello') return patterns.hello();
  return `rpc.${verb}`;
}

function othersSubjects({ name }: StreamSpec): string[] {
  return [
    `$JS.API.STREAM.CREATE.${name}`,
    `$JS.API.STREAM.INFO.${name}`,
    `$JS.API.CONSUMER.CREATE.${name}.>`,
    `$JS.API.CONSUMER.LIST.${name}`,
    `$JS.API.CONSUMER.MSG.NEXT.${name}.>`,
    `$JS.ACK.${name}.>`,
  ];
}

/** Looks at the streams, which their owners make, and deletes those that no version uses any more. */
function provisionerPermissions(): Permissions {
  return {
    publish: [
      '$JS.API.STREAM.INFO.*',
      '$JS.API.CONSUMER.INFO.*.*',
      ...RETIRED_STREAMS.map((stream) => `$JS.API.STREAM.DELETE.${stream}`),
    ],
    subscribe: [patterns.inbox(PROVISIONER)],
  };
}
