// Deletes the streams of earlier versions, as the one user who may. The streams of this version are made by the services
// that own them (packages/platform/src/own-stream.ts).
import { RETIRED_STREAMS } from '@countersign/contracts/streams';
import { patterns } from '@countersign/contracts/subjects';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { PROVISIONER } from './permissions.ts';

/** Can be repeated. Throws when the bus is out of reach or does not know the provisioner. */
export async function retireStreams(natsUrl: string, provisionerSeed: string): Promise<void> {
  const connection = await connect({
    servers: natsUrl,
    name: PROVISIONER,
    inboxPrefix: patterns.inbox(PROVISIONER).slice(0, -'.>'.length),
    authenticator: nkeyAuthenticator(new TextEncoder().encode(provisionerSeed)),
  });
  try {
    // Answered with 404 where there is none.
    for (const stream of RETIRED_STREAMS) await connection.request(`$JS.API.STREAM.DELETE.${stream}`);
  } finally {
    await connection.close();
  }
}
