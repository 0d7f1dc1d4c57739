/** A wire between the services and a server that a test can disturb: cut it, stall it, or swallow what goes over it. */
import { connect, createServer, type Socket } from 'node:net';
import { findFreePort } from '@countersign/infra/find-free-port';

export type Wire = AsyncDisposable & {
  /** The given address, with the wire in between. */
  url: string;
  /** Lets everything through. What was swallowed stays dead: a firewall that forgot a connection never remembers it. */
  mend(): void;
  /** Ends every connection, and refuses new ones. */
  cut(): void;
  /** Connections stay, and nothing goes over them until `mend`; then everything arrives, late. */
  stall(): void;
  /** Connections stay and take everything, and nothing ever arrives. */
  swallow(): void;
};

type Line = { near: Socket; far: Socket };
type State = 'whole' | 'cut' | 'stalled' | 'swallowing';

const swallowed = new WeakSet<Socket>();

/** `url` is of the server: `nats://…` or `postgres://…`. */
export async function layWire(url: string): Promise<Wire> {
  const server_port = Number(new URL(url).port);
  const lines = new Set<Line>();
  let state: State = 'whole';

  const server = createServer((near) => {
    near.on('error', () => near.destroy());
    if (state === 'cut') return near.destroy();
    const far = connect(server_port, '127.0.0.1');
    const line = { near, far };
    lines.add(line);
    const end = (): void => {
      lines.delete(line);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    put(line, state);
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

  const change = (to: State): void => {
    state = to;
    for (const line of [...lines]) put(line, to);
  };
  const address = new URL(url);
  address.hostname = '127.0.0.1';
  address.port = String(port);
  return {
    url: address.href.replace(/\/$/, ''),
    mend: () => change('whole'),
    cut: () => change('cut'),
    stall: () => change('stalled'),
    swallow: () => change('swallowing'),
    async [Symbol.asyncDispose]() {
      change('cut');
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function put({ near, far }: Line, state: State): void {
  if (state === 'cut') {
    near.destroy();
    far.destroy();
    return;
  }
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    if (swallowed.has(from)) continue;
    from.unpipe(to);
    if (state === 'whole') from.pipe(to);
    if (state === 'stalled') from.pause();
    if (state === 'swallowing') {
      swallowed.add(from);
      from.resume();
    }
  }
}
