/**
 * What may stand in a subject. Whatever text a caller brings, no builder lets a wildcard, a space or an empty token out
 * of it, and every reader takes apart exactly what its builder put together.
 */
import { isToken, isTopic, topicTail } from '@countersign/contracts/names';
import {
  agentUser,
  auditorUser,
  patterns,
  readResultSubject,
  readSubmitRequestSubject,
  readSubmitSubject,
  readWorkerSubject,
  stageOf,
  subjects,
  workerUser,
} from '@countersign/contracts/subjects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const TOKEN_CHARS = 'abcdefghijklmnopqrstuvwxyz0123456789_-';
const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARS), minLength: 1, maxLength: 64 });
const topic = fc.array(token, { minLength: 1, maxLength: 8 }).map((segments) => `job.${segments.join('.')}`);
/** Text near the edge of what is allowed, where a careless check would let something through. */
const nearly = fc
  .tuple(
    fc.oneof(token, topic),
    fc.constantFrom('*', '>', '.', ' ', '\n', '\r\n', '\t', '\0', '', '.*', '.>', 'Ä', ':'),
  )
  .chain(([text, odd]) => fc.nat(text.length).map((at) => text.slice(0, at) + odd + text.slice(at)));
const hostile = fc.oneof(nearly, fc.string({ unit: 'binary', maxLength: 80 }), token, topic);

/** One subject that NATS takes literally: no wildcard, no white space, no empty token. */
function isLiteral(subject: string): boolean {
  return /^[^\s.*>\0]+(\.[^\s.*>\0]+)*$/.test(subject);
}

/** Every token of the alphabet; `$KV` and the inbox prefix are the server's. */
function isPlain(subject: string): boolean {
  return isLiteral(subject) && /^[A-Za-z0-9_.-]+$/.test(subject);
}

function built(build: () => string): string | null {
  try {
    return build();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(TypeError);
    return null;
  }
}

describe('every builder', () => {
  const builders: Record<keyof typeof subjects, (a: string, b: string, c: string, d: string) => string> = {
    submit: subjects.submit,
    held: subjects.held,
    granted: subjects.granted,
    refused: subjects.refused,
    dispatch: subjects.dispatch,
    result: subjects.result,
    forwardedResult: subjects.forwardedResult,
    screened: subjects.screened,
    waited: subjects.waited,
    ended: subjects.ended,
    audit: subjects.audit,
    rpcSubmit: subjects.rpcSubmit,
    claim: subjects.claim,
    beat: subjects.beat,
    hello: subjects.hello,
    ping: subjects.ping,
    replay: subjects.replay,
    intakeProbe: subjects.intakeProbe,
    inbox: subjects.inbox,
    control: subjects.control,
    checkpoint: subjects.checkpoint,
  };

  test.each(Object.keys(builders).filter((name) => name !== 'control') as (keyof typeof subjects)[])(
    '%s: arbitrary text never becomes more than one subject',
    (name) => {
      fc.assert(
        fc.property(hostile, hostile, hostile, hostile, (a, b, c, d) => {
          const subject = built(() => builders[name](a, b, c, d));
          return subject === null || isPlain(subject);
        }),
      );
    },
  );

  test.each(Object.keys(patterns) as (keyof typeof patterns)[])(
    'pattern %s: only its own wildcard is in it, whatever text is put in',
    (name) => {
      const asked = /\.(\*|\*\.\*|>)$/;
      fc.assert(
        fc.property(hostile, hostile, (a, b) => {
          const pattern = built(() => (patterns[name] as (a: string, b: string) => string)(a, b));
          return pattern === null || (asked.test(pattern) && isPlain(pattern.replace(asked, '')));
        }),
      );
    },
  );

  test('takes every token and topic that the names allow', () => {
    fc.assert(
      fc.property(token, token, token, topic, (a, b, c, t) => {
        const tail = topicTail(t);
        expect(subjects.submit(a, t)).toBe(`job.submit.${a}.${tail}`);
        expect(subjects.dispatch(a, b, t)).toBe(`job.dispatch.${a}.${b}.${tail}`);
        expect(subjects.result(a, b, c, t)).toBe(`job.result.${a}.${b}.${c}.${tail}`);
        expect(subjects.audit(a, b, t, 'unused')).toBe(`audit.${a}.${b}.${tail}`);
      }),
    );
  });

  test('an entry without a job lies under its chain, as plain tokens, whatever the chain is called', () => {
    expect(subjects.audit('acme', 'policy_activated', null, 'policy:default')).toBe(
      'audit.acme.policy_activated.policy.default',
    );
    expect(subjects.audit(null, 'identity_created', null, 'identity:Bob@x.org')).toBe(
      'audit._.identity_created.identity.bob_x_org',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (chain) =>
        subjects
          .audit(null, 'switch_set', null, chain)
          .split('.')
          .every((part) => isToken(part)),
      ),
    );
  });
});

