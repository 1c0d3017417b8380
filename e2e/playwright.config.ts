import { defineConfig } from '@playwright/test'

/** Files that move herds, and of those that look at people alone enough that both halves take equally long; all others run beside them. */
const herds = /(crash|discovery|failover|headers|identity-provider|passkey|people|records|second-factor|switchover)\.spec\.ts$/
/** Every page, shared out: each project looks at those whose records it makes. */
const pages = /pages\.spec\.ts$/

/**
 * The built app, real workers, the real lab and Debian's Chromium. Each project runs on a product and a lab of its own, one file after the other; after
 * a test that failed it goes on with new ones, so no failure takes others with it.
 */
export default defineConfig({
  testDir: '.',
  outputDir: '../test-results/browser',
  timeout: 120_000,
  expect: { timeout: 15_000 },
  fullyParallel: false,
  projects: [
    { name: 'herds', testMatch: [herds, pages], workers: 1 },
    { name: 'console', testMatch: '*.spec.ts', testIgnore: herds, workers: 1 },
  ],
  workers: process.env.MATRIARCH_E2E ? 1 : 2,
  retries: 0,
  forbidOnly: true,
  reporter: [['list'], ['json']],
  globalSetup: './harness/stack/global-setup.ts',
  use: {
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    launchOptions: { executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium' },
    // A copy of the page at every look would cost a third of all the processor time here; `--trace retain-on-failure` makes one.
    trace: 'off',
    screenshot: 'only-on-failure',
    video: 'off',
  },
})
