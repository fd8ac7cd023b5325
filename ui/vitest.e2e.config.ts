import { defineConfig } from 'vitest/config';

/** The page in a real browser, one file after another: they share the machine's time, and some of them measure it. */
export default defineConfig({
  test: {
    include: ['tests/e2e/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['./tests/support/closing-line.ts'],
  },
});
