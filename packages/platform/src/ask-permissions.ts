/** The publish permissions of this connection's user, asked from the server: they change with a reload. */
import { CountersignError } from '@countersign/contracts/errors';
import { USER_INFO } from '@countersign/contracts/subjects';
import { z } from 'zod';
import type { ReplyWindow } from './reply-window.ts';

const ASK_MS = 2_000;

/** As far as it is read of nats-server's answer. */
const answer = z.object({
  data: z.object({ permissions: z.object({ publish: z.object({ allow: z.array(z.string()) }) }) }),
});

const unavailable = (cause: unknown) => new CountersignError('bus_unavailable', undefined, { cause });

/** Subjects and patterns, as the server lists them. Throws `bus_unavailable`: no answer, or no list in it. */
export async function askPermissions(window: ReplyWindow): Promise<string[]> {
  const reply = await window.ask(USER_INFO, '', { timeout_ms: ASK_MS });
  if (!reply.ok) throw unavailable(new Error(`${USER_INFO}: ${reply.reason}`));
  try {
    const told = answer.parse(JSON.parse(Buffer.from(reply.message.data).toString('utf8')));
    return told.data.permissions.publish.allow;
  } catch (thrown) {
    throw unavailable(thrown);
  }
}
