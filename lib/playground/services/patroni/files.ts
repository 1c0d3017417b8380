import { smallSettings } from '../cluster-files'

/** The text of the files that a cluster of Debian's Patroni has on its hosts. */

export const ports = { etcd: 2379, peers: 2380, rest: 8008, postgres: 5432 } as const

/** Where Debian's pg_createconfig_patroni writes it. */
export const configOf = (scope: string): string => `/etc/patroni/${scope}.yml`
export const dataDirectoryOf = (major: number, scope: string): string => `/var/lib/postgresql/${major}/${scope}`
/** `ca.pem`, and the host's own `own.pem` and `own.key`. */
export const tlsFile = (name: string): string => `/etc/patroni/tls/${name}`
/** What each server is set to beside what the DCS says. */
export const settingsPath = '/var/lib/postgresql/small.conf'
export const settingsText = smallSettings

export interface MemberFile {
  name: string
  address: string
  scope: string
  major: number
  /** Patroni's own numbers, seconds. */
  pace: { ttl: number; loop_wait: number; retry_timeout: number }
  /** `address:port` of each member of etcd. */
  etcd: readonly string[]
  /** The REST API and etcd over TLS; `required`: for clients with a certificate alone, `optional`: whoever changes something has one. */
  tls: 'required' | 'optional' | null
  rest: { user: string; password: string }
  superuser: string
  replicator: string
  /** Lines of pg_hba.conf before the usual ones, and of pg_ident.conf. */
  hba?: readonly string[]
  ident?: readonly string[]
}

/** JSON is YAML. */
export const patroniText = ({ name, address, scope, major, pace, etcd, tls, rest, superuser, replicator, ...more }: MemberFile): string => {
  const proof = { certfile: tlsFile('own.pem'), keyfile: tlsFile('own.key') }
  return JSON.stringify({
    scope,
    name,
    restapi: {
      listen: `${address}:${ports.rest}`,
      connect_address: `${address}:${ports.rest}`,
      authentication: { username: rest.user, password: rest.password },
      ...(tls === null ? {} : { ...proof, cafile: tlsFile('ca.pem'), verify_client: tls }),
    },
    ...(tls === null ? {} : { ctl: { ...proof, cacert: tlsFile('ca.pem') } }),
    etcd3: {
      hosts: etcd,
      ...(tls === null ? {} : { protocol: 'https', cacert: tlsFile('ca.pem'), cert: tlsFile('own.pem'), key: tlsFile('own.key') }),
    },
    bootstrap: {
      dcs: { ...pace, maximum_lag_on_failover: 1_048_576, postgresql: { use_pg_rewind: true, use_slots: true } },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums', { 'wal-segsize': '1' }],
    },
    postgresql: {
      listen: `${address}:${ports.postgres}`,
      connect_address: `${address}:${ports.postgres}`,
      use_unix_socket: true,
      data_dir: dataDirectoryOf(major, scope),
      bin_dir: `/usr/lib/postgresql/${major}/bin`,
      custom_conf: settingsPath,
      pgpass: '/var/lib/postgresql/.pgpass-patroni',
      parameters: { unix_socket_directories: '/var/run/postgresql' },
      pg_hba: [
        ...(more.hba ?? []),
        'local all postgres peer',
        'host all all 198.18.0.0/16 scram-sha-256',
        'host replication replicator 198.18.0.0/16 scram-sha-256',
      ],
      ...(more.ident ? { pg_ident: more.ident } : {}),
      authentication: {
        superuser: { username: 'postgres', password: superuser },
        replication: { username: 'replicator', password: replicator },
      },
    },
  })
}

/** `address`: of the host, where etcd listens; `others`: name and address of each member, this one among them. */
export const etcdCommand = (name: string, address: string, members: readonly { name: string; address: string }[]): string => {
  const at = (port: number, host = address) => `https://${host}:${port}`
  const proof = (peer: string) => [
    [`--${peer}cert-file`, tlsFile('own.pem')],
    [`--${peer}key-file`, tlsFile('own.key')],
    [`--${peer}trusted-ca-file`, tlsFile('ca.pem')],
    [`--${peer}client-cert-auth`],
  ]
  return [
    ['etcd'],
    ['--name', name],
    ['--data-dir', '/var/lib/postgresql/etcd'],
    ['--listen-client-urls', at(ports.etcd)],
    ['--advertise-client-urls', at(ports.etcd)],
    ['--listen-peer-urls', at(ports.peers)],
    ['--initial-advertise-peer-urls', at(ports.peers)],
    ['--initial-cluster', members.map((one) => `${one.name}=${at(ports.peers, one.address)}`).join(',')],
    ['--initial-cluster-state', 'new'],
    ...proof(''),
    ...proof('peer-'),
  ]
    .flat()
    .join(' ')
}

export interface ProxyPort {
  name: string
  port: number
  /** Of Patroni's REST API: a member that answers 200 is a good one. */
  check: string
  /** The timings of its checks, as haproxy.cfg says them. */
  timings: string
}

/** Timings as fast as they go without upsetting healthy servers. */
export const tunedChecks = 'inter 1s fastinter 300ms downinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions'

export interface ProxyFile {
  address: string
  members: readonly { name: string; address: string }[]
  listens: readonly ProxyPort[]
  hasTls: boolean
  /** Of the runtime API; left out: it has none. */
  socket?: string
}

export const haproxyText = ({ address, members, listens, hasTls, socket }: ProxyFile): string => {
  const tls = hasTls ? ` check-ssl verify required ca-file ${tlsFile('ca.pem')}` : ''
  const server = (one: { name: string; address: string }) =>
    `  server ${one.name} ${one.address}:${ports.postgres} check port ${ports.rest}${tls}\n`
  const listen = ({ name, port, check, timings }: ProxyPort) =>
    `listen ${name}\n  bind ${address}:${port}\n  option httpchk OPTIONS ${check}\n  http-check expect status 200\n  default-server ${timings}\n${members.map(server).join('')}`
  return `global
  maxconn 1000
${socket === undefined ? '' : `  stats socket ${socket} mode 600 level admin\n`}defaults
  mode tcp
  retries 2
  timeout connect 4s
  timeout client 30m
  timeout server 30m
  timeout check 1s
  timeout queue 1m
${listens.map(listen).join('')}`
}
