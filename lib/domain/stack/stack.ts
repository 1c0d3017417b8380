/** etcd, Patroni, PostgreSQL, PgBouncer and HAProxy of one cluster, as declared: what a cluster file says with its defaults filled in. */
export interface Stack {
  /** Patroni's scope. */
  cluster: string
  servers: readonly StackServer[]
  postgres: {
    major: string
    port: number
    /** off: asynchronous. on: a commit waits for a standby while there is one. strict: it always waits. */
    synchronous: 'off' | 'on' | 'strict'
    profile: 'plain' | 'transactions' | 'mixed' | 'reporting'
    /** MiB of RAM that PostgreSQL may plan with; null: memory settings stay as PostgreSQL has them. */
    memoryMb: number | null
    maxConnections: number
    /** Set besides, and over, the profile's. */
    parameters: Readonly<Record<string, string>>
  }
  patroni: { restPort: number; ttl: number; loopWait: number; retryTimeout: number; watchdog: 'off' | 'automatic' | 'required' }
  etcd: { clientPort: number; peerPort: number }
  pooler: { port: number; poolMode: 'transaction' | 'session' | 'statement'; poolSize: number; maxClients: number }
  proxy: { writePort: number; readPort: number }
  /** Whence clients may connect, in CIDR notation: 10.0.0.0/8. */
  network: string
  database: { name: string; users: readonly string[] }
  certificateDays: number
}

export const stackParts = ['postgres', 'etcd', 'pooler', 'proxy'] as const
export type StackPart = (typeof stackParts)[number]

export interface StackServer {
  /** As it is registered. */
  name: string
  /** IP address: what the others reach it at, and what its certificate is for. */
  address: string
  parts: readonly StackPart[]
}

/** A value that a person can mend. `field`: as the cluster file writes it: `servers.db1`. */
export interface StackProblem {
  field: string
  because: string
}

export const serversWith = ({ servers }: Pick<Stack, 'servers'>, part: StackPart): readonly StackServer[] =>
  servers.filter(({ parts }) => parts.includes(part))

export const dataDirectoryOf = ({ cluster, postgres }: Pick<Stack, 'cluster' | 'postgres'>): string =>
  `/var/lib/postgresql/${postgres.major}/${cluster}`

export const etcdDirectoryOf = ({ cluster }: Pick<Stack, 'cluster'>): string => `/var/lib/etcd/${cluster}`

/** Where a part keeps its data; null: it keeps none. */
export const directoryOf = (stack: Pick<Stack, 'cluster' | 'postgres'>, part: StackPart): string | null =>
  part === 'etcd' ? etcdDirectoryOf(stack) : part === 'postgres' ? dataDirectoryOf(stack) : null

/** What no schema says: how the values of a cluster file have to fit one another. */
export const stackProblems = (stack: Stack): StackProblem[] => {
  const problems: StackProblem[] = []
  const say = (field: string, because: string) => problems.push({ field, because })
  const count = (part: StackPart) => serversWith(stack, part).length
  if (count('postgres') < 2) say('servers', 'Give the part postgres to two servers or more: a primary and at least one standby.')
  if (![3, 5].includes(count('etcd')))
    say('servers', `Give the part etcd to 3 or 5 servers, not to ${count('etcd')}: with fewer the loss of one stops the cluster.`)
  for (const { name, parts } of stack.servers) if (parts.length === 0) say(`servers.${name}`, 'Give it a part, or leave it out.')
  const { ttl, loopWait, retryTimeout } = stack.patroni
  if (loopWait + 2 * retryTimeout > ttl)
    say('patroni.ttl', `It must be at least loopWait + 2 × retryTimeout, which is ${loopWait + 2 * retryTimeout} s.`)
  if (stack.postgres.synchronous === 'strict' && count('postgres') < 3)
    say(
      'postgres.synchronous',
      'strict with one standby stops every commit while that standby is away: give postgres to a third server, or choose on.',
    )
  for (const [field, because] of portClashes(stack)) say(field, because)
  const owned = ['archive_mode', ...Object.keys(controlledByPatroni)]
  for (const name of Object.keys(stack.postgres.parameters))
    if (owned.includes(name) && name !== 'archive_mode') say(`postgres.parameters.${name}`, controlledByPatroni[name] ?? '')
  return problems
}

const controlledByPatroni: Readonly<Record<string, string>> = {
  port: 'Set postgres.port instead.',
  listen_addresses: 'Patroni sets it from the address of the server.',
  max_connections: 'Set postgres.maxConnections instead.',
  synchronous_standby_names: 'Patroni sets it: choose postgres.synchronous.',
  primary_conninfo: 'Patroni sets it.',
  hot_standby: 'Patroni sets it.',
  ssl: 'Every connection is encrypted: it cannot be turned off.',
  ssl_cert_file: 'The console gives each server a certificate of the cluster’s authority.',
  ssl_key_file: 'The console gives each server a certificate of the cluster’s authority.',
  password_encryption: 'Passwords are SCRAM alone.',
}

/** Ports that a part listens on, each with the field of the cluster file that says so. */
export const portsOf = (stack: Stack, part: StackPart): readonly (readonly [field: string, port: number])[] => {
  switch (part) {
    case 'postgres':
      return [
        ['postgres.port', stack.postgres.port],
        ['patroni.restPort', stack.patroni.restPort],
      ]
    case 'etcd':
      return [
        ['etcd.clientPort', stack.etcd.clientPort],
        ['etcd.peerPort', stack.etcd.peerPort],
      ]
    case 'pooler':
      return [['pooler.port', stack.pooler.port]]
    case 'proxy':
      return [
        ['proxy.writePort', stack.proxy.writePort],
        ['proxy.readPort', stack.proxy.readPort],
      ]
  }
}

/** Ports that two parts of one server would both take. */
const portClashes = (stack: Stack): [field: string, because: string][] => {
  const found = new Map<string, string>()
  for (const { name, parts } of stack.servers) {
    const by = new Map<number, string>()
    for (const [field, port] of parts.flatMap((part) => portsOf(stack, part))) {
      const other = by.get(port)
      if (other !== undefined) found.set(field, `Port ${port} is that of ${other} as well, and both run on ${name}: change one of them.`)
      by.set(port, field)
    }
  }
  return [...found]
}
