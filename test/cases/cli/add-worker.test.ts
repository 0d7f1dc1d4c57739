/** `countersign workers add`: a pool that no active policy has is said, or, with `--strict`, refused, and no file is left then. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Asked, playApi } from './play-api.ts';
import { runCli } from './run-cli.ts';

const KEY = Buffer.alloc(32, 1).toString('base64url');
const folder = mkdtempSync(join(tmpdir(), 'countersign-add-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function add(name: string, pool_active: boolean | undefined, ...options: string[]) {
  const answer = ({ body: { pool, worker, strict } }: Asked) =>
    strict && pool_active === false
      ? { status: 409, body: { code: 'pool_unknown', detail: 'no active policy has this pool', trace_id: '0' } }
      : { status: 201, body: { pool, worker, pool_active } };
  await using api = await playApi({ 'POST /workers': answer });
  const out = join(folder, `${name}.json`);
  const given = ['--pool', 'desk-raed', '--name', 'w1', '--http', '--scheduler-key', KEY, '--out', out, ...options];
  const told = await runCli('--url', api.url, '--key', 'k', 'workers', 'add', ...given);
  return { ...told, made: existsSync(out) };
}

test('a pool that an active policy has, or of which nobody could be asked, is registered without a word', async () => {
  for (const pool_active of [true, undefined]) {
    const { out, code, made } = await add(`known-${pool_active}`, pool_active);
    expect([out.trimEnd().split('\n').length, code, made]).toEqual([1, 0, true]);
  }
});

test('any other one is a warning that names it', async () => {
  const { out, code, made } = await add('unknown', false);
  expect([code, made]).toEqual([0, true]);
  expect(out).toContain('warning: no active policy has the pool desk-raed');
});

test('and an error for who asks to be strict: nothing is registered and no file stays', async () => {
  const { error, code, made } = await add('strict', false, '--strict');
  expect(error).toContain('pool_unknown');
  expect([code === 0, made]).toEqual([false, false]);
});
