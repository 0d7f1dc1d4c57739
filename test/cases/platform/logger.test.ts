// What a log shows: lines of JSON, without content, keys or the words of a parser that quotes what it read.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

type Line = Record<string, unknown> & { msg: string; level: string };
let lines: Line[];
let text: string;
beforeAll(() => {
  const script = fileURLToPath(new URL('./write-log.ts', import.meta.url));
  text = execFileSync(process.execPath, [script], { encoding: 'utf8' });
  lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
});
const line = (msg: string): Line => lines.find((each) => each.msg === msg)!;

describe('a log line', () => {
  test('is JSON that names its service, its level in words and its time', () => {
    expect(line('at the top')).toMatchObject({ level: 'info', service: 'ingress', job_id: 'shown' });
    expect(line('at the top').time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('below the level is not written', () => {
    expect(text).not.toContain('below the level');
  });

  test('withholds what could be content or a key, at the top and one level down', () => {
    expect(text).not.toContain('hunter2');
    const withheld = (fields: object): string[] =>
      Object.entries(fields).flatMap(([name, value]) => (value === '[withheld]' ? [name] : []));
    expect(withheld(line('at the top'))).toHaveLength(9);
    expect(withheld(line('one level down').job as object)).toHaveLength(9);
  });
});

describe('an error', () => {
  test('of ours says its code and its words', () => {
    expect(line('ours')).toMatchObject({
      error: 'CountersignError',
      code: 'bus_unavailable',
      message: 'its own words',
    });
  });

  test('that quotes what it was given keeps its name and code, and says no more', () => {
    expect(line('a parser').error).toBe('SyntaxError');
    expect(line('a parser').message).toBeUndefined();
    expect(line('a database')).toMatchObject({ error: 'Error', code: '22P02' });
    expect(line('a database').message).toBeUndefined();
    expect(line('a cause').cause).toBeUndefined();
  });

  test('shows where it came from', () => {
    expect(line('a database').stack).toMatch(/^ +at .*write-log\.ts/);
  });

  test('that is none is not written out', () => {
    expect(line('no error').error).toBe('not an Error');
  });
});
