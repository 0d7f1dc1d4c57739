// Chooses a loopback port that is free now. It never takes one from the range that the system hands to outgoing
// connections: a client that reconnects to a stopped server there can end up connected to itself.
import { randomInt } from 'node:crypto';
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

export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free loopback port between ${LOWEST_PORT} and ${HIGHEST_PORT}`);
}
