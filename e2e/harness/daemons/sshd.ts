import { execFile, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeSshKey } from '@/lib/adapters/vault'
import type { HostAddress } from '@/lib/ports'
import { freePort } from '../free-port'

const run = promisify(execFile)

export interface TestSshd {
  port: number
  /** The only account it lets in: the owner of the process; `postgres` when the tests run as root. */
  user: string
  uid: number
  gid: number
  /** `SHA256:…` of the key it shows. */
  hostKey: string
  /** The client's key, in OpenSSH format, that it accepts. */
  privateKey: string
  /** A folder that its account may write to. */
  folder: string
  host: (overrides?: Partial<HostAddress>) => HostAddress
  /** Ends the daemon and every session at once. */
  kill: () => Promise<void>
  /** The daemon and every session stand still, as on a host that hangs: connections are made and nothing answers. The answer resumes them. */
  freeze: () => Promise<() => void>
  /** Starts it again, on the same port, with another host key if wished. */
  restart: (options?: { newHostKey?: boolean }) => Promise<string>
  stop: () => Promise<void>
}

/** sshd never runs as root here: it then serves its own account alone and needs nothing of the machine. */
export const testAccount = async (): Promise<{ name: string; uid: number; gid: number }> => {
  const own = userInfo()
  if (own.uid !== 0) return { name: own.username, uid: own.uid, gid: own.gid }
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])])
  return { name: 'postgres', uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('data', () => socket.destroy() && resolve(true))
    socket.once('error', () => resolve(false))
  })

/** The daemon's sessions: they live on when it dies. What runs in them is left alone, as when a machine loses its network. */
const sessionsOf = async (daemon: number): Promise<number[]> => {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,comm='])
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const below = (parent: number): number[] =>
    rows.filter(([, ppid, comm]) => Number(ppid) === parent && comm === 'sshd').flatMap(([pid]) => [Number(pid), ...below(Number(pid))])
  return below(daemon)
}

/** A real sshd on a free loopback port with its own host key. `lines` go into its configuration. */
export const startSshd = async (options: { lines?: string[] } = {}): Promise<TestSshd> => {
  const account = await testAccount()
  const folder = mkdtempSync(join(tmpdir(), 'matriarch-sshd-'))
  chownSync(folder, account.uid, account.gid)
  const own = { uid: account.uid, gid: account.gid }
  const port = await freePort()
  const keys = makeSshKey('test')
  writeFileSync(join(folder, 'authorized_keys'), `${keys.publicKey}\n`)
  const makeHostKey = async (): Promise<string> => {
    rmSync(join(folder, 'host_key'), { force: true })
    rmSync(join(folder, 'host_key.pub'), { force: true })
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host_key')], own)
    const { stdout } = await run('ssh-keygen', ['-lf', join(folder, 'host_key.pub')])
    return stdout.split(' ')[1]!
  }
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      // The first value of a keyword holds.
      ...(options.lines ?? []),
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host_key')}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      `PidFile ${join(folder, 'pid')}`,
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'MaxStartups 100:30:200',
      `SetEnv XDG_STATE_HOME=${join(folder, 'state')} PGPASSFILE=${join(folder, 'passfile')}`,
    ].join('\n'),
  )
  let hostKey = await makeHostKey()
  const log = join(folder, 'log')
  const isReady = async () => {
    const until = Date.now() + 20_000
    while (!(await answers(port))) {
      if (Date.now() > until) throw new Error(`sshd did not start: ${readFileSync(log, 'utf8')}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const start = async () => {
    // setpriv ties the daemon to this process: a killed test leaves none behind.
    const argv = ['--pdeathsig', 'KILL', '--', '/usr/sbin/sshd', '-D', '-E', log, '-f', join(folder, 'sshd_config')]
    const env = { ...process.env, LANG: 'C.UTF-8' }
    const child = spawn('setpriv', argv, { ...own, stdio: 'ignore', cwd: '/', env })
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    await isReady()
    return { pid: child.pid!, kill: () => child.kill('SIGKILL'), ended }
  }
  let daemon = await start()
  const kill = async () => {
    for (const pid of await sessionsOf(daemon.pid)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself meanwhile.
      }
    }
    daemon.kill()
    await daemon.ended
  }
  const freeze = async () => {
    const pids = [daemon.pid, ...(await sessionsOf(daemon.pid))]
    const send = (signal: 'SIGSTOP' | 'SIGCONT') => {
      for (const pid of pids) {
        try {
          process.kill(pid, signal)
        } catch {
          // It ended by itself meanwhile.
        }
      }
    }
    send('SIGSTOP')
    return () => send('SIGCONT')
  }
  return {
    port,
    user: account.name,
    uid: account.uid,
    gid: account.gid,
    get hostKey() {
      return hostKey
    },
    privateKey: keys.privateKey,
    folder,
    host: (overrides = {}) => ({
      serverId: `server-${port}`,
      environmentId: 'test',
      hostname: `host-${port}`,
      address: '127.0.0.1',
      port,
      user: account.name,
      hostKey,
      ...overrides,
    }),
    kill,
    freeze,
    restart: async ({ newHostKey = false } = {}) => {
      await kill()
      if (newHostKey) hostKey = await makeHostKey()
      daemon = await start()
      return hostKey
    },
    stop: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
