import { createHash } from 'node:crypto'
import type pg from 'pg'

export const hostCount = 10_000
export const instancesPerHost = 4
/** Members of a herd: a primary and its standbys, each on a host of its own. */
const herdSize = 3

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
export const tokenOf = (host: number): string => `mathost_${String(host).padStart(8, '0')}_${hash(`host ${host}`).slice(0, 36)}`
export const hostnameOf = (host: number): string => `db${String(host).padStart(5, '0')}`

/** Registered servers, herds and instances, and the hosts' tokens: reports bring facts of instances that are known. */
export const registerFleet = async (client: pg.Client): Promise<void> => {
  const hashes = Array.from({ length: hostCount }, (_, host) => hash(tokenOf(host)))
  const instances = hostCount * instancesPerHost
  await client.query("insert into environments (name) values ('prod')")
  await client.query(
    `insert into servers (environment_id, hostname, address)
      select e.id, 'db' || lpad(n::text, 5, '0'), '198.18.' || n / 250 || '.' || n % 250 + 1 from environments e, generate_series(0, $1::int - 1) n`,
    [hostCount],
  )
  await client.query(
    `insert into herds (environment_id, name, base_name, port, data_directory, system_identifier)
      select e.id, 'herd' || n, 'c' || n, 5432 + n % 4, '/var/lib/postgresql/15/c' || n, (7000000000000000000 + n)::text
      from environments e, generate_series(0, $1::int) n`,
    [Math.ceil(instances / herdSize)],
  )
  // Instance n is number n / hosts on host n % hosts, and member of herd n / 3: the members of a herd are on different hosts.
  await client.query(
    `insert into instances (herd_id, server_id, environment_id, port_override)
      select h.id, s.id, h.environment_id, 5432 + n / $2::int from generate_series(0, $1::int - 1) n
      join herds h on h.name = 'herd' || n / $3::int join servers s on s.hostname = 'db' || lpad((n % $2::int)::text, 5, '0')`,
    [instances, hostCount, herdSize],
  )
  await client.query(
    `insert into discovered_hosts (hostname, addresses, suggested_environment_id, server_id, state, token_hash)
      select s.hostname, array[s.address], s.environment_id, s.id, 'accepted', t.hash
      from unnest($1::text[]) with ordinality as t(hash, n) join servers s on s.hostname = 'db' || lpad((t.n - 1)::text, 5, '0')`,
    [hashes],
  )
  await client.query(
    `insert into discovered_instances (host_id, name, port, data_directory, instance_id, inbox)
      select d.id, h.base_name, i.port, i.data_directory, i.id, 'accepted'
      from instances i join herds h on h.id = i.herd_id join discovered_hosts d on d.server_id = i.server_id`,
  )
  await client.query('vacuum analyze')
}

const lsn = (position: number) => `${Math.floor(position / 2 ** 32).toString(16)}/${(position % 2 ** 32).toString(16)}`.toUpperCase()

/** What the agent of a host says at its nth pass: shaped and sized as `matriarch-report` makes it. */
export const reportOf = (host: number, pass: number): unknown => ({
  agent: '1.0.0',
  sequence: Date.now() * 1000 + pass,
  sentAt: Math.floor(Date.now() / 1000),
  host: {
    hostname: hostnameOf(host),
    addresses: [`198.18.${Math.floor(host / 250)}.${(host % 250) + 1}`],
    os: 'Debian GNU/Linux 12 (bookworm)',
    kernel: '6.1.0-31-amd64',
    cpus: 8,
    load1: 1.5,
    memoryBytes: 67_342_196_736,
    memoryFreeBytes: 41_285_033_984,
    user: 'postgres',
  },
  instances: Array.from({ length: instancesPerHost }, (_, slot) => {
    const number = slot * hostCount + host
    const herd = Math.floor(number / herdSize)
    const isPrimary = number % herdSize === 0
    const position = 50_331_976 + pass * 8192 + herd * 64
    return {
      name: `c${herd}`,
      port: 5432 + slot,
      dataDirectory: `/var/lib/postgresql/15/c${herd}`,
      socketDirectory: '/var/run/postgresql',
      owner: 'postgres',
      state: 'online',
      because: null,
      hasStandbySignal: !isPrimary,
      dataFreeBytes: 812_345_671_680,
      walFreeBytes: 812_345_671_680,
      version: '15.18',
      clusterName: `15/c${herd}`,
      role: isPrimary ? 'primary' : 'standby',
      systemIdentifier: String(7_000_000_000_000_000_000n + BigInt(herd)),
      timeline: 1,
      currentLsn: isPrimary ? lsn(position) : null,
      receivedLsn: isPrimary ? null : lsn(position),
      replayedLsn: isPrimary ? null : lsn(position - 120),
      replaySeconds: isPrimary ? null : 0.01,
      upstream: isPrimary
        ? null
        : {
            host: hostnameOf((Math.floor(number / herdSize) * herdSize) % hostCount),
            port: 5432 + slot,
            slotName: `s${number % herdSize}`,
            status: 'streaming',
          },
      standbys: isPrimary
        ? [1, 2].map((member) => ({
            applicationName: `s${member}`,
            clientAddress: `198.18.0.${member}`,
            state: 'streaming',
            syncState: 'async',
            sentLsn: lsn(position),
            flushLsn: lsn(position),
            replayLsn: lsn(position - 120),
          }))
        : [],
      slots: isPrimary ? [1, 2].map((member) => ({ name: `s${member}`, kind: 'physical', isActive: true, retainedBytes: 120 })) : [],
      clients: 42,
      maxConnections: 200,
      startedAt: 1_795_000_000.25,
      pendingRestart: [],
    }
  }),
})
