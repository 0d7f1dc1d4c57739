// How tests run: real servers are started once, files share two processes.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{cases,long,journeys,failures}/**/*.test.ts'],
    globalSetup: ['./harness/global-setup.ts'],
    // Real processes and signals: threads would share one process id and one set of handlers.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A condition that is waited for may take a while on a busy machine; one that never holds still fails.
    expect: { poll: { timeout: 15_000, interval: 20 } },
    reporters: ['default'],
  },
});
