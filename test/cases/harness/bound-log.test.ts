/** The logs of what a launcher runs stay within a size, however much is written and however full the disk is. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boundLog } from '@countersign/infra/bound-log';
import { spawnGuarded } from '@countersign/infra/spawn-guarded';
import { waitUntil } from '@countersign/infra/wait-until';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(inject('test_stack').run_dir, 'log-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a log that has grown too large is moved aside, and one generation is kept', () => {
  const log = join(dir, 'some.log');
  for (const generation of ['first', 'second', 'third']) {
    appendFileSync(log, generation.padEnd(200, '.'));
    boundLog(log, 100);
    expect(statSync(log).size).toBe(0);
    expect(readFileSync(`${log}.1`, 'utf8')).toContain(generation);
  }
});

test('a small log stays, and a missing one is none', () => {
  const log = join(dir, 'some.log');
  boundLog(log, 100);
  writeFileSync(log, 'short');
  boundLog(log, 100);
  expect(readFileSync(log, 'utf8')).toBe('short');
});

test('a program that keeps writing has its log bounded while it runs', { timeout: 30_000 }, async () => {
  const log_path = join(dir, 'talker.log');
  const talk = `const line = 'x'.repeat(65535) + '\\n'; setInterval(() => process.stdout.write(line), 2)`;
  const talker = await spawnGuarded({
    name: 'talker',
    command: process.execPath,
    args: ['-e', talk],
    log_path,
    stop_signal: 'SIGTERM',
    grace_seconds: 5,
    env: {},
    cwd: dir,
  });
  try {
    await waitUntil('its log is moved aside', () => statSync(`${log_path}.1`, { throwIfNoEntry: false }) !== undefined);
    // Appended to from its new beginning: a file with a hole would keep its old size.
    await waitUntil('it goes on from the beginning', () => {
      const { size } = statSync(log_path);
      return size > 0 && size < 8 * 1024 * 1024;
    });
    expect(readFileSync(log_path).includes(0)).toBe(false);
  } finally {
    await talker.stop();
  }
});
