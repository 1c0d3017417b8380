import { secretMark } from './secrets'
import { dataDirectoryOf, type Stack, type StackServer, serversWith } from './stack'
import { type StackFile, tlsFile } from './stack-file'
import { tunedValues } from './tuning'
import { yamlText } from './yaml'

export const patroniConfigPath = '/etc/patroni/config.yml'
export const restUser = 'patroni'
export const namespace = '/service/'

/** What `bootstrap.dcs` holds: read once, when the first member founds the cluster; later it is the dynamic configuration, in the DCS. */
export const dynamicConfig = (stack: Stack) => {
  const { ttl, loopWait, retryTimeout } = stack.patroni
  const { synchronous } = stack.postgres
  return {
    ttl,
    loop_wait: loopWait,
    retry_timeout: retryTimeout,
    maximum_lag_on_failover: 1_048_576,
    check_timeline: true,
    synchronous_mode: synchronous !== 'off',
    synchronous_mode_strict: synchronous === 'strict',
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      parameters: Object.fromEntries(tunedValues(stack).map(({ name, value }) => [name, value])),
    },
  }
}

const alone = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`

/** No trust line, TLS on every connection, passwords as SCRAM; the superuser comes by the local socket alone. */
export const hbaLines = (stack: Stack): string[] => [
  'local all postgres peer',
  ...serversWith(stack, 'postgres').flatMap(({ address }) => [
    `hostssl replication replicator ${alone(address)} scram-sha-256`,
    `hostssl postgres rewind ${alone(address)} scram-sha-256`,
  ]),
  'host all postgres,replicator,rewind all reject',
  ...stack.servers.map(({ address }) => `hostssl ${stack.database.name} all ${alone(address)} scram-sha-256`),
  `hostssl all all ${stack.network} scram-sha-256`,
]

/** Of a member that is about to go: it is neither promoted nor waited for by commits, and proxies send it no reads. */
export const leavingTags = { nofailover: true, nosync: true, noloadbalance: true }

export const patroniFile = (stack: Stack, { name, address }: StackServer, tags?: typeof leavingTags): StackFile => {
  const { cluster, postgres, patroni, etcd } = stack
  const login = (username: string, secret: string) => ({
    username,
    password: secretMark(secret),
    sslmode: 'verify-ca',
    sslrootcert: tlsFile('ca.pem'),
  })
  const proof = { certfile: tlsFile('server.pem'), keyfile: tlsFile('postgres.key') }
  const text = yamlText({
    scope: cluster,
    namespace,
    name,
    restapi: {
      listen: `${address}:${patroni.restPort}`,
      connect_address: `${address}:${patroni.restPort}`,
      authentication: { username: restUser, password: secretMark('rest') },
      ...proof,
      cafile: tlsFile('ca.pem'),
      verify_client: 'optional',
      allowlist: serversWith(stack, 'postgres').map((one) => one.address),
    },
    ctl: { ...proof, cacert: tlsFile('ca.pem') },
    etcd3: {
      hosts: serversWith(stack, 'etcd').map((one) => `${one.address}:${etcd.clientPort}`),
      protocol: 'https',
      cacert: tlsFile('ca.pem'),
      cert: tlsFile('server.pem'),
      key: tlsFile('postgres.key'),
    },
    bootstrap: {
      dcs: dynamicConfig(stack),
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
    },
    postgresql: {
      listen: `${address}:${postgres.port}`,
      connect_address: `${address}:${postgres.port}`,
      use_unix_socket: true,
      data_dir: dataDirectoryOf(stack),
      bin_dir: `/usr/lib/postgresql/${postgres.major}/bin`,
      pgpass: '/var/lib/postgresql/.pgpass-patroni',
      authentication: {
        superuser: { username: 'postgres', password: secretMark('superuser') },
        replication: login('replicator', 'replicator'),
        rewind: login('rewind', 'rewind'),
      },
      parameters: {
        unix_socket_directories: '/var/run/postgresql',
        ssl: 'on',
        ssl_cert_file: tlsFile('server.pem'),
        ssl_key_file: tlsFile('postgres.key'),
        ssl_ca_file: tlsFile('ca.pem'),
        ssl_min_protocol_version: 'TLSv1.2',
      },
      pg_hba: hbaLines(stack),
      remove_data_directory_on_diverged_timelines: true,
    },
    watchdog: { mode: patroni.watchdog, device: '/dev/watchdog', safety_margin: 5 },
    ...(tags === undefined ? {} : { tags }),
  })
  return { path: patroniConfigPath, owner: 'postgres', mode: '0600', text }
}
