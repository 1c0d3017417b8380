import { ensurePackages } from './machine/packages.mjs'
import { makeProgress } from './progress.mjs'
import { ensureModules, ensureNode } from './setup.mjs'

/** `npm test`: does all set-up, runs every check and every test, and ends with one line of counts. */
ensureNode()
const progress = makeProgress()
const packages = progress.step('Debian packages', ensurePackages('tests'))
packages.catch(() => {}) // Awaited before the first stage that needs them.
await progress.step('npm packages', ensureModules())
const { register } = await import('tsx/esm/api')
register()
const { runEverything } = await import('./test-all.ts')
await runEverything(process.argv.slice(2), packages)
