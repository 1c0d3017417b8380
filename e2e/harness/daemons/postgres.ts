import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '@/db/migrate'
import { madeOnce } from './made-once'

/** A metadata PostgreSQL of a test's own, migrated, on a Unix socket, that may be treated badly. It dies with the process that started it. */
export interface TestPostgres {
  /** The same before and after a restart. */
  connectionString: string
  /** Fast shutdown, and the folder is removed. */
  stop: () => Promise<void>
  /** `kill -9` of the postmaster and of every backend; the data stays. */
  kill: () => Promise<void>
  /** Starts it again after `kill`; otherwise shuts it down fast first. Resolves when it accepts connections. */
  restart: () => Promise<void>
}

const readyTimeoutMs = 60_000

const binaries = (): string => {
  const root = '/usr/lib/postgresql'
  const major = existsSync(root)
    ? readdirSync(root)
        .filter((name) => Number(name) >= 13 && existsSync(join(root, name, 'bin/initdb')))
        .sort((a, b) => Number(b) - Number(a))[0]
    : undefined
  if (!major) throw new Error('This test needs Debian’s PostgreSQL 13 or newer: apt-get install postgresql')
  return join(root, major, 'bin')
}

/** PostgreSQL refuses uid 0: as root it runs as postgres, or nobody. */
const account = (): { uid: number; gid: number } | null => {
  if (process.getuid?.() !== 0) return null
  const name = ['postgres', 'nobody'].find((candidate) => spawnSync('id', [candidate], { stdio: 'ignore' }).status === 0) ?? 'nobody'
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

const answers = async (connectionString: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

const sendKill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** A zombie holds nothing any more, and its new parent may take its time to reap it. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

const environment = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv

/** The same binaries and account for everything in `folder`, which the account can write to. */
const serverIn = (folder: string, settings: Record<string, string>) => {
  const bin = binaries()
  const owner = account()
  if (owner) chownSync(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  const asOwner = owner ? [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'] : []
  const logFile = join(folder, 'log')
  // The kernel keeps what was written when a process is killed, so nothing here needs fsync.
  const options = { listen_addresses: '', unix_socket_directories: folder, fsync: 'off', max_connections: '200', ...settings }
  const url = (database: string) => `postgresql://matriarch@/${database}?host=${encodeURIComponent(folder)}`
  let server: ChildProcess
  let gone: Promise<void>

  const initialise = (): void => {
    const made = spawnSync(
      'setpriv',
      [...asOwner, '--', join(bin, 'initdb'), '-D', data, '-U', 'matriarch', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
      { encoding: 'utf8', cwd: '/', env: environment },
    )
    if (made.status !== 0) throw new Error(`initdb failed:\n${made.stdout}${made.stderr}`)
  }
  const start = async (): Promise<void> => {
    const log = openSync(logFile, 'a')
    server = spawn(
      'setpriv',
      [
        ...asOwner,
        '--pdeathsig',
        'QUIT',
        '--',
        join(bin, 'postgres'),
        '-D',
        data,
        ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { cwd: '/', env: environment, stdio: ['ignore', log, log], detached: true },
    )
    gone = new Promise((resolve) => server.once('exit', () => resolve()))
    for (const deadline = Date.now() + readyTimeoutMs; !(await answers(url('postgres'))); ) {
      if (server.exitCode !== null || Date.now() > deadline)
        throw new Error(`PostgreSQL did not start:\n${readFileSync(logFile, 'utf8').slice(-4000)}`)
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }
  const isUp = () => server.exitCode === null && server.signalCode === null
  const kill = async (): Promise<void> => {
    // Backends are in sessions of their own, and one that outlives the postmaster holds the shared memory a restart needs.
    const backends = isUp() ? childrenOf(server.pid!) : []
    for (const pid of isUp() ? [server.pid!, ...backends] : []) sendKill(pid)
    await gone
    while (backends.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 5))
    rmSync(join(data, 'postmaster.pid'), { force: true })
  }
  const shutDown = async (): Promise<void> => {
    if (isUp()) server.kill('SIGINT')
    await gone
  }
  return { url, initialise, start, kill, shutDown }
}

const makeData = async (folder: string): Promise<void> => {
  const server = serverIn(folder, {})
  server.initialise()
  await server.start()
  try {
    const client = new pg.Client({ connectionString: server.url('postgres') })
    await client.connect()
    await client.query('create database matriarch')
    await client.end()
    await migrate(server.url('matriarch'))
  } finally {
    await server.shutDown()
  }
}

/** `settings` are added to postgres's command line: `{ max_connections: '20' }`. */
export const startPostgres = async (settings: Record<string, string> = {}): Promise<TestPostgres> => {
  const folder = mkdtempSync(join(tmpdir(), 'mpg-'))
  await madeOnce('debian', folder, makeData)
  const { url, start, kill, shutDown } = serverIn(folder, settings)
  await start()
  return {
    connectionString: url('matriarch'),
    kill,
    restart: async () => {
      await shutDown()
      await start()
    },
    stop: async () => {
      await shutDown()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
