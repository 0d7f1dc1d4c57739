/** What is registered of a program that stands beside a host or a server: an agent, and the one worker of its pool. */
import { rmSync } from 'node:fs';
import { ApiError } from '@countersign/client/api-error';
import type { Client } from '@countersign/client/create-client';

/** One that is there already keeps its owner and ceiling: adding such a program never widens what somebody bounded. */
export async function createBesideAgent(client: Client, agent: Parameters<Client['createAgent']>[0]): Promise<void> {
  try {
    await client.createAgent(agent);
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.code !== 'identity_conflict') throw thrown;
    if ((await client.agent(agent.id)).revoked_at !== null) throw thrown;
  }
}

/** Nothing is left that nobody has the keys of: what was refused takes its files along. */
export async function createBesideWorker(
  client: Client,
  worker: Omit<Parameters<Client['createWorker']>[0], 'bus_key'>,
  files: readonly string[],
): Promise<void> {
  try {
    await client.createWorker({ ...worker, bus_key: null });
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status >= 400 && thrown.status < 500)
      for (const each of files) rmSync(each, { force: true });
    throw thrown;
  }
}
