// Says for every NATS user exactly what it may publish and subscribe to, made from the contracts' tables. It never
// grants a wildcard over more than one owner's subjects, and no user of a worker or tenant creates a consumer.

import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { RPC, type RpcVerb } from '@countersign/contracts/rpc';
import {
  ackSubjects,
  type ConsumerSpec,
  HINTS,
  hintsTo,
  intakeConsumer,
  intakeStream,
  isIntake,
  poolConsumer,
  pullSubject,
  RETIRED_STREAMS,
  STREAMS,
  type StreamSpec,
} from '@countersign/contracts/streams';
import { agentUser, auditorUser, patterns, subjects, USER_INFO, workerUser } from '@countersign/contracts/subjects';
import { type Account, SERVICES_ACCOUNT } from './accounts.ts';

export type Permissions = { publish: readonly string[]; subscribe: readonly string[] };
export type NatsUser = { name: string; account: Account; permissions: Permissions };

/** Everybody besides the services and the provisioner. */
export type Roster = {
  workers: readonly { pool: string; worker: string }[];
  /** Tenants whose agents may use the bus. */
  tenants: readonly string[];
  /** Tenants whose evidence somebody may follow on the bus. */
  auditors: readonly string[];
};

export const PROVISIONER = 'provisioner';

/** The streams' subjects that a service writes. */
const PUBLISHES: Readonly<Partial<Record<ServiceName, readonly string[]>>> = {
  scheduler: ['job.dispatch.>'],
  audit: ['audit.>', subjects.checkpoint()],
};

/** Requests with parsers of their own, because a signature covers their bytes; so they are no verbs of the table. */
const DOORS: Readonly<Partial<Record<ServiceName, string>>> = {
  ingress: patterns.rpcSubmit(),
  'output-safety': patterns.results(),
  audit: patterns.replay(),
};

/** Who changes `control` (design section 2) and therefore wakes the others. */
const CONTROL_WRITERS: readonly ServiceName[] = ['ingress', 'policy-kernel', 'scheduler'];

