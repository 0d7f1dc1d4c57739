/** The audit service on a database and a bus of its own, asked as ingress would ask it. */
import { generateKeyPairSync } from 'node:crypto';
import { audit } from '@countersign/audit/service';
import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';
import type { LedgerEntry } from '@countersign/contracts/ledger-entry';
import type { NatsHandle } from '@countersign/infra/run-nats-server';
import type { NoteKey } from '@countersign/ledger/checkpoint';
import { type Bus, connectBus } from '@countersign/platform/bus';
import { type Running, start } from '@countersign/platform/service';
import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { NOBODY, startGuardedNats } from '../nats/connect-as.ts';
import { type LedgerDatabase, openLedger } from './ledger-database.ts';

const READ_TOGETHER = 64;
const LOG_ORIGIN = 'log.test';

export type Published = { subject: string; entry: LedgerEntry };

export type RunningAudit = AsyncDisposable & {
  cleanUp: AsyncDisposableStack;
  connectAs(user: string): Promise<NatsConnection>;
  ledger: LedgerDatabase;
  nats: NatsHandle;
  ingress: Bus;
  /** A connection of the audit service's own user. */
  publisher: Bus;
  /** Starts one more of the service. */
  startAudit(settings?: Record<string, string>): Promise<Running>;
  /** What verifies the checkpoints of `startAudit` without settings of its own. */
  log: NoteKey;
  /** The audit stream from its first message on; nothing while it holds fewer than `atLeast`. */
  published(atLeast: number): Promise<Published[]>;
  /** `change` gets the folder of the bus's store while it is stopped. */
  changeStore(change: (dir: string) => void): Promise<void>;
};

/** Looks at streams from outside the system, as none of its users may. */
const READER = {
  name: 'reader',
  account: SERVICES_ACCOUNT,
  permissions: { publish: ['$JS.API.>'], subscribe: ['_INBOX_reader.>'] },
};

export async function runAudit(): Promise<RunningAudit> {
  const cleanUp = new AsyncDisposableStack();
  const ledger = cleanUp.use(await openLedger());
  const guarded = cleanUp.use(await startGuardedNats({ ...NOBODY, auditors: ['acme'] }, [READER]));
  const { server: nats, seedOf } = guarded;
  const connectAs = async (user: string): Promise<NatsConnection> => {
    const connection = await connect({
      servers: nats.url,
      inboxPrefix: `_INBOX_${user}`,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seedOf(user))),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    cleanUp.defer(() => connection.close());
    return connection;
  };
  const reader = await connectAs('reader');
  const manager = await jetstreamManager(reader, { checkAPI: false, timeout: 500 });
  const busAs = async (user: string): Promise<Bus> => {
    const bus = await connectBus({ servers: nats.url, nkey_seed: seedOf(user), user });
    cleanUp.defer(() => bus.close());
    return bus;
  };

  const logKey = generateKeyPairSync('ed25519');
  const public_key = Buffer.from(logKey.publicKey.export({ format: 'jwk' }).x as string, 'base64url');

  return {
    cleanUp,
    log: { name: LOG_ORIGIN, public_key },
    connectAs,
    ledger,
    nats,
    ingress: await busAs('ingress'),
    publisher: await busAs('audit'),
    startAudit: (settings = {}) =>
      start([audit], {
        DATABASE_URL: ledger.test.url_for('countersign_audit'),
        NATS_URL: nats.url,
        NATS_NKEY_SEED: seedOf('audit'),
        LOG_LEVEL: 'silent',
        LOG_ORIGIN,
        LOG_KEYS: logKey.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
        ...settings,
      }),
    async published(atLeast) {
      const messages: Published[] = [];
      const info = await untilAnswered(() => manager.streams.info('AUDIT')).catch(() => null);
      // Its owner has not made it yet.
      if (info === null) return messages;
      const { state } = info;
      if (state.messages < atLeast) return messages;
      const read = async (seq: number): Promise<Published> => {
        const { subject, data } = (await untilAnswered(() => manager.streams.getMessage('AUDIT', { seq })))!;
        return { subject, entry: JSON.parse(new TextDecoder().decode(data)) as LedgerEntry };
      };
      // One by one they took most of the time of a test that asks again and again.
      for (let seq = Math.max(state.first_seq, 1); seq <= state.last_seq; seq += READ_TOGETHER) {
        const together = Math.min(READ_TOGETHER, state.last_seq - seq + 1);
        messages.push(...(await Promise.all(Array.from({ length: together }, (_, i) => read(seq + i)))));
      }
      return messages;
    },
    async changeStore(change) {
      await nats.stop();
      change(nats.store_dir);
      await nats.start();
    },
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
}

/** A request that was under way when the server died is never answered. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (thrown instanceof JetStreamApiError) throw thrown;
    }
  }
}
