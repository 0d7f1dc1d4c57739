/** What the provisioner sees of nats-server: version, clock, each stream as declared, and how full it is. Changes nothing. */
import { type Finding, finding, ok } from '@countersign/contracts/finding';
import { intakeStream, MIN_NATS_VERSION, STREAMS, type StreamSpec } from '@countersign/contracts/streams';
import { patterns } from '@countersign/contracts/subjects';
import { isAtLeast } from '@countersign/platform/compare-versions';
import { findDrift } from '@countersign/platform/find-drift';
import { isTurnedAway } from '@countersign/platform/nats-connection';
import { streamConfig } from '@countersign/platform/stream-config';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { PROVISIONER } from '../../nats/permissions.ts';
import { clock } from './look-at-postgres.ts';

const FULL = 0.8;

type Info = {
  ts?: string;
  config?: object;
  state?: { bytes: number; consumer_count: number };
  error?: { code: number; description: string };
};

/** Never throws: a server that is out of reach is a finding. */
export async function lookAtBus(servers: string, seed: string, tenants: readonly string[]): Promise<Finding[]> {
  let connection: NatsConnection;
  try {
    connection = await connect({
      servers,
      name: PROVISIONER,
      inboxPrefix: patterns.inbox(PROVISIONER).slice(0, -'.>'.length),
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
      timeout: 5_000,
      maxReconnectAttempts: 0,
    });
  } catch (thrown) {
    return isTurnedAway(thrown)
      ? [finding('fault', 'nats-server', 'does not know this system', 'start it with nats.conf of this folder')]
      : [finding('fault', 'nats-server', 'does not answer', 'start it, or correct --nats-url')];
  }
  try {
    const version = connection.info?.version ?? '0.0.0';
    const streams = await Promise.all(
      [
        ...STREAMS.map((spec) => [spec, true] as const),
        ...tenants.map((name) => [intakeStream(name), false] as const),
      ].map(([spec, needed]) => lookAtStream(connection, spec, needed)),
    );
    return [
      isAtLeast(version, MIN_NATS_VERSION)
        ? ok('nats-server', version)
        : finding('fault', 'nats-server', `is ${version}`, `upgrade it to ${MIN_NATS_VERSION} or newer`),
      ...streams.flat(),
    ];
  } catch (thrown) {
    return [
      finding('fault', 'JetStream', `does not answer: ${(thrown as Error).message}`, 'read the log of nats-server'),
    ];
  } finally {
    await connection.close();
  }
}

/** `needed`: a tenant has a share of the intake only once it has a user on the bus. */
async function lookAtStream(connection: NatsConnection, spec: StreamSpec, needed: boolean): Promise<Finding[]> {
  const before = Date.now();
  const info = (await connection.request(`$JS.API.STREAM.INFO.${spec.name}`)).json<Info>();
  const middle = (before + Date.now()) / 2;
  const first = spec === STREAMS[0] && info.ts !== undefined;
  return [...(first ? [clock('nats-server', Date.parse(info.ts!) - middle)] : []), ...judgeStream(spec, info, needed)];
}

export function judgeStream(spec: StreamSpec, { error, config, state }: Info, needed: boolean): Finding[] {
  const check = `stream ${spec.name}`;
  if (error?.code === 404)
    return needed ? [finding('fault', check, 'is not there', `start ${spec.owner}, which makes it`)] : [];
  if (error !== undefined) return [finding('fault', check, error.description, 'read the log of nats-server')];
  const drift = findDrift(check, config!, streamConfig(spec));
  const used = state!.bytes / spec.max_bytes;
  return [
    ...(drift.length === 0
      ? []
      : drift.map((line) =>
          finding('fault', check, line, 'stop the system and delete the store: all but unread requests is made again'),
        )),
    // A copy of the evidence drops its oldest by itself.
    used > FULL && spec.discard === 'new'
      ? finding(
          'warning',
          check,
          `${Math.round(used * 100)} % full`,
          `see why ${spec.owner} is behind: at 100 % nothing more is taken`,
        )
      : ok(check, `as declared, ${Math.round(used * 100)} % full, ${state!.consumer_count} consumers`),
  ];
}
