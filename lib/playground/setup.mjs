import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/** `npm ci` when node_modules does not belong to the lock file. Install scripts are not needed by any of the packages. Returns whether it ran. */
export const ensureModules = () => {
  const stamp = join(projectRoot, 'node_modules/.matriarch-lock')
  const wanted = digestOfFile(join(projectRoot, 'package-lock.json'))
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false
  const done = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: projectRoot,
    stdio: 'inherit',
  })
  if (done.status !== 0) fail('npm ci failed; see above. Nothing was started.')
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

/** Runs to the end with its output kept, without holding up whatever else this process does meanwhile. */
const collect = (file, args, options) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += piece))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })

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
