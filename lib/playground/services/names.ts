import { randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Fleet } from '../fleet/fleet'
import { consoleAddress, type Layout, nameServerAddresses } from '../machine/layout'
import { mustRun } from '../machine/processes'
import { commandEnvironment, findProgram } from '../machine/programs.mjs'
import { readSecrets, writeSecrets } from '../machine/secrets'
import type { Services } from '../machine/services'
import type { Supervisor } from '../machine/supervisor'
import {
  emptyRoot,
  keyBlock,
  type NamedKey,
  type NamedRecord,
  primaryConfig,
  resolverConfig,
  secondaryConfig,
  zoneText,
} from './named-config'

export type NameServer = 'primary' | 'secondary' | 'resolver'
export type LabZone = { name: string; environment: string }
/** Everything the console needs to change the lab's names. Reachable inside the lab only. */
export type LabNames = {
  primary: { address: string; port: number }
  secondary: { address: string; port: number }
  /** What the lab's hosts ask. */
  resolver: { address: string; port: number }
  key: NamedKey
  /** For `nsupdate -k`, inside the lab. */
  keyFile: string
  /** One for each environment with herds; their host names are in it, too. */
  zones: LabZone[]
  ttlSeconds: number
}

const port = 53
const ttlSeconds = 30
const places: Record<NameServer, { address: string; port: number }> = {
  primary: { address: nameServerAddresses.primary, port },
  secondary: { address: nameServerAddresses.secondary, port },
  resolver: { address: consoleAddress, port },
}

/** Two authoritative servers, a primary and a secondary that follows it, and the resolver that the hosts ask: all real named. */
export class NameServers {
  constructor(
    private readonly layout: Layout,
    private readonly supervisor: Supervisor,
    private readonly services: Services,
  ) {}

  private at(...parts: string[]): string {
    return this.layout.at('names', ...parts)
  }

  describe(fleet: Fleet): LabNames {
    return { ...places, key: this.key(), keyFile: this.at('key'), zones: zonesOf(fleet), ttlSeconds }
  }

  /** Starts all three with the records they have; when the fleet's names are new, with those of the fleet. */
  async startAll(fleet: Fleet): Promise<void> {
    const zones = zonesOf(fleet)
    const wanted = JSON.stringify(zones.map((zone) => [zone.name, recordsOf(fleet, zone)]))
    const isSeeded = existsSync(this.at('seeded')) && readFileSync(this.at('seeded'), 'utf8') === wanted
    if (!isSeeded) this.seed(fleet, zones)
    this.configure(zones)
    writeFileSync(this.at('seeded'), wanted)
    await this.start('primary')
    await Promise.all([this.start('secondary'), this.start('resolver')])
  }

  async start(server: NameServer): Promise<void> {
    const { address } = places[server]
    await this.services.start(`named-${server}`, [this.program(), '-g', '-4', '-n', '1', '-c', this.at(server, 'named.conf')], () =>
      this.answers(address),
    )
  }

  /** `SIGKILL` ends it as a crash does. */
  stop(server: NameServer, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    return this.services.stop(`named-${server}`, signal)
  }

  /** To all three: SIGSTOP makes them silent, SIGCONT lets them answer, late, what they were asked meanwhile. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const server of Object.keys(places)) this.services.signal(`named-${server}`, signal)
  }

  private async answers(address: string): Promise<boolean> {
    const mustConnect = `exec 3<>/dev/tcp/${address}/${port}`
    return mustRun(this.supervisor.adminArgv(['bash', '-c', mustConnect]), { env: commandEnvironment(), timeoutMs: 5_000 }).then(
      () => true,
      () => false,
    )
  }

  /** AppArmor profiles go by path, and the distribution's would forbid a named in this folder: a copy has none. */
  private program(): string {
    const original = findProgram('named') ?? '/usr/sbin/named'
    if (!existsSync('/etc/apparmor.d/usr.sbin.named')) return original
    if (!existsSync(this.at('named'))) {
      copyFileSync(original, this.at('named'))
      chmodSync(this.at('named'), 0o755)
    }
    return this.at('named')
  }

  private key(): NamedKey {
    const secrets = readSecrets(this.layout)
    if (secrets.nameKey === undefined) {
      secrets.nameKey = randomBytes(32).toString('base64')
      writeSecrets(this.layout, secrets)
    }
    return { name: 'matriarch', algorithm: 'hmac-sha256', secret: secrets.nameKey }
  }

  private seed(fleet: Fleet, zones: readonly LabZone[]): void {
    for (const server of ['primary', 'secondary', 'resolver'] as const) {
      rmSync(this.at(server), { recursive: true, force: true })
      mkdirSync(this.at(server), { recursive: true, mode: 0o700 })
    }
    const servers = [
      { name: 'ns1', address: places.primary.address },
      { name: 'ns2', address: places.secondary.address },
    ]
    for (const zone of zones) writeFileSync(this.at('primary', zone.name), zoneText(servers, recordsOf(fleet, zone), ttlSeconds))
  }

  private configure(zones: readonly LabZone[]): void {
    const key = this.key()
    const files = zones.map(({ name }) => ({ name, file: name }))
    const write = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 })
    write(this.at('key'), keyBlock(key))
    write(this.at('primary', 'named.conf'), primaryConfig(this.at('primary'), places.primary, places.secondary, key, files))
    write(this.at('secondary', 'named.conf'), secondaryConfig(this.at('secondary'), places.secondary, places.primary, key, files))
    write(this.at('resolver', 'empty-root'), emptyRoot)
    write(
      this.at('resolver', 'named.conf'),
      resolverConfig(
        this.at('resolver'),
        places.resolver,
        [places.primary, places.secondary],
        zones.map(({ name }) => name),
      ),
    )
  }
}

const zoneOf = (virtualHost: string): string => virtualHost.slice(virtualHost.indexOf('.') + 1)

/** Those of Patroni among them; the primary is the first one. */
function namedHerds(fleet: Fleet): { virtualHost: string; environment: string; primary: string }[] {
  return [
    ...fleet.herds.map((herd) => ({ ...herd, primary: herd.members.find(({ role }) => role === 'primary')!.host })),
    ...(fleet.patroni ?? []).map((cluster) => ({ ...cluster, primary: cluster.members[0]! })),
  ]
}

function zonesOf(fleet: Fleet): LabZone[] {
  const zones = new Map(namedHerds(fleet).map((herd) => [zoneOf(herd.virtualHost), herd.environment]))
  return [...zones].map(([name, environment]) => ({ name, environment }))
}

/** The hosts of the environment, each herd's virtual host as an alias of its primary's, and the addresses of its standbys. */
function recordsOf(fleet: Fleet, zone: LabZone): NamedRecord[] {
  const hosts = fleet.hosts.filter((host) => host.environment === zone.environment)
  const herds = namedHerds(fleet).filter((herd) => zoneOf(herd.virtualHost) === zone.name)
  return [
    ...hosts.map((host) => ({ name: host.name, type: 'A', value: host.address })),
    ...herds.map((herd) => ({
      name: herd.virtualHost.slice(0, herd.virtualHost.indexOf('.')),
      type: 'CNAME',
      value: herd.primary,
    })),
    ...fleet.herds
      .filter((herd) => zoneOf(herd.virtualHost) === zone.name)
      .flatMap(({ readersHost, members }) =>
        readersHost === undefined
          ? []
          : hosts
              .filter(({ name }) => members.some(({ host, role }) => host === name && role === 'standby'))
              .map(({ address }) => ({ name: readersHost.slice(0, readersHost.indexOf('.')), type: 'A', value: address })),
      ),
  ]
}
