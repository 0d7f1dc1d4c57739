/**
 * A launcher to be killed: starts the local stack in the folder that it is given, says on standard output what runs,
 * and stops when its standard input ends.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLocalStack } from '@countersign/infra/local-stack';
import { renderOpenNatsConfig } from '@countersign/infra/render-open-nats-config';

const dir = process.argv[2]!;
await using stack = await startLocalStack({ dir, fresh: false, mode: 'test', renderNats: renderOpenNatsConfig });
const pidFiles = [join(dir, 'nats', 'nats-server.pid'), join(stack.postgres.data_dir!, 'postmaster.pid')];
const pids = pidFiles.map((path) => Number.parseInt(readFileSync(path, 'utf8'), 10));
process.stdout.write(`${JSON.stringify({ admin_url: stack.postgres.admin_url, pids })}\n`);
await once(process.stdin.resume(), 'end');