describe('every reader', () => {
  test('gives back what the builder was given', () => {
    fc.assert(
      fc.property(token, token, token, topic, (a, b, c, t) => {
        expect(readSubmitSubject(subjects.submit(a, t))).toEqual({ tenant: a, topic: t });
        expect(readResultSubject(subjects.result(a, b, c, t))).toEqual({ pool: a, worker: b, tenant: c, topic: t });
        expect(readSubmitRequestSubject(subjects.rpcSubmit(a))).toEqual({ tenant: a });
        expect(readWorkerSubject(subjects.claim(a, b))).toEqual({ pool: a, worker: b });
        expect(readWorkerSubject(subjects.beat(a, b))).toEqual({ pool: a, worker: b });
        for (const stage of ['submit', 'held', 'granted', 'refused', 'screened'] as const) {
          expect(stageOf(subjects[stage](a, t))).toBe(stage);
        }
      }),
    );
  });

  test('reads nothing that its builder would not have made', () => {
    const anySubject = fc.oneof(
      hostile,
      fc.tuple(fc.constantFrom('job.submit.', 'job.result.', 'rpc.ingress.submit.', 'rpc.scheduler.claim.'), hostile),
      fc.array(hostile, { maxLength: 6 }),
    );
    fc.assert(
      fc.property(anySubject, (made) => {
        const subject = typeof made === 'string' ? made : made.join(typeof made[1] === 'string' ? '' : '.');
        const submit = readSubmitSubject(subject);
        if (submit) expect(subjects.submit(submit.tenant, submit.topic)).toBe(subject);
        const result = readResultSubject(subject);
        if (result) expect(subjects.result(result.pool, result.worker, result.tenant, result.topic)).toBe(subject);
        const request = readSubmitRequestSubject(subject);
        if (request) expect(subjects.rpcSubmit(request.tenant)).toBe(subject);
        const who = readWorkerSubject(subject);
        if (who) {
          expect([subjects.claim(who.pool, who.worker), subjects.beat(who.pool, who.worker)]).toContain(subject);
        }
      }),
    );
  });

  test.each([
    'job.submit.acme',
    'job.submit.acme.',
    'job.submit.*.deploy',
    'job.submit.acme.>',
    'job.submit.acme.deploy.*',
    'job.held.acme.deploy',
    'job.submit.acme.1.2.3.4.5.6.7.8.9',
    'job.result.pool.worker.acme',
    'rpc.ingress.submit.acme.more',
    'rpc.ingress.submit.*',
    'rpc.scheduler.claim.pool',
    'rpc.scheduler.claim.pool.worker.more',
    'rpc.scheduler.admit.pool.worker',
  ])('refuses %s', (subject) => {
    expect([
      readSubmitSubject(subject),
      readResultSubject(subject),
      readSubmitRequestSubject(subject),
      readWorkerSubject(subject),
    ]).toEqual([null, null, null, null]);
  });
});

test('a user of the bus has a name that fits its inbox, however long the names it is made of', () => {
  fc.assert(
    fc.property(token, token, (a, b) =>
      [agentUser(a), workerUser(a, b), auditorUser(a)].every((user) => isToken(user) && isPlain(subjects.inbox(user))),
    ),
  );
});

test('a topic is a literal subject; a name with a line end, a capital or a ninth segment is none', () => {
  fc.assert(fc.property(topic, (name) => isTopic(name) && isLiteral(name)));
  for (const name of ['job', 'job.', 'job.a\n', 'job.A', 'job.a..b', 'jobs.a', `job${'.a'.repeat(9)}`]) {
    expect(isTopic(name), JSON.stringify(name)).toBe(false);
  }
});
