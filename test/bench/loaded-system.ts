/**
 * A whole system as processes of their own, with a client beside it that submits at a fixed rate, for benches that measure how
 * soon something takes effect. Two of each service when REPLICAS=2.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  allSettings,
  prepareSystem,
  renderDevelopmentNats,
  urlForRole,
} from '@countersign/infra/development-environment';
import { loadDevelopmentKeys } from '@countersign/infra/development-keys';
import { DEVELOPMENT_ROSTER, DEVELOPMENT_TENANT as tenant } from '@countersign/infra/development-roster';
import { findFreePort } from '@countersign/infra/find-free-port';
import { startLocalStack } from '@countersign/infra/local-stack';
import { runServices } from '@countersign/infra/run-services';
import { connectDatabase, type Database } from '@countersign/platform/database';
import type { TestSystem } from '../harness/start-system.ts';

/** Jobs a second beside what is measured. */
export const RATE = 40;

export type LoadedSystem = AsyncDisposable & {
  /** What helpers of tests need of one. */
  system: TestSystem;
  url: string;
  /** As ingress, and as a superuser. */
  database: Database;
  admin: Database;
  /** Removed in the end. */
  dir: string;
  /** Of each service. */
  replicas: number;
  /** The load begins. The worker of its pool has to be there. */
  load(): Promise<void>;
};

export async function startLoadedSystem(name: string): Promise<LoadedSystem> {
  const cleanUp = new AsyncDisposableStack();
  const dir = mkdtempSync(`/tmp/countersign-${name}-`);
  cleanUp.defer(async () => rmSync(dir, { recursive: true, force: true }));
  try {
    const keys = loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER);
    const stack = cleanUp.use(
      await startLocalStack({ dir, fresh: false, mode: 'dev', renderNats: renderDevelopmentNats(keys) }),
    );
    const { admin_url } = stack.postgres;
    const prepared = { dir, admin_url, nats_url: stack.nats.url, keys };
    await prepareSystem(prepared);
    const replicas = Number(process.env.REPLICAS ?? 1);
    const services = cleanUp.use(
      await runServices({
        dir: join(dir, 'logs'),
        separate: true,
        replicas,
        settings: allSettings(prepared),
        http_port: await findFreePort(),
      }),
    );
    const url = services.urls[0]!;
    const open = (of: string): Database =>
      cleanUp.adopt(connectDatabase({ url: of, pool: 2, name: 'bench' }), (each) => each.close());
    return {
      system: { url, tenant, keys, nats: stack.nats } as unknown as TestSystem,
      url,
      database: open(urlForRole(admin_url, 'countersign_ingress', keys.role_passwords.countersign_ingress!)),
      admin: open(admin_url),
      dir,
      replicas,
      async load() {
        const asked = { url, key: keys.api_keys.agent, rate: RATE, clients: 1, seconds: 600 };
        const client = spawn(process.execPath, [join(import.meta.dirname, 'submit-load.ts')], {
          env: { ...process.env, BENCH_LOAD: JSON.stringify(asked) },
          stdio: 'ignore',
        });
        cleanUp.defer(async () => void client.kill());
        await pause(3_000);
      },
      [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
    };
  } catch (thrown) {
    await cleanUp.disposeAsync();
    throw thrown;
  }
}

export function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}

/** Of so many times in milliseconds. */
export function told(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (p: number): string =>
    `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))]!.toFixed(0)} ms`;
  return `p50 ${at(0.5)}  p99 ${at(0.99)}  longest ${at(1)}`;
}
