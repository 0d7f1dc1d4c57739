/** `countersign acs serve`: the guardian, on loopback or on standard input and output. */
import { besideOf, readGuardianFile } from '@countersign/acs/guardian-file';
import { createLogger } from '@countersign/platform/logger';
import { type Command, InvalidArgumentError } from 'commander';
import type { Output } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { holdFile } from '../kept-file.ts';
import { type HostOptions, pathOf, withHost } from './guardian-path.ts';

type ServeOptions = HostOptions & { port?: number; stdio?: boolean };

/** Standard output may be the protocol's. */
const STDERR = 2;
/** Where adapters of the standard look for a guardian, unless they are told. */
const PORT = 8787;

export function addServeCommand(acs: Command, output: Output): void {
  withHost(acs.command('serve'))
    .description('the guardian: POST /acs on 127.0.0.1, or frames on standard input and output')
    .option('--port <number>', 'on 127.0.0.1; left out, 8787, and 0 takes a free one', portNumber)
    .option('--stdio', 'for a host that starts its guardian itself')
    .action((options: ServeOptions) => serve(options, output));
}

/** One process at a time: two would not know of each other's requests, and so could be told the same one twice. */
async function serve(options: ServeOptions, output: Output): Promise<void> {
  if (options.stdio === true && options.port !== undefined) throw new UsageError('give either --stdio or --port');
  const path = pathOf(options);
  const file = await orUsage(() => readGuardianFile(path));
  if (file.host !== options.host) throw new UsageError(`${path} is of the host ${file.host}`);
  const letGo = holdFile(besideOf(path).lock, 'guardian');
  try {
    const { startGuardian } = await import('@countersign/acs/start-guardian');
    const transport = options.stdio === true ? 'stdio' : 'http';
    const log = createLogger('acs', 'info', undefined, STDERR);
    await using started = await orUsage(() => startGuardian(file, path, transport, log));
    if (transport === 'stdio') {
      const { serveStdio } = await import('@countersign/acs/serve-stdio');
      return await serveStdio(started.guardian, { input: process.stdin, output: process.stdout });
    }
    const { serveHttp } = await import('@countersign/acs/serve-http');
    const port = options.port ?? PORT;
    const served = await serveHttp(started.guardian, port).catch((thrown) => refusePort(port, thrown));
    output.write(`listening on http://127.0.0.1:${served.port}/acs\n`);
    await new Promise<void>((leave) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leave());
    });
    await served.close();
  } finally {
    letGo();
  }
}

/** What stays wrong until somebody changes something. */
async function orUsage<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (thrown) {
    const { name, message } = thrown as Error;
    if (!(thrown instanceof TypeError) && name !== 'WorkerStartError') throw thrown;
    throw new UsageError(`${message}; \`countersign acs add\` writes the file`);
  }
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('It must be a port.');
}

async function refusePort(port: number, thrown: NodeJS.ErrnoException): Promise<never> {
  if (thrown.code !== 'EADDRINUSE' && thrown.code !== 'EACCES') throw thrown;
  const { ListenError } = await import('@countersign/platform/http');
  throw new UsageError(`--port: ${new ListenError('127.0.0.1', port, thrown).message}`);
}
