/** A worker's file names the address of nats-server, so a development server that is started again has it again. */
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { isPortFree, keepPort } from '@countersign/infra/find-free-port';
import { expect, inject, test } from 'vitest';

/** Held by nobody, and reserved by nobody, this process included. */
async function freeOne(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 10_000);
    if ((await isUnreserved(port)) && (await isPortFree(port))) return port;
  }
}

function isUnreserved(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

test('a port is kept, unless somebody else has it meanwhile', async () => {
  const dir = mkdtempSync(join(inject('test_stack').run_dir, 'port-'));
  const path = join(dir, 'nats.port');
  // As an earlier start has left it.
  const kept = await freeOne();
  writeFileSync(path, `${kept}\n`);
  const taker = createServer();
  await new Promise<void>((resolve) => taker.listen(kept, '127.0.0.1', resolve));
  const other = await keepPort(path);
  expect(other).not.toBe(kept);
  expect(Number(readFileSync(path, 'utf8'))).toBe(other);
  await new Promise((resolve) => taker.close(resolve));
  const again = await freeOne();
  writeFileSync(path, `${again}\n`);
  expect(await keepPort(path)).toBe(again);
  rmSync(dir, { recursive: true });
});
