import { LabError } from '../machine/error'
import { consoleAddress, nameServerAddresses } from '../machine/layout'

export type FleetEnvironment = { name: string; colour: string; protection: 'open' | 'confirm' | 'two-person' }
export type FleetHost = {
  name: string
  /** An address of 198.18.0.0/16 other than the console's and the name servers', 198.18.0.1 to 198.18.0.3. */
  address: string
  environment: string
  site: string
  tags: string[]
  /** Small volumes that `fill` can fill: `data` holds the clusters' data directories, `wal` their pg_wal. Sizes in MiB. */
  volumes?: { dataMiB?: number; walMiB?: number }
}
export type FleetMember = { host: string; role: 'primary' | 'standby'; upstream: string | null }
export type FleetHerd = {
  name: string
  environment: string
  /** The Debian cluster name of every member. */
  baseName: string
  port: number
  dataDirectory: string
  virtualHost: string
  /** A name with the addresses of its standbys, in the zone of `virtualHost`. Default: none. */
  readersHost?: string
  members: FleetMember[]
}
/** A cluster that runs on a host but that nobody has registered: the discovery inbox finds it. */
export type FleetStray = { host: string; baseName: string; port: number; dataDirectory: string }
/** A PgBouncer on a host, in front of a herd of the host's environment. */
export type FleetPooler = {
  host: string
  herd: string
  /** Default: transaction. */
  mode?: 'session' | 'transaction'
  /** Other names that it serves, each for a herd of the environment. `database`: default the herd's own. */
  also?: { name: string; herd: string; database?: string }[]
  /** The console writes its file from the start. Default: it is a file that somebody wrote by hand. */
  isManaged?: boolean
}
/** A cluster that Patroni manages: etcd beside it on its members, HAProxy and PgBouncer on the doors. It is made after the rest of the fleet. */
export type FleetPatroni = {
  name: string
  environment: string
  /** Patroni's name of it, and of its data directory. */
  scope: string
  /** The application's database. */
  baseName: string
  virtualHost: string
  /** Three; the first one founds the cluster. */
  members: string[]
  doors: string[]
}
/** `environments: 'all'` or the names of those where the group's role holds. */
export type FleetGroup = { name: string; role: 'viewer' | 'operator' | 'dba' | 'admin'; environments: 'all' | string[] }
export type FleetPerson = { user: string; fullName: string; groups: string[] }

/** A host as a machine of EC2; `host` null: one that nobody has registered as a server, and that is stopped. */
export type FleetMachine = {
  host: string | null
  name: string
  zone: string
  type: string
  /** Default: on-demand. */
  market?: 'on-demand' | 'spot'
  volumeGb: number
  cluster: string
}

/** A host as a DB instance of RDS: its server alone is reached. `source`: the host of the one that it is a read replica of; null: a primary. */
export type FleetDatabase = { host: string; zone: string; class: string; storageGb: number; cluster: string; source: string | null }

export type Fleet = {
  name: string
  postgresMajor: number
  environments: FleetEnvironment[]
  hosts: FleetHost[]
  herds: FleetHerd[]
  strays: FleetStray[]
  /** At most one a host. Default: none. */
  poolers?: FleetPooler[]
  /** Default: none. */
  patroni?: FleetPatroni[]
  groups: FleetGroup[]
  people: FleetPerson[]
  /** Name servers for the herds' virtual hosts. Default: none. */
  hasNames?: boolean
  /** A small cloud in which some of the hosts are machines, and the environment its account is registered in. Default: none. */
  cloud?: {
    environment: string
    machines: FleetMachine[]
    /** Names of hosts that become machines when somebody launches some; they carry nothing, and nobody registers them. Default: none. */
    spares?: string[]
  }
  /** Hosts that are DB instances of RDS in that cloud. Default: none. */
  databases?: FleetDatabase[]
}

const takenAddresses = new Set([consoleAddress, ...Object.values(nameServerAddresses)])

/**
 * Reads a topology: `a > b, c` is primary a with standbys b and c; `a > b > c` makes c follow b.
 * A level follows the last host named in the level before it.
 */
export function parseTopology(text: string): FleetMember[] {
  const members: FleetMember[] = []
  let upstream: string | null = null
  for (const level of text.split('>')) {
    const hosts = level.split(',').map((host) => host.trim())
    if (hosts.some((host) => host === '')) throw new LabError(`"${text}" is not a topology: a host name is missing.`)
    if (upstream === null && hosts.length > 1) throw new LabError(`"${text}" has more than one primary.`)
    for (const host of hosts) members.push({ host, role: upstream === null ? 'primary' : 'standby', upstream })
    upstream = hosts.at(-1) ?? null
  }
  return members
}

/** One herd in one line; its members must be hosts of `environment`. */
export function herd(
  major: number,
  environment: string,
  baseName: string,
  port: number,
  topology: string,
  name = `${environment}-${baseName}`,
): FleetHerd {
  return {
    name,
    environment,
    baseName,
    port,
    dataDirectory: `/var/lib/postgresql/${major}/${baseName}`,
    virtualHost: `${baseName}.${environment}.db.lab.test`,
    members: parseTopology(topology),
  }
}

