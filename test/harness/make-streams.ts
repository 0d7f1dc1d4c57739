/** Makes the streams as their owners would, for a test in which not all of them run. */
import { intakeConsumer, intakeStream, poolConsumer, STREAMS } from '@countersign/contracts/streams';
import { consumerConfig, newStream } from '@countersign/platform/stream-config';
import type { NatsConnection } from '@nats-io/transport-node';

/** Left to itself the client gives up after one second. */
const ANSWER_MS = 20_000;

/** `connectAs` opens a connection of the user that a stream's owner has. */
export async function makeStreams(
  connectAs: (user: string) => Promise<NatsConnection>,
  { pools = [], tenants = [] }: { pools?: readonly string[]; tenants?: readonly string[] },
): Promise<void> {
  const consumers = [...tenants.map(intakeConsumer), ...pools.map(poolConsumer)];
  for (const spec of [...STREAMS, ...tenants.map(intakeStream)]) {
    const connection = await connectAs(spec.owner);
    const ask = async (subject: string, body: object): Promise<void> => {
      const reply = await connection.request(`$JS.API.${subject}`, JSON.stringify(body), { timeout: ANSWER_MS });
      const answer = reply.json<{ error?: object }>();
      if (answer.error) throw new Error(JSON.stringify(answer.error));
    };
    await ask(`STREAM.CREATE.${spec.name}`, newStream(spec, connection.info!.version));
    for (const each of consumers.filter(({ stream }) => stream === spec.name)) {
      const config = consumerConfig(each);
      await ask(`CONSUMER.CREATE.${spec.name}.${each.durable}.${each.filter}`, { stream_name: spec.name, config });
    }
  }
}
