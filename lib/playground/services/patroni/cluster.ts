import { existsSync, writeFileSync } from 'node:fs'
import { readerLines } from '@/lib/domain/reader/reader-role'
import type { Fleet, FleetPatroni } from '../../fleet/fleet'
import type { Hosts } from '../../hosts/hosts'
import type { Layout } from '../../machine/layout'
import type { Machine } from '../../machine/machine'
import { until } from '../../machine/processes'
import { newPassword, readSecrets, writeSecrets } from '../../machine/secrets'
import { makeMemberCertificates } from '../certificates'
import { foundingSql } from '../cluster-files'
import { installPooler, pgbouncerText } from '../poolers'
import {
  configOf,
  dataDirectoryOf,
  etcdCommand,
  haproxyText,
  patroniText,
  ports,
  settingsPath,
  settingsText,
  tlsFile,
  tunedChecks,
} from './files'

/** Ports of HAProxy on its hosts. */
export const proxyPorts = { primary: 15432, replicas: 15433 } as const
const upTimeoutMs = 180_000
/** As the recommendation for a cluster on one network: a failover takes about twenty seconds, not forty. */
const pace = { ttl: 20, loop_wait: 5, retry_timeout: 5 }

interface Stand {
  layout: Layout
  machine: Machine
  hosts: Hosts
  fleet: Fleet
}

/**
 * Makes a cluster of Debian's Patroni that does not exist yet: etcd of three with TLS on its members' hosts, Patroni, HAProxy and PgBouncer in front. One that
 * exists is never touched again: its hosts start it by themselves. Returns when every standby streams.
 */
export const makePatroni = async (stand: Stand, cluster: FleetPatroni): Promise<void> => {
  const { layout, hosts, fleet } = stand
  const marker = layout.at('herds', `${cluster.name}.json`)
  if (!existsSync(marker)) {
    await clear(stand, cluster)
    await prepare(stand, cluster)
    await Promise.all(cluster.members.map((host) => startUnit(hosts, host, 'etcd')))
    const [first, ...others] = cluster.members
    await startUnit(hosts, first!, 'patroni')
    await untilSeen(stand, first!, `${first} to lead`, (members) =>
      members.some(({ name, state, role }) => name === first && isUp(state) && isLeader(role)),
    )
    await hosts.mustExec(first!, ['psql', '-Xqv', 'ON_ERROR_STOP=1', '-p', String(ports.postgres), 'postgres'], {
      input: foundingSql(cluster.baseName, readSecrets(layout), true, { hasReplicator: true }),
      timeoutMs: 60_000,
    })
    for (const host of others) await startUnit(hosts, host, 'patroni')
    for (const host of cluster.doors) {
      await startUnit(hosts, host, 'haproxy')
      const address = addressOf(fleet, first!)
      const line = `${cluster.baseName} = host=${address} port=${ports.postgres} dbname=${cluster.baseName}`
      await installPooler(stand, host, pgbouncerText([line], { isManaged: true }), readSecrets(layout).app)
    }
  }
  await untilSeen(stand, cluster.members[0]!, `every member of ${cluster.name} to stream`, (members) => {
    const isWhole = members.every(({ role, state, lag }) => isUp(state) && (isLeader(role) || lag === 0))
    return isWhole && members.length === cluster.members.length && members.some(({ role }) => isLeader(role))
  })
  writeFileSync(marker, JSON.stringify({ ...cluster, madeAt: new Date().toISOString() }))
}

/** The template from which the console makes the file of its poolers. */
export const patroniPoolerTemplate = ({ baseName }: FleetPatroni): string =>
  pgbouncerText([`${baseName} = host={{host}} port={{port}} dbname=${baseName}`], { isManaged: true })

interface Seen {
  name: string
  role: string
  state: string
  lag?: number | string
}
const isLeader = (role: string): boolean => role === 'leader'
const isUp = (state: string): boolean => state === 'running' || state === 'streaming'

const addressOf = (fleet: Fleet, host: string): string => fleet.hosts.find(({ name }) => name === host)!.address

