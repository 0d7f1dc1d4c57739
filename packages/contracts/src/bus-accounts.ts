/**
 * The NATS accounts: the services' own, and a fixed number for pools, tenants and auditors, of which each pool, tenant and
 * tenant's auditors gets one of its own when its first user is registered. So the server's configuration never changes
 * with who takes part. An account bounds where answers go; what its users may ask is bounded user by user.
 */
import { LIMITS } from './limits.ts';
import { ackSubjects, DISPATCH, pullSubject } from './streams.ts';
import { patterns, subjects } from './subjects.ts';

/** Upper case keeps them apart from every token. The only one with JetStream. */
export const SERVICES_ACCOUNT = 'SERVICES';
/** The server's own, through which connections are listed and ended. Nobody stands in it. */
export const SYSTEM_ACCOUNT = 'SYS';

export const ACCOUNT_KINDS = ['pool', 'tenant', 'auditor'] as const;
/** Agents and auditors of a tenant share none: no agent can put anything where its auditors listen. */
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/** How many of each kind there are. */
export const ACCOUNT_SLOTS: Readonly<Record<AccountKind, number>> = {
  pool: LIMITS.bus_pools,
  tenant: LIMITS.intake_tenants,
  auditor: LIMITS.intake_tenants,
};

export type Import = {
  subject: string;
  /** `service`: asked and answered once; `streamed`: answered as long as a pull lives; `stream`: heard. */
  as: 'service' | 'streamed' | 'stream';
};

const EVERY_POOL = { stream: DISPATCH.name, durable: '*' };

/** From the services' account. A subject that an account does not import leads nowhere from there. */
export const IMPORTS: Readonly<Record<AccountKind, readonly Import[]>> = {
  pool: [
    { subject: pullSubject(EVERY_POOL), as: 'streamed' },
    { subject: ackSubjects(EVERY_POOL), as: 'service' },
    { subject: patterns.claim(), as: 'service' },
    { subject: patterns.beat(), as: 'service' },
    { subject: patterns.hello(), as: 'service' },
    { subject: patterns.results(), as: 'service' },
  ],
  tenant: [
    { subject: patterns.submit(), as: 'service' },
    { subject: patterns.rpcSubmit(), as: 'service' },
  ],
  auditor: [
    { subject: patterns.replay(), as: 'service' },
    { subject: patterns.evidence(), as: 'stream' },
    { subject: subjects.checkpoint(), as: 'stream' },
  ],
};

/** `slot` counts from 1. */
export function accountName(kind: AccountKind, slot: number): string {
  return `${kind.toUpperCase()}_${slot}`;
}
