/**
 * `npm run bench:bus`: how long a revoked connection stands, and what storms at nats-server do to ingress, with the whole
 * system in one process beside this one and two ingresses when REPLICAS=2.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  allSettings,
  prepareSystem,
  renderDevelopmentNats,
  urlForRole,
} from '@countersign/infra/development-environment';
import { loadDevelopmentKeys } from '@countersign/infra/development-keys';
import { DEVELOPMENT_ROSTER, DEVELOPMENT_TENANT } from '@countersign/infra/development-roster';
import { findFreePort } from '@countersign/infra/find-free-port';
import { startLocalStack } from '@countersign/infra/local-stack';
import { runServices } from '@countersign/infra/run-services';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { connectDatabase } from '@countersign/platform/database';
import { createNatsKey, type NatsKey } from '@countersign/platform/nats-key';
import { isLetIn, knock } from '../../harness/knock-on-bus.ts';

const TRIES = 60;
const STORM = 500;

function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}

function told(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (p: number): string =>
    `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))]!.toFixed(0)} ms`;
  return `p50 ${at(0.5)}  p99 ${at(0.99)}  longest ${at(1)}  (${values.length} times)`;
}

const dir = mkdtempSync('/tmp/countersign-bus-');
try {
  const keys = loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER);
  await using stack = await startLocalStack({
    dir,
    fresh: false,
    mode: 'dev',
    renderNats: renderDevelopmentNats(keys),
  });
  const { admin_url } = stack.postgres;
  const prepared = { dir, admin_url, nats_url: stack.nats.url, keys };
  await prepareSystem(prepared);
  await using services = await runServices({
    dir: join(dir, 'logs'),
    separate: false,
    replicas: Number(process.env.REPLICAS ?? 1),
    settings: allSettings(prepared),
    http_port: await findFreePort(),
  });
  const database = connectDatabase({
    url: urlForRole(admin_url, 'countersign_ingress', keys.role_passwords.countersign_ingress!),
    pool: 2,
    name: 'bench',
  });
  const { url } = stack.nats;
  say(`${services.instancesOf('ingress').length} of ingress`);

  const register = async (count: number): Promise<NatsKey[]> => {
    const made = Array.from({ length: count }, () => createNatsKey());
    await database.transaction((tx) =>
      registerIdentities(tx, {
        workers: made.map(({ nkey_public }, i) => ({
          pool: 'demo-read',
          worker: `${nkey_public.slice(1, 12).toLowerCase()}-${i}`,
          public_key: generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!,
          bus_key: nkey_public,
        })),
      }),
    );
    return made;
  };
  const nameOf = (key: NatsKey, i: number): string => `demo-read/${key.nkey_public.slice(1, 12).toLowerCase()}-${i}`;
  const revoke = (what: 'worker' | 'bus_user', id: string) =>
    database.transaction((tx) => revokeIdentity(tx, { what, id, reason: 'measured', by_key: null }));
  /** From before the commit to the end of the connection, as its client sees it. */
  const measure = async (key: NatsKey, end: () => Promise<unknown>): Promise<number> => {
    const { letIn, closed } = await knock(url, key);
    if (!letIn) throw new Error('not let in');
    const began = performance.now();
    await end();
    await closed;
    return performance.now() - began;
  };
  const sets = { worker: [] as number[], tenant: [] as number[] };
  const workers = await register(TRIES);
  for (const [i, key] of workers.entries())
    sets.worker.push(await measure(key, () => revoke('worker', nameOf(key, i))));
  for (let i = 0; i < TRIES; i += 1) {
    const key = createNatsKey();
    await database.transaction((tx) =>
      registerIdentities(tx, {
        bus_users: [{ kind: 'agent', tenant: DEVELOPMENT_TENANT, nkey: key.nkey_public, principal: null }],
      }),
    );
    sets.tenant.push(await measure(key, () => revoke('bus_user', key.nkey_public)));
  }
  say(`a revoked worker is disconnected after        ${told(sets.worker)}`);
  say(`a revoked key of a tenant after               ${told(sets.tenant)}`);

  const many = await register(STORM);
  const untilAll = async (of: readonly NatsKey[]): Promise<{ ms: number; rounds: number }> => {
    const began = performance.now();
    let left = [...of];
    for (let rounds = 1; ; rounds += 1) {
      const outcomes = await Promise.all(left.map((key) => isLetIn(url, key)));
      left = left.filter((_, i) => !outcomes[i]);
      if (left.length === 0) return { ms: performance.now() - began, rounds };
    }
  };
  const storm = await untilAll(many);
  say(`${STORM} right keys at once: all in after ${storm.ms.toFixed(0)} ms, ${storm.rounds} tries at most`);
  await stack.nats.kill();
  await stack.nats.start();
  const again = await untilAll(many);
  say(`the same after the server was killed and started: ${again.ms.toFixed(0)} ms, ${again.rounds} tries at most`);
  const wrong = Array.from({ length: STORM }, () => createNatsKey());
  const began = performance.now();
  const strangers = Promise.all(wrong.map((key) => isLetIn(url, key)));
  const beside = await untilAll(many.slice(0, 1));
  const refused = (await strangers).filter((each) => !each).length;
  say(
    `${STORM} wrong keys at once: ${refused} refused in ${(performance.now() - began).toFixed(0)} ms; a right one beside them in ${beside.ms.toFixed(0)} ms`,
  );
  await database.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
