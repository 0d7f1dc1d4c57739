// How tests run: real servers are started once, files share two processes. Journeys and failures run with one of every
// service and with two, because with one nobody sees what one instance takes from the other.
import { defineConfig } from 'vitest/config';

/** With two only for what two can change. */
const NOT_WITH_TWO = [
  'journeys/admin-init.test.ts',
  // They say themselves how many there are.
  'failures/disturbed.test.ts',
  'failures/full-disk.test.ts',
  'failures/hung-instance.test.ts',
  'failures/kill-under-load.test.ts',
  'failures/power-cut.test.ts',
  'failures/supervised.test.ts',
  'failures/two-tenants.test.ts',
  // About what is packed, started and printed; the services behind it are the same.
  'journeys/packed-packages.test.ts',
  'journeys/first-own-policy.test.ts',
  'journeys/own-pool.test.ts',
  'journeys/readme.test.ts',
];

const shared = {
  // Real processes and signals: threads would share one process id and one set of handlers.
  pool: 'forks',
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // A condition that is waited for may take a while on a busy machine; one that never holds still fails.
  expect: { poll: { timeout: 15_000, interval: 20 } },
} as const;

export default defineConfig({
  test: {
    globalSetup: ['./harness/global-setup.ts'],
    maxWorkers: 2,
    reporters: ['default'],
    projects: [
      {
        test: {
          ...shared,
          name: 'one',
          include: ['{cases,long,journeys,failures}/**/*.test.ts'],
          env: { TEST_REPLICAS: '1' },
        },
      },
      {
        test: {
          ...shared,
          name: 'two',
          include: ['{journeys,failures}/**/*.test.ts'],
          exclude: NOT_WITH_TWO,
          env: { TEST_REPLICAS: '2' },
        },
      },
    ],
  },
});
