/**
 * Chooses a loopback port that is free, and keeps it for this process: two that choose at once never get the same, and one
 * whose server is stopped for a while gets it back. It never takes one from the range that the system hands to outgoing
 * connections: a client that reconnects to a stopped server there can end up connected to itself.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

// Below Linux' default ip_local_port_range (32768) and above the ports that people remember.
const LOWEST_PORT = 15_000;
const HIGHEST_PORT = 32_000;
const ATTEMPTS = 50;

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export async function findFreePort(lowest = LOWEST_PORT, highest = HIGHEST_PORT): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(lowest, highest);
    if ((await reservePort(port)) && (await isPortFree(port))) return port;
  }
  throw new Error(`no free loopback port between ${lowest} and ${highest}`);
}

/** The port that `path` names, where nobody else has it meanwhile; else a free one, which it names from then on. */
export async function keepPort(path: string): Promise<number> {
  const kept = existsSync(path) ? Number(readFileSync(path, 'utf8')) : Number.NaN;
  const isUsable = kept >= LOWEST_PORT && kept < HIGHEST_PORT && (await reservePort(kept)) && (await isPortFree(kept));
  const port = isUsable ? kept : await findFreePort();
  writeFileSync(path, `${port}\n`);
  return port;
}

/**
 * Holds the port of the same number for datagrams, which nobody uses, until this process ends. The system gives it to one
 * alone and takes it back however that one ends. False when another holds it.
 */
function reservePort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}
