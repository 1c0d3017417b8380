import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { collect } from './machine/programs.mjs'

/** Everything here runs before the npm packages are there: plain JavaScript, Node's own modules only. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

const fail = (sentence) => {
  console.error(`\n${sentence}`)
  process.exit(1)
}

export const ensureNode = () => {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 9)) fail(`Matriarch needs Node 20.9 or newer; this is ${process.versions.node}.`)
  if (process.platform !== 'linux') fail('Matriarch’s playground and tests run on Linux; use a virtual machine or a container with it.')
}

const digestOfFile = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** `npm ci` when node_modules does not belong to the lock file. Install scripts are not needed by any of the packages. Resolves to whether it ran. */
export const ensureModules = async () => {
  const stamp = join(projectRoot, 'node_modules/.matriarch-lock')
  const wanted = digestOfFile(join(projectRoot, 'package-lock.json'))
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { code, output } = await collect('npm', args, { cwd: projectRoot })
  if (code !== 0) fail(`npm ci failed, and nothing was started:\n${output}`)
  writeFileSync(stamp, wanted)
  return true
}

const sources = [
  'app',
  'components',
  'db',
  'jobs',
  'lib',
  'public',
  'package-lock.json',
  'instrumentation.ts',
  'next.config.ts',
  'tsconfig.json',
  'postcss.config.mjs',
]
const isBuilt = (path) => !/\.(test|spec)\.tsx?$/.test(path) && !/\/lib\/(playground|cli)\//.test(path)

const walk = (path, hash) => {
  const found = statSync(path)
  if (found.isDirectory()) for (const name of readdirSync(path).sort()) walk(join(path, name), hash)
  else if (isBuilt(path)) hash.update(path.slice(projectRoot.length)).update(readFileSync(path))
}

/** `next build` when a source changed since the last one. Resolves to whether it ran; rejects with the builder's output when it fails. */
export const ensureBuild = async () => {
  const hash = createHash('sha256')
  for (const name of sources) if (existsSync(join(projectRoot, name))) walk(join(projectRoot, name), hash)
  const wanted = hash.digest('hex')
  const stamp = join(projectRoot, '.next/matriarch-build')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false
  const built = await collect(process.execPath, [join(projectRoot, 'node_modules/next/dist/bin/next'), 'build'], {
    cwd: projectRoot,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
  })
  if (built.code !== 0) throw new Error(`next build failed:\n${built.output}`)
  writeFileSync(stamp, wanted)
  return true
}
