/** What the folder of `countersign-admin init` tells: who reads it, room on its disk, keys that sign policies, services at their ports. */
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { type Finding, finding, ok } from '@countersign/contracts/finding';
import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import type { TrustRoot } from '@countersign/contracts/policy';
import { clock } from './look-at-postgres.ts';

const ASK_MS = 5_000;
const GIB = 1024 ** 3;
const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 60;

export async function lookAtFolder(out: string): Promise<Finding[]> {
  const services = await Promise.all(SERVICES.map((service) => lookAtService(out, service)));
  return [...lookAtModes(out), lookAtDisk(out), ...lookAtTrustRoot(out), ...services.flat()];
}

/** Room of the disk that a path lies on. */
export function judgeDisk(of: string, free: number, size: number): Finding {
  const says = `${(free / GIB).toFixed(1)} GiB of ${(size / GIB).toFixed(1)} free`;
  const advice = 'make room or grow it: a full disk stops admission';
  if (free < GIB || free < size * 0.02) return finding('fault', of, says, advice);
  return free < size * 0.1 ? finding('warning', of, says, advice) : ok(of, says);
}

export function judgeTrustRoot({ keys, threshold }: TrustRoot, now: number): Finding[] {
  const good = keys.filter(({ not_after }) => Date.parse(not_after) > now);
  const advice = 'add a key to TRUST_ROOT, restart the kernels one by one, and sign the next policy with it';
  const soon = good.filter(({ not_after }) => Date.parse(not_after) < now + SOON_DAYS * DAY_MS);
  if (good.length < threshold)
    return [finding('fault', 'keys that sign policies', `${good.length} are good and ${threshold} are needed`, advice)];
  if (soon.length === 0) return [ok('keys that sign policies', `${good.length} are good, ${threshold} needed`)];
  return soon.map(({ key_id, not_after }) =>
    finding('warning', `key ${key_id} that signs policies`, `ends at ${not_after}`, advice),
  );
}

function lookAtModes(out: string): Finding[] {
  const files = readdirSync(out).filter((name) => /\.(env|pem|json|conf)$/.test(name));
  const open = files.filter((name) => (statSync(join(out, name)).mode & 0o077) !== 0);
  const advice = `chmod 600 them, and replace the keys in them if somebody else may have read them`;
  return open.length === 0
    ? [ok('files of settings', `${files.length}, readable for their owner alone`)]
    : [finding('fault', 'files of settings', `others may read ${open.join(', ')}`, advice)];
}

function lookAtDisk(out: string): Finding {
  const store = join(out, 'jetstream');
  const path = existsSync(store) ? store : out;
  const { bavail, blocks, bsize } = statfsSync(path);
  return judgeDisk(`disk under ${path}`, bavail * bsize, blocks * bsize);
}

function lookAtTrustRoot(out: string): Finding[] {
  const path = join(out, 'policy-kernel.env');
  if (!existsSync(path)) return [];
  const text = parseEnv(readFileSync(path, 'utf8')).POLICY_KERNEL_TRUST_ROOT;
  return text === undefined ? [] : judgeTrustRoot(JSON.parse(text) as TrustRoot, Date.now());
}

/** At the port of its probes, where it runs on this machine. */
async function lookAtService(out: string, service: ServiceName): Promise<Finding[]> {
  const path = join(out, `${service}.env`);
  const port = existsSync(path)
    ? parseEnv(readFileSync(path, 'utf8'))[`${service.toUpperCase().replaceAll('-', '_')}_HEALTH_PORT`]
    : undefined;
  const unknown = (says: string) => [
    finding('unknown', service, says, 'run `countersign doctor` with the page of all metrics'),
  ];
  if (port === undefined) return unknown('its file of settings names no port for probes');
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(ASK_MS) });
    const { ready, checks = {} } = (await answer.json()) as { ready: boolean; checks?: Record<string, boolean> };
    const bad = Object.entries(checks).flatMap(([name, passes]) => (passes ? [] : [name]));
    return [
      ready
        ? ok(service, 'ready')
        : finding('fault', service, `not ready: ${bad.join(', ') || 'starting or stopping'}`, 'read its log'),
      clock(service, Date.parse(answer.headers.get('date')!) - Date.now()),
    ];
  } catch {
    return unknown(`no answer on port ${port} of this machine`);
  }
}
