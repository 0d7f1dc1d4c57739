/**
 * Who uses the bus beside the services: workers, tenants' agents, tenants' auditors. Says exactly what each may publish and
 * hear; ingress answers the server with it for each connection. Nobody here creates a consumer.
 */
import type { AccountKind } from './bus-accounts.ts';
import { ackSubjects, poolConsumer, pullSubject } from './streams.ts';
import { agentUser, auditorUser, patterns, subjects, workerUser } from './subjects.ts';

export type Permissions = { publish: readonly string[]; subscribe: readonly string[] };

export type BusUser =
  | { kind: 'worker'; pool: string; worker: string }
  | { kind: 'agent'; tenant: string }
  | { kind: 'auditor'; tenant: string };

/** In which account it stands: of which kind, and whose. */
export function accountOf(user: BusUser): { kind: AccountKind; owner: string } {
  switch (user.kind) {
    case 'worker':
      return { kind: 'pool', owner: user.pool };
    case 'agent':
      return { kind: 'tenant', owner: user.tenant };
    case 'auditor':
      return { kind: 'auditor', owner: user.tenant };
  }
}

/** Names its inbox. */
export function busUserName(user: BusUser): string {
  switch (user.kind) {
    case 'worker':
      return workerUser(user.pool, user.worker);
    case 'agent':
      return agentUser(user.tenant);
    case 'auditor':
      return auditorUser(user.tenant);
  }
}

export function permissionsOf(user: BusUser): Permissions {
  const inbox = patterns.inbox(busUserName(user));
  switch (user.kind) {
    case 'worker': {
      const consumer = poolConsumer(user.pool);
      return {
        publish: [
          subjects.claim(user.pool, user.worker),
          subjects.beat(user.pool, user.worker),
          subjects.hello(user.pool, user.worker),
          patterns.result(user.pool, user.worker),
          pullSubject(consumer),
          ackSubjects(consumer),
        ],
        subscribe: [inbox],
      };
    }
    case 'agent':
      return { publish: [patterns.submit(user.tenant), subjects.rpcSubmit(user.tenant)], subscribe: [inbox] };
    case 'auditor':
      // Live over the core subscription; from any point on by asking audit.
      return {
        publish: [subjects.replay(user.tenant)],
        subscribe: [inbox, patterns.audit(user.tenant), subjects.checkpoint()],
      };
  }
}
