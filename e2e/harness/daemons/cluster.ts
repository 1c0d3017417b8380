import { execFile } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { HostAddress, InstanceAddress } from '@/lib/ports'
import { freePort } from '../free-port'
import type { TestSshd } from './sshd'

const run = promisify(execFile)

export interface TestCluster {
  instance: (host?: HostAddress) => InstanceAddress
  data: string
  port: number
  bin: string
  /** pg_ctl on the machine itself, behind the console's back. */
  ctl: (...args: string[]) => Promise<void>
  /** Process id of the postmaster. Throws when none runs. */
  pid: () => number
  configure: (lines: string) => void
}

const newestBin = (): string => {
  const major = readdirSync('/usr/lib/postgresql')
    .map(Number)
    .filter((n) => n >= 13)
    .sort((a, b) => b - a)[0]
  if (!major) throw new Error('This test needs PostgreSQL 13 or newer: apt-get install postgresql')
  return `/usr/lib/postgresql/${major}/bin`
}

/**
 * A PostgreSQL cluster that belongs to the account of a test's sshd: peer authentication, no TCP, sockets and data in sshd's folder.
 * `of` makes it a streaming standby with a slot; where the programs for that are missing it is a stopped copy that follows nobody yet.
 * Ends with `dropCluster`.
 */
export const makeCluster = async (sshd: TestSshd, name: string, of?: TestCluster, bin = newestBin()): Promise<TestCluster> => {
  const port = await freePort()
  const data = join(sshd.folder, name)
  const own = { uid: sshd.uid, gid: sshd.gid, cwd: '/', env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' } }
  const command = (program: string, args: string[]) => run(join(bin, program), args, own)
  const canCopy = existsSync(join(bin, 'pg_basebackup'))
  if (of && !canCopy) {
    await of.ctl('stop')
    await run('cp', ['-a', of.data, data], own)
    await of.ctl('start')
  } else if (of) {
    const conninfo = `host=${of.instance().socketDirectory} port=${of.port} user=${sshd.user} application_name=${name}`
    await command('pg_basebackup', ['-D', data, '-d', conninfo, '-R', '-C', '-S', name, '-c', 'fast', '-X', 'stream', '--no-sync'])
  } else {
    await command('initdb', ['-D', data, '-U', sshd.user, '-A', 'peer', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', '--wal-segsize=1'])
    writeFileSync(join(data, 'pg_hba.conf'), 'local all all peer\nlocal replication all peer\n')
  }
  const configure = (lines: string) => appendFileSync(join(data, 'postgresql.conf'), `\n${lines}\n`)
  configure(
    [
      `port = ${port}`,
      `unix_socket_directories = '${sshd.folder}'`,
      `listen_addresses = ''`,
      'shared_buffers = 8MB',
      'fsync = off',
      'max_connections = 30',
      'min_wal_size = 2MB',
      `cluster_name = '${name}'`,
    ].join('\n'),
  )
  const ctl = async (...args: string[]) => {
    await command('pg_ctl', ['-D', data, '-w', '-s', '-l', join(sshd.folder, `${name}.log`), ...args])
  }
  if (!of || canCopy) await ctl('start')
  return {
    instance: (host = sshd.host()) => ({
      instanceId: `${name}-${port}`,
      herdId: 'herd',
      host,
      clusterName: name,
      major: null,
      port,
      dataDirectory: data,
      socketDirectory: sshd.folder,
      profile: 'generic',
      binDirectory: bin,
    }),
    data,
    port,
    bin,
    ctl,
    pid: () => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]),
    configure,
  }
}

/** At once; the data goes with it. */
export const dropCluster = async (cluster: TestCluster): Promise<void> => {
  try {
    process.kill(cluster.pid(), 'SIGCONT')
    await cluster.ctl('stop', '-m', 'immediate')
  } catch {
    // It does not run.
  }
  rmSync(cluster.data, { recursive: true, force: true })
}
