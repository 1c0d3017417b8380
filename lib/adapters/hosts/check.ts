import { formatBytes, GiB } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress, HostCheckStep } from '@/lib/ports'
import type { Survey } from './survey'

type Answer = Pick<HostCheckStep, 'verdict' | 'because'>

/** The order of the page. A step that cannot be looked at because an earlier one failed is `skipped`. */
export const checkTitles = {
  reachable: 'The host answers',
  'host-key': 'The host key is the pinned one',
  login: 'The console’s key is accepted',
  machine: 'It is the registered machine',
  user: 'The account owns the clusters',
  binaries: 'The programs of the profile are there',
  versions: 'PostgreSQL is installed',
  clusters: 'Clusters',
  disk: 'Disk space',
  clock: 'Clock',
} as const satisfies Record<HostCheckStep['name'], string>

/** What a check does; each look is asked for only when the one before it let it through. */
export interface CheckLooks {
  showHostKey: () => Promise<{ fingerprint: string; keyType: string }>
  logIn: () => Promise<void>
  survey: () => Promise<{ survey: Survey; clockOffsetSeconds: number | null }>
}

/** Throws `shell.cancelled` alone: what nobody waited for says nothing of the host. */
export const checkHost = async (
  host: HostAddress,
  { profile, signal, onStep }: { profile: string; signal?: AbortSignal; onStep?: (step: HostCheckStep) => void },
  looks: CheckLooks,
): Promise<HostCheckStep[]> => {
  const steps: HostCheckStep[] = []
  const say = (name: HostCheckStep['name'], answer: Answer): void => {
    const step: HostCheckStep = { name, title: checkTitles[name], ...answer }
    steps.push(step)
    onStep?.(step)
  }
  const skipRest = (because: string): HostCheckStep[] => {
    const done = new Set(steps.map(({ name }) => name))
    for (const name of Object.keys(checkTitles) as HostCheckStep['name'][]) if (!done.has(name)) say(name, { verdict: 'skipped', because })
    return steps
  }

  let shown: { fingerprint: string; keyType: string }
  try {
    shown = await looks.showHostKey()
  } catch (error) {
    throwIfCancelled(error, signal)
    say('reachable', { verdict: 'fail', because: `${wordsOf(error)} Check the address, the port, the firewall, and that sshd runs.` })
    return skipRest('The host does not answer.')
  }
  say('reachable', { verdict: 'pass', because: `${host.address}:${host.port} answers with SSH.` })

  if (host.hostKey === null) {
    const compare = `Compare it on the host (ssh-keygen -lf /etc/ssh/ssh_host_${hostKeyFile(shown.keyType)}_key.pub), then accept it.`
    say('host-key', { verdict: 'warn', because: `No key is pinned yet. The host shows ${shown.keyType} ${shown.fingerprint}. ${compare}` })
    return skipRest('Nothing runs on a host whose key is not pinned.')
  }
  const logIn = await tried(looks.logIn)
  throwIfCancelled(logIn, signal)
  if (logIn?.code === 'shell.host-key-changed') {
    say('host-key', {
      verdict: 'fail',
      because: `${logIn.message} If the host was reinstalled, accept the new key; if not, find out who answers there.`,
    })
    return skipRest('Nothing runs on a host that shows another key than the pinned one.')
  }
  say('host-key', { verdict: 'pass', because: `The host shows its pinned key ${host.hostKey}.` })

  if (logIn !== null && !isStranger(logIn)) {
    say('login', { verdict: 'fail', because: loginRemedy(host, logIn) })
    return skipRest('The console cannot log in.')
  }
  say('login', { verdict: 'pass', because: `The console logs in as ${host.user}.` })
  if (logIn !== null) {
    say('machine', { verdict: 'fail', because: logIn.message })
    return skipRest('Nothing runs on a machine that is not the registered one.')
  }
  const known = 'It is the machine that was registered at its first login.'
  say('machine', { verdict: 'pass', because: host.serverId === '' ? 'It is no server’s machine yet.' : known })

  let seen: Awaited<ReturnType<CheckLooks['survey']>>
  try {
    seen = await looks.survey()
  } catch (error) {
    throwIfCancelled(error, signal)
    say('user', { verdict: 'fail', because: `The host lets the console in, but does not run its commands: ${wordsOf(error)}` })
    return skipRest('Commands do not run there.')
  }
  const { survey } = seen
  say('user', judgeUser(host, survey))
  say('binaries', judgeBinaries(profile, survey))
  say('versions', judgeVersions(survey))
  say('clusters', judgeClusters(profile, survey))
  say('disk', judgeDisk(survey))
  say('clock', judgeClock(seen.clockOffsetSeconds))
  return steps
}

const throwIfCancelled = (error: unknown, signal: AbortSignal | undefined): void => {
  if (error !== null && signal?.aborted) throw new Fault('shell.cancelled', { isOver: true }, { cause: error })
}

const isStranger = ({ code }: Fault): boolean => code === 'shell.machine-changed' || code === 'shell.machine-unknown'

const tried = async (act: () => Promise<void>): Promise<Fault | null> => {
  try {
    await act()
    return null
  } catch (error) {
    return error instanceof Fault ? error : new Fault('internal.bug', {}, { cause: error })
  }
}

