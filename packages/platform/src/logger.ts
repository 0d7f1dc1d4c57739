/** Structured logs with trace and job ids. Content, keys and matches are never handed to it; known places are cut out too. */

import type { Logger as PinoLogger } from 'pino';
import { pino } from 'pino';
import { type LogKind, openLogRepeats } from './log-repeats.ts';
import { openLogSink } from './log-sink.ts';

export type Logger = PinoLogger;
/** Why a line was not written: nothing took it, or it repeated what stands there already. */
export type DroppedBecause = 'unwritable' | 'repeated';

const STDOUT = 1;
const WARN = 40;

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

/** Two warnings are the same when everything but their subject's ids is equal. */
const KIND_FIELDS = ['error', 'code', 'sweep', 'verb', 'route', 'cause'] as const;

/** `onDropped` hears of each line that is not written; logging itself never throws and never waits. `fd`: where lines go. */
export function createLogger(
  service: string,
  level: string,
  onDropped: (because: DroppedBecause) => void = () => {},
  fd = STDOUT,
): Logger {
  const repeats = openLogRepeats(({ level: label, msg, fields }, held_back) =>
    written[label as 'warn']({ ...fields, held_back }, msg),
  );
  const written = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_PATHS.flatMap((path) => [path, `*.${path}`]), censor: '[withheld]' },
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(args, write, number) {
          const held = number >= WARN && !isSummary(args) && !repeats.admit(kindOf(args, pino.levels.labels[number]!));
          if (held) onDropped('repeated');
          else write.apply(this, args);
        },
      },
    },
    openLogSink(fd, () => onDropped('unwritable')),
  );
  return written;
}

/** The loggable part of an error: name, code, place, and the message unless it quotes its input. */
export function errorFields(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { error: 'not an Error' };
  const code = (thrown as { code?: unknown }).code;
  return {
    error: thrown.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(quotesContent(thrown) ? {} : { message: thrown.message }),
    stack: thrown.stack?.split('\n').filter(isFrame).slice(0, 5).join('\n'),
    ...(thrown.cause instanceof Error && !quotesContent(thrown.cause) ? { cause: thrown.cause.message } : {}),
  };
}

function isSummary([first]: readonly unknown[]): boolean {
  return typeof first === 'object' && first !== null && 'held_back' in first;
}

function kindOf(args: readonly unknown[], level: string): LogKind {
  const [first, second] = args;
  if (typeof first !== 'object' || first === null) return { level, msg: String(first), fields: {} };
  const given = first as Record<string, unknown>;
  const fields = Object.fromEntries(KIND_FIELDS.filter((name) => name in given).map((name) => [name, given[name]]));
  return { level, msg: String(second), fields };
}

/** What a parser or Postgres (class 22, data exception) says of wrong text quotes that text. */
function quotesContent(thrown: Error): boolean {
  return thrown instanceof SyntaxError || /^22/.test(String((thrown as { code?: unknown }).code));
}

/** A stack begins with the message, which may have several lines. */
function isFrame(line: string): boolean {
  return /^ +at /.test(line);
}
