import { spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TestPgbouncer {
  folder: string
  port: number
  configPath: string
  stop: () => Promise<void>
}

/**
 * A real PgBouncer in front of one database, as the given account: its file and socket lie in a folder of their own below `folder`. It listens on no
 * network. `backend` is the folder of a PostgreSQL's socket.
 */
export const startPgbouncer = async (options: {
  folder: string
  uid: number
  gid: number
  backend: { folder: string; database: string; user: string }
}): Promise<TestPgbouncer> => {
  const folder = join(options.folder, 'pgbouncer')
  const port = 6432
  mkdirSync(folder)
  const configPath = join(folder, 'pgbouncer.ini')
  const { backend } = options
  writeFileSync(join(folder, 'users'), `"${backend.user}" ""\n`)
  writeFileSync(
    configPath,
    [
      '[databases]',
      `orders = host=${backend.folder} port=5432 dbname=${backend.database}`,
      '',
      '[pgbouncer]',
      'listen_addr =',
      `listen_port = ${port}`,
      `unix_socket_dir = ${folder}`,
      'auth_type = trust',
      `auth_file = ${join(folder, 'users')}`,
      'pool_mode = transaction',
      'server_login_retry = 0.2',
      'ignore_startup_parameters = extra_float_digits',
      '',
    ].join('\n'),
  )
  chmodSync(configPath, 0o640)
  for (const path of [folder, configPath, join(folder, 'users')]) chownSync(path, options.uid, options.gid)
  // setpriv ties the daemon to this process: a killed test leaves none behind.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', '/usr/sbin/pgbouncer', '-q', configPath], {
    uid: options.uid,
    gid: options.gid,
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
    env: { LANG: 'C.UTF-8', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } as unknown as NodeJS.ProcessEnv,
  })
  let said = ''
  child.stderr.on('data', (piece: Buffer) => {
    said += piece.toString()
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (const until = Date.now() + 20_000; !existsSync(join(folder, `.s.PGSQL.${port}`)); ) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`PgBouncer did not start: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    folder,
    port,
    configPath,
    stop: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
