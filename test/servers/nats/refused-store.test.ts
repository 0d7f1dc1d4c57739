/** A store that nats-server refuses, as a power cut leaves it: set aside with a word about it, and the server is up. */
import { existsSync, globSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNats } from '../../harness/start-nats.ts';

let server: Awaited<ReturnType<typeof startNats>>;
let told: string[];
beforeEach(async () => {
  told = [];
  server = await startNats({ report: (line) => void told.push(line) });
  await withManager(async (manager) => {
    for (const name of ['INTAKE', 'DISPATCH']) await manager.streams.add({ name, subjects: [`${name}.>`] });
  });
});
afterEach(() => server[Symbol.asyncDispose]());

async function withManager<T>(act: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: server.url });
  try {
    return await act(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

function streams(): Promise<string[]> {
  return withManager(async (manager) => {
    const names: string[] = [];
    for await (const name of manager.streams.names()) names.push(name);
    return names.sort();
  });
}

/** Each of these folders is of one time that something was set aside. */
function asides(): string[] {
  return readdirSync(dirname(server.store_dir))
    .filter((name) => name.startsWith('refused-'))
    .map((name) => join(dirname(server.store_dir), name));
}

test('one stream is refused: it alone is set aside, and a person is told what that means', async () => {
  await server.stop();
  const [meta] = globSync('**/streams/DISPATCH/meta.inf', { cwd: server.store_dir });
  writeFileSync(join(server.store_dir, meta!), '');
  await server.start();
  expect(await streams()).toEqual(['INTAKE']);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/refuses DISPATCH/);
  expect(told[0]).not.toMatch(/INTAKE/);
  expect(asides().flatMap((dir) => globSync('*-DISPATCH/meta.sum', { cwd: dir }))).toHaveLength(1);
});

test('requests that nobody had read are mentioned when INTAKE is among it', async () => {
  await server.stop();
  for (const meta of globSync('**/streams/*/meta.*', { cwd: server.store_dir }))
    writeFileSync(join(server.store_dir, meta), '');
  await server.start();
  expect(await streams()).toEqual([]);
  expect(told.join()).toMatch(/INTAKE that ingress had not read/);
});

test('the whole store is refused: it is set aside, and the server starts with an empty one', async () => {
  await server.stop();
  const inner = join(server.store_dir, 'jetstream');
  rmSync(inner, { recursive: true });
  writeFileSync(inner, 'no folder');
  await server.start();
  expect(await streams()).toEqual([]);
  expect(told).toHaveLength(1);
  expect(asides().map((dir) => existsSync(join(dir, 'store', 'jetstream')))).toEqual([true]);
});

test('a sound store is left alone', async () => {
  await server.stop();
  await server.start();
  expect([await streams(), told, asides()]).toEqual([['DISPATCH', 'INTAKE'], [], []]);
});
