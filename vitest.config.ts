import { configDefaults, defineConfig } from 'vitest/config';

/** Where .ci/run wants the results as JSON. */
const report = process.env['VITEST_REPORT'];

/** `npm test` runs all but the slow tests, `npm run test:slow` these alone. */
const slow = 'test/**/*.slow.test.ts';

export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'slow' ? slow : 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(mode === 'slow' ? [] : [slow])],
    testTimeout: mode === 'slow' ? 300_000 : 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2, // tests wait for processes, servers and pages half of the time, also on two cores
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
}));
