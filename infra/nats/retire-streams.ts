/**
 * Deletes the streams of earlier versions, as the one user who may. The streams of this version are made by the services
 * that own them (packages/platform/src/own-stream.ts).
 */
import { isIntake, RETIRED_STREAMS } from '@countersign/contracts/streams';
import { patterns } from '@countersign/contracts/subjects';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { SetUpError } from '../set-up-error.ts';
import { PROVISIONER } from './permissions.ts';

/** Can be repeated. Throws SetUpError while one of them holds requests that nobody has read, and when the bus is out of reach or does not know the provisioner. */
export async function retireStreams(natsUrl: string, provisionerSeed: string): Promise<void> {
  const connection = await connect({
    servers: natsUrl,
    name: PROVISIONER,
    inboxPrefix: patterns.inbox(PROVISIONER).slice(0, -'.>'.length),
    authenticator: nkeyAuthenticator(new TextEncoder().encode(provisionerSeed)),
  });
  try {
    // Answered with 404 where there is none.
    for (const stream of RETIRED_STREAMS) {
      if (isIntake(stream)) await requireEmpty(connection, stream);
      await connection.request(`$JS.API.STREAM.DELETE.${stream}`);
    }
  } finally {
    await connection.close();
  }
}

/** Submissions left there exist nowhere else: deleting the stream would lose them. */
async function requireEmpty(connection: NatsConnection, stream: string): Promise<void> {
  const body = JSON.stringify({ subjects_filter: patterns.submit() });
  const answer = await connection.request(`$JS.API.STREAM.INFO.${stream}`, body);
  const { state } = answer.json<{ state?: { subjects?: Record<string, number> } }>();
  const unread = Object.values(state?.subjects ?? {}).reduce((sum, each) => sum + each, 0);
  if (unread > 0)
    throw new SetUpError(
      `The stream ${stream} of an earlier version holds ${unread} requests that ingress has not read. ` +
        'Start that version once more and let it read them, or delete the stream if they are not wanted.',
    );
}
