/** Who wanted to replicate from whom. */
export interface Replicating {
  /** Title of the server to follow. */
  upstream: string
  /** Host name of the one that wants to follow. */
  host: string
  /** As libpq keywords. */
  conninfo: Readonly<Record<string, string>>
}

type Fix = (found: RegExpExecArray, asked: Replicating) => string

const roleOf = ({ conninfo }: Replicating): string => conninfo.user ?? 'replicator'
const passfileOf = ({ conninfo }: Replicating): string => conninfo.passfile ?? '~/.pgpass'
const placeOf = ({ conninfo }: Replicating): string => `${conninfo.host ?? 'localhost'}:${conninfo.port ?? '5432'}`
const hbaLine = (address: string, asked: Replicating): string =>
  `host replication ${roleOf(asked)} ${address}/${address.includes(':') ? 128 : 32} scram-sha-256`

/** What libpq and the server say, to what is to be done about it; the first that fits. */
const fixes: readonly [RegExp, Fix][] = [
  [
    /no pg_hba\.conf entry for replication connection from host "([^"]+)"/,
    ([, address], asked) => `Add the line “${hbaLine(address!, asked)}” to pg_hba.conf of ${asked.upstream}, and reload it.`,
  ],
  [
    /pg_hba\.conf rejects replication connection (?:for|from) host "([^"]+)"/,
    ([, address], asked) =>
      `A line of pg_hba.conf of ${asked.upstream} rejects it: put “${hbaLine(address!, asked)}” above that line, and reload it.`,
  ],
  [
    /no password supplied/,
    (_, asked) =>
      `Put the line “${placeOf(asked)}:replication:${roleOf(asked)}:PASSWORD” into ${passfileOf(asked)} of the PostgreSQL account of ${asked.host}, a file of mode 0600.`,
  ],
  [
    /password authentication failed/,
    (_, asked) =>
      `The password of ${roleOf(asked)} in ${passfileOf(asked)} of ${asked.host} is not the one on ${asked.upstream}: correct it.`,
  ],
  [/role "[^"]*" does not exist/, (_, asked) => `Create the role ${roleOf(asked)} with login and replication on ${asked.upstream}.`],
  [
    /must be superuser or replication role|permission denied to start WAL sender/,
    (_, asked) => `Run “alter role ${roleOf(asked)} replication” on ${asked.upstream}.`,
  ],
  [
    /number of requested standby connections exceeds max_wal_senders/,
    (_, asked) =>
      `All WAL senders of ${asked.upstream} are taken: end an unneeded one (pg_stat_replication), or raise max_wal_senders there, which requires a restart.`,
  ],
  [
    /too many clients|remaining connection slots are reserved/,
    (_, asked) => `All connections of ${asked.upstream} are taken: end some, or raise max_connections there, which requires a restart.`,
  ],
  [
    /Connection refused/,
    (_, asked) =>
      `Nothing listens on ${placeOf(asked)} for ${asked.host}: see listen_addresses and port of ${asked.upstream}, and the firewall.`,
  ],
  [
    /timeout expired|timed out|No route to host|Network is unreachable/,
    (_, asked) => `Open the network path from ${asked.host} to ${placeOf(asked)}: routes, firewalls, security groups.`,
  ],
  [
    /could not translate host name/,
    (_, asked) => `${asked.host} cannot resolve ${asked.conninfo.host}: correct its name service, or the address.`,
  ],
  [/certificate|SSL|ssl/, (_, asked) => `Correct sslmode, or the certificates on ${asked.host} and ${asked.upstream}.`],
]

/** Why one server may not replicate from another, with what to do about it. `because` is what libpq said on the host itself. */
export const refusalText = (because: string, asked: Replicating): string => {
  const said = because.replace(/^psql: error: /, '').replace(/\.$/, '')
  const known = fixes.map(([sign, fix]) => [sign.exec(because), fix] as const).find(([found]) => found !== null)
  const fix = known
    ? known[1](known[0]!, asked)
    : `Correct pg_hba.conf of ${asked.upstream}, or ${passfileOf(asked)} of ${asked.host}, first.`
  return `${asked.upstream} does not let it replicate: ${said}. ${fix}`
}
