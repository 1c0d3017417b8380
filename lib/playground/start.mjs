import { ensureModules, ensureNode } from './setup.mjs'

/** `npm start`: brings the npm packages, then goes on in TypeScript in this same process, so that there is one process to kill. */
ensureNode()
const startedAt = performance.now()
const didInstall = ensureModules()
const { register } = await import('tsx/esm/api')
register()
const { start } = await import('./start/start.ts')
await start(process.argv.slice(2), { modules: { ran: didInstall, tookMs: performance.now() - startedAt } })
