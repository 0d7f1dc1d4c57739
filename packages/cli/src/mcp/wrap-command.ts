/** `countersign mcp wrap -- <command…>`: one server behind the plane, on standard input and output in place of the server itself. */
import { createLogger } from '@countersign/platform/logger';
import type { Command } from 'commander';
import { pathOf, readProxy, type ServerOptions, tellOwner, withServer } from './proxy-path.ts';

/** Standard output is the protocol's. */
const STDERR = 2;

export function addWrapCommand(mcp: Command): void {
  withServer(mcp.command('wrap'))
    .description('a server behind the plane, on standard input and output in place of the server itself')
    .argument('<command...>', 'what starts the server, after --')
    .action((command: string[], options: ServerOptions) => wrap(command, options));
}

async function wrap(started: readonly string[], options: ServerOptions): Promise<void> {
  const path = pathOf(options, started);
  const file = readProxy(path);
  const [{ startProxy }, { serveStdio }] = await Promise.all([
    import('@countersign/mcp/start-proxy'),
    import('@countersign/mcp/serve-stdio'),
  ]);
  const log = createLogger('mcp', 'info', undefined, STDERR);
  const [command, ...args] = started as [string, ...string[]];
  const left = new Promise<void>((leave) => {
    for (const event of ['end', 'close']) process.stdin.once(event, leave);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, leave);
  });
  const proxy = await startProxy({ file, path, upstream: { command, args, env: file.env }, log }).catch(tellOwner);
  const connection = serveStdio(() => proxy.serverFor('stdio'), log);
  await left;
  await connection.close();
  await proxy.stop();
}
