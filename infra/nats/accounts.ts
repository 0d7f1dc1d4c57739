// Says in which NATS account each user stands, and what an account may ask of the services'. A subject that an account
// does not import leads nowhere from there, whoever is made to publish on it: a reply subject reaches no further either.

import { ackSubjects, type ConsumerSpec, poolConsumer, pullSubject } from '@countersign/contracts/streams';
import { patterns, subjects } from '@countersign/contracts/subjects';

/** Services and provisioner share the only account with JetStream; agents and auditors of a tenant share none. */
export type Account =
  | { kind: 'services' }
  | { kind: 'pool'; pool: string }
  | { kind: 'tenant'; tenant: string }
  | { kind: 'auditor'; tenant: string };

export type Import = {
  subject: string;
  /** `service`: asked and answered once; `streamed`: answered as long as a pull lives; `stream`: heard. */
  as: 'service' | 'streamed' | 'stream';
};

export const SERVICES_ACCOUNT: Account = { kind: 'services' };

/** Upper case keeps it apart from every token, so that no two accounts can share a name. */
export function accountName(account: Account): string {
  switch (account.kind) {
    case 'services':
      return 'SERVICES';
    case 'pool':
      return `POOL_${account.pool}`;
    case 'tenant':
      return `TENANT_${account.tenant}`;
    case 'auditor':
      return `AUDITOR_${account.tenant}`;
  }
}

/** From the services' account, which exports each to this account alone. */
export function importsOf(account: Account): Import[] {
  switch (account.kind) {
    case 'services':
      return [];
    case 'pool':
      return [
        ...pulls(poolConsumer(account.pool)),
        { subject: patterns.claim(account.pool), as: 'service' },
        { subject: patterns.beat(account.pool), as: 'service' },
        { subject: patterns.results(account.pool), as: 'service' },
      ];
    case 'tenant':
      return [
        { subject: patterns.submit(account.tenant), as: 'service' },
        { subject: subjects.rpcSubmit(account.tenant), as: 'service' },
      ];
    case 'auditor':
      return [
        { subject: subjects.replay(account.tenant), as: 'service' },
        { subject: patterns.audit(account.tenant), as: 'stream' },
        { subject: subjects.checkpoint(), as: 'stream' },
      ];
  }
}

const pulls = (consumer: ConsumerSpec): Import[] => [
  { subject: pullSubject(consumer), as: 'streamed' },
  { subject: ackSubjects(consumer), as: 'service' },
];
