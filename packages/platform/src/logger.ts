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

/** What a parser or Postgres (class 22, data exception) says of wrong text quotes that text. */
const quotesContent = (thrown: Error): boolean =>
  thrown instanceof SyntaxError || /^22/.test(String((thrown as { code?: unknown }).code));

/** A stack begins with the message, which may have several lines. */
const isFrame = (line: string): boolean => /^ +at /.test(line);

/** What may be logged of anything thrown: name, code, place, and the message unless it quotes what it was given. */
export const errorFields = (thrown: unknown): Record<string, unknown> => {
  if (!(thrown instanceof Error)) return { error: 'not an Error' };
  const code = (thrown as { code?: unknown }).code;
  return {
    error: thrown.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(quotesContent(thrown) ? {} : { message: thrown.message }),
    stack: thrown.stack?.split('\n').filter(isFrame).slice(0, 5).join('\n'),
    ...(thrown.cause instanceof Error && !quotesContent(thrown.cause) ? { cause: thrown.cause.message } : {}),
  };
};