/** Throws when two names of the roster make one user (they would share an inbox), and for more tenants than the bus has room for. */
export function natsUsers(roster: Roster): NatsUser[] {
  if (roster.tenants.length > LIMITS.intake_tenants)
    throw new TypeError(`no more than ${LIMITS.intake_tenants} tenants can have a door on the bus`);
  const users: NatsUser[] = [
    { name: PROVISIONER, account: SERVICES_ACCOUNT, permissions: provisionerPermissions(roster.tenants) },
    ...SERVICES.map((service) => ({
      name: service,
      account: SERVICES_ACCOUNT,
      permissions: servicePermissions(service, roster.tenants),
    })),
    ...roster.workers.map(({ pool, worker }) => ({
      name: workerUser(pool, worker),
      account: { kind: 'pool' as const, pool },
      permissions: workerPermissions(pool, worker),
    })),
    ...roster.tenants.map((tenant) => ({
      name: agentUser(tenant),
      account: { kind: 'tenant' as const, tenant },
      permissions: agentPermissions(tenant),
    })),
    ...roster.auditors.map((tenant) => ({
      name: auditorUser(tenant),
      account: { kind: 'auditor' as const, tenant },
      permissions: auditorPermissions(tenant),
    })),
  ];
  const names = users.map((user) => user.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new TypeError(`two NATS users would be called ${twice}`);
  return users;
}

function servicePermissions(service: ServiceName, tenants: Roster['tenants']): Permissions {
  const served = verbsWhere((verb) => RPC[verb].service === service);
  const called = verbsWhere((verb) => (RPC[verb].callers as readonly string[]).includes(service));
  const door = DOORS[service];
  const writesControl = CONTROL_WRITERS.includes(service);
  return {
    publish: [
      ...called.map((verb) => `rpc.${verb}`),
      subjects.ping(service),
      patterns.inbox(service),
      ...replySubjects(service, served),
      ...(PUBLISHES[service] ?? []),
      ...HINTS.filter(({ from }) => from === service).map(({ subject }) => subject),
      ...(service === 'ingress' ? tenants.flatMap(intakeSubjects) : []),
      ...(service === 'ingress' ? [USER_INFO] : []),
      ...STREAMS.filter(({ owner }) => owner === service).flatMap(ownerSubjects),
      ...(writesControl ? [subjects.control()] : []),
    ],
    subscribe: [
      patterns.inbox(service),
      inQueue(subjects.ping(service), service),
      ...served.map((verb) => inQueue(servedSubject(verb), service)),
      ...hintsTo(service).map((subject) => inQueue(subject, service)),
      ...(door === undefined ? [] : [inQueue(door, service)]),
      subjects.control(),
      // Watchers over HTTP hang off the evidence stream.
      ...(service === 'ingress' ? ['audit.>'] : []),
    ],
  };
}

/** The server lets a service listen only within its queue group: nobody can listen in beside the others of its kind. */
const inQueue = (subject: string, service: ServiceName): string => `${subject} ${service}`;

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

const verbsWhere = (holds: (verb: RpcVerb) => boolean): RpcVerb[] => (Object.keys(RPC) as RpcVerb[]).filter(holds);

const servedSubject = (verb: RpcVerb): string => {
  if (verb === 'scheduler.claim') return patterns.claim();
  if (verb === 'scheduler.beat') return patterns.beat();
  return `rpc.${verb}`;
};

/**
 * What the owner of a stream needs to make it and its consumers and to look at both. It never updates, deletes or purges:
 * a drift stays for a person to judge.
 */
const ownerSubjects = ({ name, probe }: StreamSpec): string[] => [
  `$JS.API.STREAM.CREATE.${name}`,
  `$JS.API.STREAM.INFO.${name}`,
  `$JS.API.CONSUMER.CREATE.${name}.>`,
  `$JS.API.CONSUMER.LIST.${name}`,
  ...(probe === null ? [] : [probe]),
  // Whether it still ends where its writer believes.
  ...(name === 'AUDIT' ? [`$JS.API.STREAM.MSG.GET.${name}`] : []),
];

/** A tenant's share of the intake. Exact names, since the server knows no wildcard within a token. */
const intakeSubjects = (tenant: string): string[] => [
  ...ownerSubjects(intakeStream(tenant)),
  ...pullSubjects(intakeConsumer(tenant)),
];

/** Pulling from one durable and acknowledging its messages. */
const pullSubjects = (consumer: ConsumerSpec): string[] => [pullSubject(consumer), ackSubjects(consumer)];

const workerPermissions = (pool: string, worker: string): Permissions => ({
  publish: [
    subjects.claim(pool, worker),
    subjects.beat(pool, worker),
    patterns.result(pool, worker),
    ...pullSubjects(poolConsumer(pool)),
  ],
  subscribe: [patterns.inbox(workerUser(pool, worker))],
});

const agentPermissions = (tenant: string): Permissions => ({
  publish: [patterns.submit(tenant), subjects.rpcSubmit(tenant)],
  subscribe: [patterns.inbox(agentUser(tenant))],
});

/** Live over the core subscription; from any point on by asking audit. */
const auditorPermissions = (tenant: string): Permissions => ({
  publish: [subjects.replay(tenant)],
  subscribe: [patterns.inbox(auditorUser(tenant)), patterns.audit(tenant), subjects.checkpoint()],
});

/** Looks at the streams, which their owners make, and deletes those that no version uses any more. */
const provisionerPermissions = (tenants: Roster['tenants']): Permissions => ({
  publish: [
    ...[...STREAMS, ...tenants.map(intakeStream)].flatMap(({ name }) => [
      `$JS.API.STREAM.INFO.${name}`,
      `$JS.API.CONSUMER.INFO.${name}.*`,
    ]),
    // Whether it is empty, before it is deleted.
    ...RETIRED_STREAMS.filter(isIntake).map((stream) => `$JS.API.STREAM.INFO.${stream}`),
    ...RETIRED_STREAMS.map((stream) => `$JS.API.STREAM.DELETE.${stream}`),
  ],
  subscribe: [patterns.inbox(PROVISIONER)],
});
