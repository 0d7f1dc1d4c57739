/**
 * How tests run: real servers are started once, files share some processes. Journeys and failures run with two of every
 * service, because with one nobody sees what one instance takes from the other; what one alone would meet, they bring about
 * by disturbing both. What only ever has one, or says itself how many, runs as project `one`.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './harness/longest-first.ts';

const WITH_ONE = [
  // They say themselves how many there are.
  'failures/disturbed.test.ts',
  'failures/full-disk.test.ts',
  'failures/hung-instance.test.ts',
  'failures/kill-under-load.test.ts',
  'failures/power-cut.test.ts',
  'failures/supervised.test.ts',
  'failures/two-tenants.test.ts',
  // About what is packed, started and printed; the services behind it are the same.
  'journeys/admin-init.test.ts',
  'journeys/packed-packages.test.ts',
  'journeys/first-own-policy.test.ts',
  'journeys/own-pool.test.ts',
  'journeys/readme.test.ts',
];

/** They put others in the place of modules: nobody else may share their process. */
const MOCKING = globSync('{cases,servers,journeys,failures,long}/**/*.test.ts', { cwd: import.meta.dirname }).filter(
  (path) => readFileSync(join(import.meta.dirname, path), 'utf8').includes('vi.mock('),
);

const shared = {
  // A fresh process for every file spent a third of the time of the cases on loading the same modules again.
  isolate: false,
  // Real processes and signals: threads would share one process id and one set of handlers.
  pool: 'forks',
  // Ends for what hangs, and no measure of speed: a condition that is waited for may take long on a busy machine.
  testTimeout: 180_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 30_000, interval: 20 } },
} as const;

export default defineConfig({
  test: {
    globalSetup: ['./harness/global-setup.ts'],
    // More than a small machine has processors: much of a failure is waiting for something to be noticed.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default'],
    projects: [
      {
        test: {
          ...shared,
          name: 'one',
          include: ['{cases,servers,long}/**/*.test.ts', ...WITH_ONE],
          exclude: MOCKING,
          env: { TEST_REPLICAS: '1' },
        },
      },
      { test: { ...shared, name: 'mocking', include: MOCKING, isolate: true, env: { TEST_REPLICAS: '1' } } },
      {
        test: {
          ...shared,
          name: 'two',
          include: ['{journeys,failures}/**/*.test.ts'],
          exclude: [...WITH_ONE, ...MOCKING],
          env: { TEST_REPLICAS: '2' },
        },
      },
    ],
  },
});
