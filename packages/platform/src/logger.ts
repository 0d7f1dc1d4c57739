/** Structured logs with trace and job ids. Content, keys and matches are never handed to it; known places are cut out too. */

import type { Logger as PinoLogger } from 'pino';
import { pino } from 'pino';

export type Logger = PinoLogger;

const SECRET_PATHS = [
  'payload',
  'prompt',
  'output',
  'effective',
  'request',
  'key',
  'seed',
  'password',
  'authorization',
];

export const createLogger = (service: string, level: string): Logger =>
  pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_PATHS.flatMap((path) => [path, `*.${path}`]), censor: '[withheld]' },
    formatters: { level: (label) => ({ level: label }) },
  });

/** What may be logged of anything thrown: name, code, message of our own errors; no values of a database error. */
export const errorFields = (thrown: unknown): Record<string, unknown> => {
  if (!(thrown instanceof Error)) return { error: 'not an Error' };
  const code = (thrown as { code?: unknown }).code;
  return {
    error: thrown.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: thrown.message,
    stack: thrown.stack?.split('\n').slice(1, 6).join('\n'),
    ...(thrown.cause instanceof Error ? { cause: thrown.cause.message } : {}),
  };
};
