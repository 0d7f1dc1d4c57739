/**
 * Lets into NATS who is registered, connection by connection: whoever proves a key that stands in the registry and was not
 * revoked. It never trusts what a client says of itself, and an outage is a no.
 */
import { CountersignError, failureOf, isOutage } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { server } from '@countersign/contracts/subjects';
import { nowMs } from '@countersign/platform/clock';
import { groupCommit } from '@countersign/platform/group-commit';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { Connection } from '@countersign/platform/nats-connection';
import { isSignedBy } from '@countersign/platform/nats-key';
import { type AuthRequest, type BusSigner, readAuthRequest } from './sign-bus-user.ts';
import type { RegisteredUser } from './store-bus.ts';

/** In the registry, by nkey (`findBusUsers`). */
export type FindUsers = (nkeys: readonly string[]) => Promise<ReadonlyMap<string, RegisteredUser>>;

type AdmissionParts = {
  connection: Pick<Connection, 'subscribe' | 'publish'>;
  find: FindUsers;
  signer: BusSigner;
  metrics: Pick<Metrics, 'count'>;
  log: Pick<Logger, 'warn'>;
};

type Asked = Pick<AuthRequest['connect_opts'], 'nkey'> & { host: string };

/** Answers from now on; returns how to end it. */
export function admitToBus({ connection, find, signer, metrics, log }: AdmissionParts): () => void {
  // One statement at a time, whatever storms: machines take turns, so that none keeps the others out.
  const findTogether = groupCommit<Asked, RegisteredUser>({
    max_queue: LIMITS.queued_connections,
    whose: ({ host }) => host,
    run: async (items) => {
      const known = await find([...new Set(items.map(({ nkey }) => nkey))]);
      return items.map(({ nkey }) => known.get(nkey) ?? new CountersignError('unauthenticated'));
    },
  });

  const judge = async ({ client_info, connect_opts }: AuthRequest): Promise<RegisteredUser> => {
    const { nkey, sig } = connect_opts;
    // First, because it costs no look at the registry: a key that is only claimed is nobody's.
    if (!isSignedBy(nkey, client_info.nonce, Buffer.from(sig, 'base64')))
      throw new CountersignError('signature_invalid');
    const user = await findTogether({ nkey, host: client_info.host });
    if (user.revoked_for_ms !== null) throw new CountersignError('revoked');
    return user;
  };

  return connection.subscribe(server.authRequests(), 'ingress', async ({ data, reply }) => {
    const request = readAuthRequest(data);
    if (request === null || reply === undefined) return;
    const now_s = Math.floor(nowMs() / 1000);
    try {
      connection.publish(reply, signer.letIn(request, await judge(request), now_s));
      metrics.count('bus_connections_total', { outcome: 'let_in' });
    } catch (thrown) {
      const { code } = failureOf(thrown);
      if (!(thrown instanceof CountersignError) || isOutage(code))
        log.warn(errorFields(thrown), 'a connection to the bus could not be judged');
      connection.publish(reply, signer.turnAway(request, code, now_s));
      metrics.count('bus_connections_total', { outcome: code });
    }
  });
}
