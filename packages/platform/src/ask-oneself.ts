/**
 * Ready means that questions arrive: a service asks itself, through the queue group in which all of its instances stand,
 * the way its callers ask it. Any of them answers.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import { subjects } from '@countersign/contracts/subjects';
import type { Bus } from './bus.ts';
import { randomHex } from './ids.ts';

/** Less than a readiness check may take. */
const ANSWER_MS = 1_900;

/** Serves the question, and returns how to ask it. Asking throws `bus_unavailable`. */
export function openAskOneself(bus: Bus, service: ServiceName): () => Promise<void> {
  const subject = subjects.ping(service);
  const own = `${subjects.inbox(service)}.`;
  bus.serveRaw(subject, {
    mayAnswer: ({ reply }) => reply?.startsWith(own) === true,
    handle: async ({ data }) => Buffer.from(data).toString(),
  });
  return async () => {
    const question = randomHex(16);
    const answer = await bus.askRaw(subject, question, { timeout_ms: ANSWER_MS, repeatable: true });
    if (answer !== question) throw new CountersignError('bus_unavailable');
  };
}
