import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './e2e/harness/longest-first.ts'

const alias = { '@': fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '') }
const exclude = ['**/node_modules/**', '.next/**', '.matriarch/**', 'e2e/**/*.spec.ts']

/** `unit` is pure, on every core (Vitest would leave one idle, of two) and without a world of its own for each file; `integration` starts real daemons, so files run four at a time (they mostly wait) and may take longer. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...exclude, '**/*.int.test.ts'],
          isolate: false,
          testTimeout: 60_000,
          maxWorkers: availableParallelism(),
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          include: ['**/*.int.test.ts'],
          exclude,
          globalSetup: 'e2e/harness/daemons/made-once.ts',
          testTimeout: 120_000,
          hookTimeout: 180_000,
          maxWorkers: 4,
        },
      },
    ],
  },
})
