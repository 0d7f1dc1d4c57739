/**
 * The table of errors is whole: each code says something, crosses the wire, has a status of its kind, and what is an
 * outage is tried again while what is the request's fault is not.
 */
import {
  CountersignError,
  ERROR_CODES,
  ERRORS,
  failure,
  failureOf,
  httpStatus,
  isOutage,
} from '@countersign/contracts/errors';
import { RPC } from '@countersign/contracts/rpc';
import { describe, expect, test } from 'vitest';

describe('every code', () => {
  test('has a sentence of its own', () => {
    for (const code of ERROR_CODES) expect(ERRORS[code].says, code).toMatch(/^[^\s].{8,}[^.\s]$/);
    const sentences = ERROR_CODES.map((code) => ERRORS[code].says);
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  test('has a status that HTTP knows for an error', () => {
    const known = [400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 421, 422, 429, 431, 500, 501, 503];
    for (const code of ERROR_CODES) expect(known, code).toContain(httpStatus(code));
  });

  test('of an outage comes again; only a decision that grew old does so among the others', () => {
    const again = ERROR_CODES.filter((code) => ERRORS[code].on_stream === 'nak' && !isOutage(code));
    const dropped = ERROR_CODES.filter((code) => ERRORS[code].on_stream !== 'nak' && isOutage(code));
    expect({ again, dropped }).toEqual({ again: ['epoch_stale'], dropped: [] });
  });

  test('crosses the wire and comes back as it was', () => {
    for (const code of ERROR_CODES) {
      const error = new CountersignError(code, 'this one', { at: '/labels/env' });
      const read = failure.parse(JSON.parse(JSON.stringify(error.toFailure())));
      expect(read).toEqual({ code, detail: 'this one', at: '/labels/env' });
      expect(new CountersignError(code).toFailure()).toEqual({ code, detail: ERRORS[code].says });
    }
  });
});

test('a code that is not listed is no failure', () => {
  for (const code of ['ok', '', 'toString', '__proto__', null]) {
    expect(failure.safeParse({ code, detail: '' }).success, String(code)).toBe(false);
  }
});

test('of a bug nobody outside hears a word', () => {
  const bug = new TypeError('the salary of bob is 12');
  expect(failureOf(bug)).toEqual({ code: 'internal', detail: ERRORS.internal.says });
  expect(failureOf('thrown text')).toEqual({ code: 'internal', detail: ERRORS.internal.says });
  expect(failureOf(new CountersignError('denied', 'rule 7'))).toEqual({ code: 'denied', detail: 'rule 7' });
});

test('every service that answers on the bus has a code for its silence', () => {
  const services = new Set<string>(Object.values(RPC).map((verb) => verb.service));
  const codes = [...services].map(
    (service) => `${{ 'policy-kernel': 'policy', 'output-safety': 'output' }[service] ?? service}_unavailable`,
  );
  for (const code of codes) {
    expect(ERROR_CODES).toContain(code);
    expect(isOutage(code as (typeof ERROR_CODES)[number])).toBe(true);
  }
});
