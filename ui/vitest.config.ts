import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['tests/unit/**/*.test.ts'], testTimeout: 15_000, reporters: ['./tests/support/closing-line.ts'] },
});
