/**
 * One `tools/call` of the public filesystem server through the proxy of `countersign mcp wrap` and at the bare server, by turns, one at a
 * time: what a caller waits longer because each call is decided twice, claimed, screened and recorded.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allSettings, type PrepareOptions, prepareSystem } from '@countersign/infra/development-environment';
import { findFreePort } from '@countersign/infra/find-free-port';
import { runServices } from '@countersign/infra/run-services';
import { connectMcp, countersignCommand, FILESYSTEM, type McpClient } from '../harness/mcp-client.ts';
import { mustRunCli } from '../harness/must-run-cli.ts';

/** Milliseconds, in pairs: `added` is of one turn. */
export type McpTimes = { bare: number[]; governed: number[]; added: number[] };

const WARM_UP = 30;

/** The development policy allows reads of this server. Throws when a call is not answered with the file. */
export async function driveMcp(prepared: PrepareOptions, calls: number): Promise<McpTimes> {
  await prepareSystem(prepared);
  await using closing = new AsyncDisposableStack();
  const services = closing.use(
    await runServices({
      dir: join(prepared.dir, 'logs-mcp'),
      separate: true,
      settings: allSettings(prepared),
      http_port: await findFreePort(),
      extra: { LOG_LEVEL: 'warn' },
    }),
  );
  const files = join(prepared.dir, 'mcp-files');
  mkdirSync(files);
  writeFileSync(join(files, 'notes.txt'), 'water the plants');
  const server = [...FILESYSTEM, files];
  const file = join(prepared.dir, 'filesystem.json');
  const { api_keys, warrant } = prepared.keys;
  const common = ['--url', services.url, '--key', api_keys.admin, 'mcp'];
  const of = ['--server', 'filesystem', '--file', file];
  await mustRunCli(...common, 'add', '--owner', 'admin', '--scheduler-key', warrant.public_key, ...of, '--', ...server);
  await mustRunCli(...common, 'tools', 'review', '--accept-all', '--by', 'alice', ...of, '--', ...server);
  const bare = closing.use(await connectMcp(server));
  const proxied = closing.use(await connectMcp(countersignCommand('mcp', 'wrap', '--file', file, '--', ...server)));
  const path = join(files, 'notes.txt');
  const times: McpTimes = { bare: [], governed: [], added: [] };
  for (let i = -WARM_UP; i < calls; i += 1) {
    const alone = await timed(bare, path);
    const governed = await timed(proxied, path);
    if (i < 0) continue;
    times.bare.push(alone);
    times.governed.push(governed);
    times.added.push(governed - alone);
  }
  return times;
}

async function timed(client: McpClient, path: string): Promise<number> {
  const started = performance.now();
  const { content, isError } = await client.call('read_text_file', { path });
  const took = performance.now() - started;
  if (isError === true || content[0]?.text !== 'water the plants') throw new Error('the call was not answered');
  return took;
}
