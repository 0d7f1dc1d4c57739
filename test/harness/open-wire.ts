// A wire between a client and a server that a test can make swallow everything: no byte passes, and neither end is told.
import { createServer, connect as dial, type Socket } from 'node:net';

export type Wire = AsyncDisposable & {
  /** `host:port` to connect to instead of the server. */
  address: string;
  /** From now on nothing passes, on what is connected and on what will be. */
  blackhole(): void;
  /** New connections pass again; those that were swallowed stay dead. */
  heal(): void;
};

export async function openWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let swallows = false;
  const dead = new WeakSet<Socket>();

  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (bytes) => {
      if (!dead.has(from)) to.write(bytes);
    });
    from.on('close', () => {
      if (!dead.has(from)) to.destroy();
    });
  };
  const server = createServer((client) => {
    keep(client);
    if (swallows) return void dead.add(client);
    const upstream = dial(Number(port), hostname);
    keep(upstream);
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    blackhole() {
      swallows = true;
      for (const socket of sockets) dead.add(socket);
    },
    heal() {
      swallows = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
