/** A real nats-server of a test file's own, with a JetStream store of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { renderOpenNatsConfig } from '@countersign/infra/render-open-nats-config';
import {
  type NatsHandle,
  type NatsProgram,
  type NatsServerOptions,
  natsProcess,
  runNatsServer,
} from '@countersign/infra/run-nats-server';
import { inject } from 'vitest';

/** Without `render` the server lets everybody in and do everything, which suits a test of one part alone. */
export async function startNats(
  options: Partial<Pick<NatsServerOptions, 'render' | 'report'>> & { parent?: string } = {},
): Promise<NatsHandle> {
  const { run_dir, nats_binary } = inject('test_stack');
  const dir = mkdtempSync(join(options.parent ?? run_dir, 'nats-'));
  const program = nats_binary === undefined ? await chooseContainer() : natsProcess(nats_binary);
  const { render = renderOpenNatsConfig, report = () => undefined } = options;
  const server = await runNatsServer({ program, dir, render, report });
  // Added to the handle, not copied with it: some of what it tells changes with every start.
  return Object.assign(server, {
    async [Symbol.asyncDispose]() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  });
}

/** Loaded only when it is asked for: the container library takes longer to load than a server to start. */
async function chooseContainer(): Promise<NatsProgram> {
  const { natsContainer } = await import('./run-in-containers.ts');
  return natsContainer();
}
