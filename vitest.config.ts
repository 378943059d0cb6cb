import { defineConfig } from 'vitest/config';

/** Where .ci/run wants the results as JSON. */
const report = process.env['VITEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2, // tests wait for processes, servers and pages half of the time, also on two cores
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
