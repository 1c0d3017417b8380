import { randomBytes } from 'node:crypto'
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Fleet, FleetHost } from '../fleet/fleet'
import { consoleAddress, type Layout } from '../machine/layout'
import { hostScripts, type Machine } from '../machine/machine'
import { mustRun } from '../machine/processes'

/** What a host takes over from the machine's /etc: enough for PostgreSQL, Perl, sshd and a shell. */
const takenFromMachine = [
  'alternatives',
  'bash.bashrc',
  'debian_version',
  'gai.conf',
  'host.conf',
  'inputrc',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'locale.alias',
  'localtime',
  'login.defs',
  'os-release',
  'perl',
  'postgresql-common',
  'profile',
  'protocols',
  'rpc',
  'services',
  'shells',
  'ssh/moduli',
  'ssh/ssh_config',
  'ssl',
  'terminfo',
  'timezone',
]

function passwdFiles(machine: Machine): Record<string, string> {
  const { uid, gid } = machine.postgres
  const passwd = [
    'root:x:0:0:root:/root:/bin/bash',
    `postgres:x:${uid}:${gid}:PostgreSQL administrator:/var/lib/postgresql:/bin/bash`,
    'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    'etcd:x:65531:65531::/var/lib/etcd:/usr/sbin/nologin',
    'haproxy:x:65532:65532::/var/lib/haproxy:/usr/sbin/nologin',
  ]
  const group = ['root:x:0:', 'shadow:x:42:', `postgres:x:${gid}:`, 'nogroup:x:65534:', 'etcd:x:65531:', 'haproxy:x:65532:']
  // With a tty group sshd hands each terminal to it, which a lone user id may not do.
  if (!machine.isRootless) group.push('tty:x:5:')
  return {
    passwd: passwd.join('\n'),
    group: group.join('\n'),
    // '*' is "no password"; '!' would be "locked", and sshd then refuses even a key.
    shadow: passwd.map((line) => `${line.split(':')[0]}:*:19000:0:99999:7:::`).join('\n'),
  }
}

function sshdConfig(machine: Machine): string {
  return [
    'Port 22',
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UseDNS no',
    'PrintMotd no',
    'AllowUsers postgres',
    'Subsystem sftp internal-sftp',
    ...(machine.isRootless ? ['StrictModes no'] : []),
    'Include /etc/ssh/sshd_config.d/*.conf',
  ].join('\n')
}

/** What an administrator gives the console's user: sudo without a password. A plain user's lab has no root to become. */
function allowSudo(dir: (...parts: string[]) => string, write: (path: string, text: string, mode?: number) => void): void {
  mkdirSync(dir('etc/pam.d'), { recursive: true })
  write(dir('etc/pam.d/sudo'), ['auth', 'account', 'session'].map((kind) => `${kind} sufficient pam_permit.so`).join('\n'))
  write(dir('etc/sudoers'), 'Defaults env_reset\nroot ALL=(ALL:ALL) ALL\npostgres ALL=(ALL:ALL) NOPASSWD: ALL', 0o440)
}

/**
 * Makes a host's folder when it does not exist, and brings what the lab owns in it up to date. The host's own data,
 * its key and its configuration of PostgreSQL are never touched again.
 */
export async function prepareHost(layout: Layout, machine: Machine, fleet: Fleet, host: FleetHost): Promise<void> {
  const dir = (...parts: string[]) => layout.host(host.name, ...parts)
  const isNew = !existsSync(dir('made'))
  const give = (path: string) => {
    if (!machine.isRootless) chownSync(path, machine.postgres.uid, machine.postgres.gid)
  }
  const write = (path: string, text: string, mode = 0o644) => writeFileSync(path, `${text}\n`, { mode })
  if (isNew) {
    rmSync(dir(), { recursive: true, force: true })
    const folders = [
      'etc/ssh/sshd_config.d',
      'etc/postgresql',
      'var/lib/postgresql/.ssh',
      'var/log/postgresql',
      'var/tmp',
      'srv',
      'volumes',
    ]
    for (const folder of [...folders, 'local/bin', 'local/sbin', 'local/lib/lab']) mkdirSync(dir(folder), { recursive: true })
    copyEtc(dir('etc'))
    for (const [name, text] of Object.entries(passwdFiles(machine))) write(dir('etc', name), text, name === 'shadow' ? 0o640 : 0o644)
    write(dir('etc/hostname'), host.name)
    write(dir('etc/nsswitch.conf'), 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files')
    write(dir('etc/resolv.conf'), `nameserver ${consoleAddress}\noptions timeout:1 attempts:2`)
    write(dir('etc/environment'), 'LANG=C.UTF-8')
    symlinkSync('/run', dir('var/run'))
    symlinkSync('/proc/self/mounts', dir('etc/mtab'))
    write(dir('etc/ssh/sshd_config'), sshdConfig(machine))
    if (!machine.isRootless) allowSudo(dir, write)
    await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `root@${host.name}`, '-f', dir('etc/ssh/ssh_host_ed25519_key')])
    for (const own of ['etc/postgresql', 'var/lib/postgresql', 'var/lib/postgresql/.ssh', 'var/log/postgresql', 'srv']) give(dir(own))
    write(dir('made'), '')
  }
  // Written once; a lab of an earlier version has none.
  if (!existsSync(dir('etc/machine-id'))) write(dir('etc/machine-id'), randomBytes(16).toString('hex'), 0o444)
  const names = [`127.0.0.1 localhost`, `${consoleAddress} console`, ...fleet.hosts.map((each) => `${each.address} ${each.name}`)]
  write(dir('etc/hosts'), names.join('\n'))
  for (const script of ['rc.sh', 'as-postgres.sh', 'start-cluster.sh', 'timer.sh', 'notices.sh', 'unit.sh', 'daemons.sh'])
    cpSync(join(hostScripts, script), dir('local/lib/lab', script))
  for (const standIn of ['systemctl', 'systemd-run']) cpSync(join(hostScripts, standIn), dir('local/bin', standIn))
}

function copyEtc(target: string): void {
  for (const name of takenFromMachine) {
    const from = join('/etc', name)
    if (!existsSync(from)) continue
    if (name === 'ssl')
      mkdirSync(join(target, 'ssl'), { recursive: true }) // Filled by a mount.
    else {
      mkdirSync(dirname(join(target, name)), { recursive: true })
      cpSync(from, join(target, name), { recursive: true, verbatimSymlinks: true })
    }
  }
}

/** Lets a key log in as postgres; the keys that are there stay. */
export function addAuthorizedKey(layout: Layout, machine: Machine, host: string, publicKey: string): void {
  const path = layout.host(host, 'var/lib/postgresql/.ssh/authorized_keys')
  const present = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []
  if (present.includes(publicKey.trim())) return
  writeFileSync(path, `${[...present, publicKey.trim()].join('\n')}\n`, { mode: 0o600 })
  if (!machine.isRootless) chownSync(path, machine.postgres.uid, machine.postgres.gid)
}

export function readHostKey(layout: Layout, host: string): string {
  return readFileSync(layout.host(host, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8').trim().split(' ').slice(0, 2).join(' ')
}
