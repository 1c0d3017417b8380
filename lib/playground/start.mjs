import { ensurePackages } from './machine/packages.mjs'
import { makeProgress } from './progress.mjs'
import { ensureBuild, ensureModules, ensureNode } from './setup.mjs'
import { readChoice } from './start/choice.mjs'

/**
 * `npm start`: brings the npm packages and Debian's at once, then goes on in TypeScript in this same process, so that there is one process to kill. The
 * build begins as soon as it can; what needs Debian's packages waits for them alone.
 */
ensureNode()
const choice = readChoice(process.argv.slice(2))
console.log('Matriarch: the first start takes a minute or two, later ones some seconds.')
const progress = makeProgress()
const packages = choice.hasPlayground ? progress.step('Debian packages', ensurePackages('playground')) : Promise.resolve([])
packages.catch(() => {}) // Awaited by whoever needs them.
await progress.step('npm packages', ensureModules())
const build = progress.step('build', ensureBuild())
build.catch(() => {})
const { register } = await import('tsx/esm/api')
register()
const { start } = await import('./start/start.ts')
await start(choice, { progress, packages, build })
