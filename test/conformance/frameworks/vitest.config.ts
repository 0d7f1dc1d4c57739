/** Of `npm run conformance:frameworks` alone. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['conformance/frameworks/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    reporters: ['verbose'],
    expect: { poll: { timeout: 60_000 } },
  },
});
