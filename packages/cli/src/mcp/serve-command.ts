/** `countersign mcp serve <file>`: many servers behind the plane, over HTTP, for clients that are agents of it. */

import { processEnvironment } from '@countersign/platform/environment';
import { createLogger } from '@countersign/platform/logger';
import type { Command } from 'commander';
import type { Output } from '../context.ts';
import { tellOwner } from './proxy-path.ts';
import { readServeFile } from './read-serve-file.ts';

const STDERR = 2;

export function addServeCommand(mcp: Command, output: Output): void {
  mcp
    .command('serve')
    .description('many servers behind the plane, over HTTP')
    .argument('<file>', 'YAML: where to listen, where the plane is, and each server')
    .action((file: string) => serve(file, output));
}

async function serve(path: string, output: Output): Promise<void> {
  const { settings, folder } = readServeFile(path);
  const { startServe } = await import('@countersign/mcp/start-serve');
  const log = createLogger('mcp', 'info', undefined, STDERR);
  const left = new Promise<void>((leave) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, leave);
  });
  const environment = processEnvironment();
  const serving = await startServe({ settings, folder, environment, log }).catch(tellOwner);
  for (const name of Object.keys(settings.servers)) output.write(`${name}: ${serving.url}/${name}\n`);
  await left;
  await serving.stop();
}
