/** Whose intake an ingress owns: every tenant's that the registry has given a door on the bus. */
import type { StreamSpec } from '@countersign/contracts/streams';
import { ownIntake } from '@countersign/ingress/own-intake';
import { beforeEach, expect, test, vi } from 'vitest';

/** What it owns: asked for once. */
const owned = vi.hoisted(() => new Set<string>());
const refused = vi.hoisted(() => new Set<string>());
vi.mock('@countersign/platform/own-stream', () => ({
  ownStream: async (_context: unknown, { name }: StreamSpec) => {
    if (refused.has(name)) throw new Error(`${name} differs`);
    expect(owned.has(name)).toBe(false);
    owned.add(name);
  },
}));

let doors: { owner: string }[];
let read: string[];
let look: () => Promise<void>;

function door(...tenants: string[]): void {
  doors = tenants.map((owner) => ({ owner }));
}

function open() {
  return ownIntake({
    config: { START_WAIT_MS: 0 },
    database: { query: async () => doors },
    bus: {
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
}

function owns(): string[] {
  return [...owned];
}

beforeEach(() => {
  owned.clear();
  refused.clear();
  read = [];
});

test('the tenants that have a door, read once somebody reads', async () => {
  door('acme', 'other');
  const intake = await open();
  expect([owns(), read]).toEqual([['INTAKE_acme', 'INTAKE_other'], []]);
  intake.read(async () => {});
  expect(read).toEqual(['INTAKE_acme', 'INTAKE_other']);
});

test('one that comes is owned and read, once', async () => {
  door('acme');
  (await open()).read(async () => {});
  door('acme', 'late');
  await look();
  await look();
  expect([owns(), read]).toEqual([
    ['INTAKE_acme', 'INTAKE_late'],
    ['INTAKE_acme', 'INTAKE_late'],
  ]);
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