/** As Patroni's REST API on that host says. */
const untilSeen = ({ hosts, fleet }: Stand, host: string, what: string, isSo: (members: Seen[]) => boolean): Promise<unknown> => {
  const address = addressOf(fleet, host)
  const own = ['--cacert', tlsFile('ca.pem'), '--cert', tlsFile('own.pem'), '--key', tlsFile('own.key')]
  const look = async () => {
    const { stdout, code } = await hosts.exec(host, ['curl', '-sf', '-m', '2', ...own, `https://${address}:${ports.rest}/cluster`])
    return code === 0 && isSo((JSON.parse(stdout) as { members?: Seen[] }).members ?? [])
  }
  return until(what, look, { timeoutMs: upTimeoutMs, everyMs: 250 })
}

/** Outlives this command, as a unit that was started does; the host starts it itself at its next boot. */
const startUnit = (hosts: Hosts, host: string, unit: string): Promise<string> =>
  hosts.mustExec(host, ['setsid', '-f', '/usr/local/lib/lab/unit.sh', unit])

/** What an earlier, interrupted attempt left is of no use, and the cluster has no marker: nothing of it is anybody's. */
const clear = async ({ hosts, fleet }: Stand, { members, doors, scope }: FleetPatroni): Promise<void> => {
  const data = dataDirectoryOf(fleet.postgresMajor, scope)
  const script = `pkill -KILL -x unit.sh; pkill -KILL -x 'patroni|etcd|haproxy|pgbouncer|postgres'; rm -rf ${data} /var/lib/postgresql/etcd; true`
  for (const host of [...members, ...doors]) await hosts.mustExec(host, ['sh', '-c', script])
}

/** Every file of it, on every host. */
const prepare = async ({ layout, hosts, fleet }: Stand, cluster: FleetPatroni): Promise<void> => {
  const { scope, members, doors } = cluster
  const secrets = readSecrets(layout)
  const own = secrets.patroni ?? { superuser: newPassword(), rest: newPassword() }
  writeSecrets(layout, { ...secrets, patroni: own })
  const places = members.map((name) => ({ name, address: addressOf(fleet, name) }))
  const put = (host: string, path: string, text: string, mode = 0o600) => hosts.writeFile(host, path, text, { owner: 'postgres', mode })
  const certificates = await makeMemberCertificates(
    layout.at('herds', `${cluster.name}-tls`),
    cluster.name,
    [...members, ...doors].map((name) => ({ name, address: addressOf(fleet, name) })),
  )
  const { hba, ident } = readerLines('postgres')
  for (const { name, address } of places) {
    for (const [file, text] of Object.entries(certificates[name]!)) put(name, tlsFile(file), text)
    put(name, settingsPath, settingsText)
    put(
      name,
      configOf(scope),
      patroniText({
        name,
        address,
        scope,
        major: fleet.postgresMajor,
        pace,
        etcd: places.map((one) => `${one.address}:${ports.etcd}`),
        tls: 'optional',
        rest: { user: 'patroni', password: own.rest },
        superuser: own.superuser,
        replicator: secrets.replicator,
        hba,
        ident,
      }),
    )
    hosts.writeFile(name, '/etc/lab-units/etcd', `exec ${etcdCommand(name, address, places)}\n`)
    hosts.writeFile(name, '/etc/lab-units/patroni', `exec patroni ${configOf(scope)}\n`)
  }
  for (const host of doors) {
    put(host, tlsFile('ca.pem'), certificates[host]!['ca.pem'])
    const listens = [
      { name: 'primary', port: proxyPorts.primary, check: '/primary', timings: tunedChecks },
      { name: 'replicas', port: proxyPorts.replicas, check: '/replica', timings: tunedChecks },
    ]
    const file = { address: addressOf(fleet, host), members: places, listens, hasTls: true, socket: '/var/run/postgresql/haproxy.sock' }
    hosts.writeFile(host, '/etc/haproxy/haproxy.cfg', haproxyText(file))
    hosts.writeFile(host, '/etc/lab-units/haproxy', 'exec haproxy -db -f /etc/haproxy/haproxy.cfg\n')
  }
}