export const standardEnvironments: FleetEnvironment[] = [
  { name: 'dev', colour: 'green', protection: 'open' },
  { name: 'stage', colour: 'amber', protection: 'confirm' },
  { name: 'prod', colour: 'red', protection: 'confirm' },
]

export const standardGroups: FleetGroup[] = [
  { name: 'matriarch-viewers', role: 'viewer', environments: 'all' },
  { name: 'matriarch-operators', role: 'operator', environments: 'all' },
  { name: 'matriarch-dbas', role: 'dba', environments: 'all' },
  { name: 'matriarch-admins', role: 'admin', environments: 'all' },
  { name: 'matriarch-dev-dbas', role: 'dba', environments: ['dev'] },
]

export const standardPeople: FleetPerson[] = [
  { user: 'vera', fullName: 'Vera Viewer', groups: ['matriarch-viewers'] },
  { user: 'otto', fullName: 'Otto Operator', groups: ['matriarch-operators'] },
  { user: 'dana', fullName: 'Dana Dba', groups: ['matriarch-dbas'] },
  { user: 'ada', fullName: 'Ada Admin', groups: ['matriarch-admins'] },
  { user: 'devi', fullName: 'Devi Developer', groups: ['matriarch-dev-dbas'] },
  { user: 'nora', fullName: 'Nora Nobody', groups: [] },
]

/** Throws the first fault of a fleet as a sentence that names it. */
export function checkFleet(fleet: Fleet): void {
  const refuse = (because: string): never => {
    throw new LabError(`The fleet ${fleet.name} cannot be built: ${because}.`)
  }
  const onlyOnce = (what: string, values: string[]) => {
    const twice = values.find((value, index) => values.indexOf(value) !== index)
    if (twice) refuse(`${what} ${twice} occurs twice`)
  }
  onlyOnce(
    'the host',
    fleet.hosts.map((host) => host.name.toLowerCase()),
  )
  onlyOnce(
    'the address',
    fleet.hosts.map((host) => host.address),
  )
  onlyOnce(
    'the herd',
    fleet.herds.map((one) => one.name),
  )
  const environments = new Set(fleet.environments.map((environment) => environment.name))
  const hosts = new Map(fleet.hosts.map((host) => [host.name, host]))
  for (const host of fleet.hosts) {
    if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(host.name)) refuse(`"${host.name}" is not a host name of small letters, digits and dashes`)
    const octets = host.address.split('.').map(Number)
    const isInRange = octets.length === 4 && octets[0] === 198 && octets[1] === 18 && octets.every((o) => o >= 0 && o < 256)
    if (!isInRange || takenAddresses.has(host.address)) refuse(`${host.address} of ${host.name} is not a free address of 198.18.0.0/16`)
    if (!environments.has(host.environment)) refuse(`${host.name} is in the unknown environment ${host.environment}`)
  }
  const places: string[] = []
  for (const stray of fleet.strays) {
    if (!hosts.has(stray.host)) refuse(`the stray cluster ${stray.baseName} is on the unknown host ${stray.host}`)
    places.push(`${stray.host}/${stray.baseName}`, `${stray.host}:${stray.port}`)
  }
  for (const one of fleet.herds) {
    if (!/^[a-z][a-z0-9_]{0,30}$/.test(one.baseName)) refuse(`"${one.baseName}" is not a cluster name of small letters, digits and _`)
    if (one.members.filter((member) => member.role === 'primary').length !== 1) refuse(`${one.name} needs exactly one primary`)
    for (const member of one.members) {
      if (hosts.get(member.host)?.environment !== one.environment)
        refuse(`${member.host} of ${one.name} is not a host of ${one.environment}`)
      if (member.upstream !== null && !one.members.some((other) => other.host === member.upstream))
        refuse(`${member.host} of ${one.name} follows ${member.upstream}, which is not a member`)
      places.push(`${member.host}/${one.baseName}`, `${member.host}:${one.port}`)
    }
  }
  onlyOnce('the cluster name or port', places)
  for (const { name, environment, members, doors } of fleet.patroni ?? [])
    for (const host of [...members, ...doors])
      if (hosts.get(host)?.environment !== environment) refuse(`${host} of ${name} is not a host of ${environment}`)
  const poolers = fleet.poolers ?? []
  onlyOnce(
    'the pooler on',
    poolers.map(({ host }) => host),
  )
  for (const { host, herd: own, also = [] } of poolers)
    for (const name of [own, ...also.map((one) => one.herd)]) {
      const served = fleet.herds.find((one) => one.name === name)
      if (!served) refuse(`the pooler on ${host} is in front of the unknown herd ${name}`)
      if (hosts.get(host)?.environment !== served?.environment) refuse(`the pooler on ${host} is not on a host of ${served?.environment}`)
    }
}
