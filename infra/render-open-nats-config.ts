/** A nats-server on loopback with JetStream and without users. For tests of one part; never for the stack. */
import type { NatsConfigFacts } from './run-nats-server.ts';

export function renderOpenNatsConfig({ port, monitor_port, store_dir }: NatsConfigFacts): string {
  return `
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitor_port}"
ping_interval: "5s"
ping_max: 2
max_payload: 2MB
jetstream { store_dir: ${JSON.stringify(store_dir)}, sync_interval: always }
`;
}
