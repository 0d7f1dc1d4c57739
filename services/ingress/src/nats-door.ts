/**
 * The bus's two ways in: a request that is answered at once, and what waits in the intake, which is answered by the
 * audit stream. Both verify the signature and then submit as HTTP does.
 */
import { CountersignError, ERRORS, failureOf } from '@countersign/contracts/errors';
import {
  isFromOtherAccount,
  patterns,
  readSubmitRequestSubject,
  readSubmitSubject,
} from '@countersign/contracts/subjects';
import type { Bus, StreamMessage } from '@countersign/platform/bus';
import { nowMs } from '@countersign/platform/clock';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { Shares } from '@countersign/platform/shares';
import { receivedFrom, traceIdOf } from '@countersign/platform/trace';
import type { Authenticator } from './authenticate.ts';
import type { Intake } from './own-intake.ts';
import type { Uses } from './registry/record-uses.ts';
import type { SubmitJob, Submitted } from './submit-job.ts';
import { type SignedMessage, verifySigned } from './verify-signed.ts';

const RETRY_MS = 1_000;

type NatsDoorParts = {
  bus: Bus;
  intake: Intake;
  submit: SubmitJob;
  authenticator: Authenticator;
  uses: Pick<Uses, 'note'>;
  /** With the HTTP door: how much may be under way. */
  shares: Shares;
  metrics: Metrics;
  log: Logger;
};

export function openNatsDoor(parts: NatsDoorParts): void {
  const { bus, intake, submit, authenticator, uses, shares, metrics, log } = parts;
  const receive = async (message: SignedMessage): Promise<Submitted & { nonce: string }> => {
    try {
      const { nonce, ...submission } = await verifySigned(message, authenticator);
      const { tenant, id } = submission.caller;
      uses.note(submission.caller);
      const leave = shares.take([tenant, id]);
      try {
        return { ...(await submit(submission)), nonce };
      } finally {
        leave();
      }
    } catch (thrown) {
      const { code } = failureOf(thrown);
      metrics.count('intake_refused_total', { code });
      const fields = { ...errorFields(thrown), subject: message.subject, trace_id: traceIdOf(message.traceparent) };
      if (thrown instanceof CountersignError) log.warn(fields, 'a signed request was refused');
      else log.error(fields, 'a signed request failed');
      throw thrown;
    }
  };

  bus.serveRaw(patterns.rpcSubmit(), {
    mayAnswer: ({ subject, reply }) => isFromOtherAccount(reply) && readSubmitRequestSubject(subject) !== null,
    handle: async ({ subject, data, headers }) => {
      const addressed = readSubmitRequestSubject(subject);
      const traceparent = receivedFrom(headers.get('traceparent'));
      const received = await receive({ subject, addressed, data, received_ms: nowMs(), traceparent });
      const { status, body, replayed, nonce } = received;
      return { nonce, status, replayed, ...body };
    },
  });

  /** A wrong message ends here; one that met an outage comes again, and its nonce makes the second time the first. */
  const take = async (message: StreamMessage): Promise<void> => {
    const { subject, data } = message;
    const traceparent = receivedFrom(message.traceparent);
    const received_ms = Date.parse(message.stored_at);
    try {
      await receive({ subject, addressed: readSubmitSubject(subject), data, received_ms, traceparent });
      message.ack();
    } catch (thrown) {
      const { on_stream } = ERRORS[failureOf(thrown).code];
      if (on_stream === 'nak') message.nak(RETRY_MS);
      else message.term();
    }
  };

  intake.read(async (messages) => void (await Promise.all(messages.map(take))));
}