const wordsOf = (error: unknown): string => (error instanceof Fault ? error.message : 'The console failed; its log says why.')

const hostKeyFile = (keyType: string): string => (keyType.startsWith('ecdsa') ? 'ecdsa' : keyType === 'ssh-ed25519' ? 'ed25519' : 'rsa')

const loginRemedy = (host: HostAddress, fault: Fault): string =>
  fault.code === 'shell.denied'
    ? `${fault.message} Add the public key of the server’s environment to ~${host.user}/.ssh/authorized_keys (folder mode 700, file 600, owned by ${host.user}), and check AllowUsers and that the account is not locked.`
    : fault.message

const judgeUser = (host: HostAddress, { user, clusters }: Survey): Answer => {
  const others = [...new Set(clusters.map(({ owner }) => owner).filter((owner) => owner !== user && owner !== '<unknown>'))]
  if (user !== host.user) return { verdict: 'warn', because: `The login as ${host.user} ends up as ${user || 'nobody known'}.` }
  if (others.length > 0)
    return {
      verdict: 'warn',
      because: `${user} does not own every cluster here (${others.join(', ')} does): it can neither start those nor log in to them by peer authentication.`,
    }
  return { verdict: 'pass', because: `Commands run as ${user}.` }
}

const programsOf: Record<string, string[]> = {
  debian: ['pg_ctlcluster', 'pg_lsclusters', 'psql'],
  'debian-systemd': ['pg_ctlcluster', 'pg_lsclusters', 'psql', 'systemctl'],
  generic: [],
  'generic-systemd': ['systemctl'],
}

const judgeBinaries = (profile: string, { programs, servers }: Survey): Answer => {
  const wanted = programsOf[profile]
  if (!wanted) return { verdict: 'fail', because: `There is no platform profile ${profile}.` }
  const missing = wanted.filter((program) => !programs[program])
  const isDebian = profile.startsWith('debian')
  if (missing.length > 0) {
    const remedy = isDebian ? 'Install postgresql-common, or choose a generic profile.' : 'Choose a profile without systemd.'
    return { verdict: 'fail', because: `The profile ${profile} needs ${missing.join(', ')}, not found on the path. ${remedy}` }
  }
  if (!isDebian && servers.length === 0 && !programs.pg_ctl)
    return { verdict: 'fail', because: 'pg_ctl was found neither on the path nor in /usr/pgsql-*/bin or /usr/lib/postgresql/*/bin.' }
  if (!isDebian && programs.pg_ctlcluster)
    return { verdict: 'warn', because: 'This is a Debian host (pg_ctlcluster is there); the profile debian suits it better.' }
  return {
    verdict: 'pass',
    because: wanted.length > 0 ? `${wanted.join(', ')} found.` : `pg_ctl found in ${servers[0]?.bin ?? 'the path'}.`,
  }
}

const judgeVersions = ({ servers }: Survey): Answer =>
  servers.length === 0
    ? { verdict: 'warn', because: 'No PostgreSQL server program was found in the usual places.' }
    : { verdict: 'pass', because: servers.map(({ version, bin }) => `${version} in ${bin}`).join(', ') }

const judgeClusters = (profile: string, { clusters, programs }: Survey): Answer => {
  if (clusters.length > 0)
    return {
      verdict: 'pass',
      because: clusters.map(({ version, name, port, status }) => `${version}/${name} on ${port}: ${status}`).join(', '),
    }
  if (!programs.pg_lsclusters && !profile.startsWith('debian'))
    return { verdict: 'pass', because: 'Not listed on this platform; instances are looked at by their data directories.' }
  return { verdict: 'warn', because: 'pg_lsclusters lists no cluster.' }
}

const judgeDisk = ({ disks }: Survey): Answer => {
  if (disks.length === 0) return { verdict: 'warn', because: 'The space of the data directories could not be read.' }
  const text = disks.map(({ mount, freeBytes, bytes }) => `${formatBytes(freeBytes)} of ${formatBytes(bytes)} free on ${mount}`).join(', ')
  const isFull = disks.some(({ freeBytes, bytes }) => freeBytes < bytes * 0.02)
  const isTight = disks.some(({ freeBytes, bytes }) => freeBytes < bytes * 0.1 && freeBytes < 20 * GiB)
  return {
    verdict: isFull ? 'fail' : isTight ? 'warn' : 'pass',
    because: isFull ? `${text}. PostgreSQL stops when its disk is full.` : `${text}.`,
  }
}

const judgeClock = (offset: number | null): Answer => {
  if (offset === null) return { verdict: 'warn', because: 'The host’s clock could not be read.' }
  const words = `${formatDuration(Math.abs(offset))} ${offset < 0 ? 'behind' : 'ahead of'} the console`
  if (Math.abs(offset) < 1) return { verdict: 'pass', because: 'Within a second of the console’s clock.' }
  if (Math.abs(offset) < 30) return { verdict: 'warn', because: `The host’s clock is ${words}. Check that NTP runs on both.` }
  return { verdict: 'fail', because: `The host’s clock is ${words}: lag in seconds, logs and certificates cannot be trusted. Set up NTP.` }
}
