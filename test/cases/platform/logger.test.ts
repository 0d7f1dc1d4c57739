/** What a log shows: lines of JSON, without content, keys or the words of a parser that quotes what it read. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openLogSink } from '@countersign/platform/log-sink';
import { beforeAll, describe, expect, test, vi } from 'vitest';

type Line = Record<string, unknown> & { msg: string; level: string };
let lines: Line[];
let text: string;
const script = fileURLToPath(new URL('./write-log.ts', import.meta.url));
beforeAll(() => {
  text = execFileSync(process.execPath, [script], { encoding: 'utf8' });
  lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
});

function line(msg: string): Line {
  return lines.find((each) => each.msg === msg)!;
}

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

describe('a log that cannot be written', () => {
  const onFullDisk = <T>(act: (fd: number) => T): T => {
    const fd = openSync('/dev/full', 'w');
    try {
      return act(fd);
    } finally {
      closeSync(fd);
    }
  };

  test.runIf(process.platform === 'linux')('ends no process', () => {
    const run = onFullDisk((fd) =>
      spawnSync(process.execPath, [script], { stdio: ['ignore', fd, 'pipe'], timeout: 10_000 }),
    );
    expect({ status: run.status, stderr: run.stderr.toString() }).toEqual({ status: 0, stderr: '' });
  });

  test.runIf(process.platform === 'linux')('is counted line by line', () => {
    const onDropped = vi.fn();
    onFullDisk((fd) => {
      const sink = openLogSink(fd, onDropped);
      for (let i = 0; i < 3; i += 1) sink.write('a line\n');
    });
    expect(onDropped).toHaveBeenCalledTimes(3);
  });

  test('goes on when the reader of a pipe has left', () => {
    const piped = spawnSync('/bin/sh', ['-c', `"$0" "$1" | true; echo "$?"`, process.execPath, script], {
      timeout: 10_000,
    });
    expect(piped.stdout.toString().trim()).toBe('0');
    expect(piped.stderr.toString()).toBe('');
  });
});

describe('a warning that repeats', () => {
  const repeated = (): Line[] =>
    lines.filter(({ msg, code }) => msg === 'the same again' && code === 'bus_unavailable');

  test('is written a few times, and then counted in one line that keeps its fields', () => {
    expect(repeated()).toHaveLength(6);
    expect(repeated()[5]).toMatchObject({ level: 'warn', service: 'ingress', code: 'bus_unavailable', held_back: 995 });
    expect(repeated()[5]!.job_id).toBeUndefined();
  });

  test('of another code is another one', () => {
    const other = lines.filter(({ msg, code }) => msg === 'the same again' && code === 'internal');
    expect(other).toHaveLength(1);
  });

  test('is not what an information is: each of those is written', () => {
    expect(lines.filter(({ msg }) => msg === 'an information')).toHaveLength(20);
  });
});
