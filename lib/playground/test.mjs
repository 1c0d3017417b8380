import { ensureModules, ensureNode } from './setup.mjs'

/** `npm test`: does all set-up, runs every check and every test, and ends with one line of counts. */
ensureNode()
ensureModules()
const { register } = await import('tsx/esm/api')
register()
const { runEverything } = await import('./test-all.ts')
await runEverything(process.argv.slice(2))
