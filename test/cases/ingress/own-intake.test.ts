// Whose intake an ingress owns: what the bus lets it, as of now.
import { intakeStream, type StreamSpec } from '@countersign/contracts/streams';
import { ownIntake } from '@countersign/ingress/own-intake';
import { beforeEach, expect, test, vi } from 'vitest';

/** What it owns: asked for once, and as long as it says so. */
const owned = vi.hoisted(() => new Map<string, () => boolean>());
const refused = vi.hoisted(() => new Set<string>());
vi.mock('@countersign/platform/own-stream', () => ({
  ownStream: async (_context: unknown, { name }: StreamSpec, _consumers: unknown, isOwned: () => boolean) => {
    if (refused.has(name)) throw new Error(`${name} differs`);
    expect(owned.has(name)).toBe(false);
    owned.set(name, isOwned);
  },
}));

let permitted: string[];
let read: string[];
let look: () => Promise<void>;
const door = (...tenants: string[]): void => {
  permitted = ['rpc.policy.decide', ...tenants.map((tenant) => `$JS.API.STREAM.CREATE.${intakeStream(tenant).name}`)];
};
const open = () =>
  ownIntake({
    config: { START_WAIT_MS: 0 },
    bus: {
      permissions: async () => permitted,
      connection: { onReconnect: () => {} },
      consume: ({ stream }: { stream: string }) => {
        read.push(stream);
        return () => void read.splice(read.indexOf(stream), 1);
      },
    },
    sweep: (_name: string, _every: number, run: () => Promise<void>) => {
      look = run;
      return { nudge: () => {} };
    },
  } as never);
const owns = (): string[] => [...owned].filter(([, isOwned]) => isOwned()).map(([name]) => name);

beforeEach(() => {
  owned.clear();
  refused.clear();
  read = [];
});

test('the tenants that have a door, and nothing else that it may make', async () => {
  door('acme', 'other');
  permitted.push('$JS.API.STREAM.CREATE.DISPATCH', '$JS.API.STREAM.CREATE.INTAKE_', '$JS.API.STREAM.CREATE.INTAKE_A.b');
  const intake = await open();
  expect([owns(), read]).toEqual([['INTAKE_acme', 'INTAKE_other'], []]);
  intake.read(async () => {});
  expect(read).toEqual(['INTAKE_acme', 'INTAKE_other']);
});

test('one that comes is owned and read, one that leaves is let alone, and may come back', async () => {
  door('acme');
  (await open()).read(async () => {});
  door('acme', 'late');
  await look();
  await look();
  expect([owns(), read]).toEqual([
    ['INTAKE_acme', 'INTAKE_late'],
    ['INTAKE_acme', 'INTAKE_late'],
  ]);
  door('acme');
  await look();
  expect([owns(), read]).toEqual([['INTAKE_acme'], ['INTAKE_acme']]);
  door('late', 'acme');
  await look();
  expect(owns()).toEqual(['INTAKE_acme', 'INTAKE_late']);
  expect(read).toEqual(['INTAKE_acme', 'INTAKE_late']);
});

test('one that cannot be made is tried again, says so, and keeps no other from its own', async () => {
  door('acme');
  (await open()).read(async () => {});
  refused.add('INTAKE_late');
  door('late', 'acme', 'next');
  await expect(look()).rejects.toThrow('INTAKE_late differs');
  expect(read).toEqual(['INTAKE_acme', 'INTAKE_next']);
  refused.clear();
  await look();
  expect(read).toEqual(['INTAKE_acme', 'INTAKE_next', 'INTAKE_late']);
});
