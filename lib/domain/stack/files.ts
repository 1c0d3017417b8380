import { nextMark } from './authorities'
import { patroniFile } from './patroni-file'
import { poolerFiles } from './pooler-files'
import { proxyFile } from './proxy-file'
import { secretMark } from './secrets'
import { etcdDirectoryOf, type Stack, type StackPart, type StackServer, serversWith } from './stack'
import { type StackFile, tlsFile } from './stack-file'

const markOf = (which: 'current' | 'next') => (which === 'next' ? nextMark : '')

/** What the daemons of a server have read as trusted authorities since it was written there; only while these are changed. */
export const trustedFile = (which: 'current' | 'next' | 'none'): StackFile => ({
  path: tlsFile('trusted.pem'),
  owner: 'root',
  mode: '0644',
  text: which === 'none' ? 'Daemons are about to read another one.\n' : secretMark(`${markOf(which)}authority`),
})

/** Certificate and keys of one server: one key, in a copy for each user whose daemons need it. `which`: next: those that a rotation has made and not ended with. */
export const certificateFiles = ({ name, parts }: StackServer, which: 'current' | 'next' = 'current'): StackFile[] => {
  const mark = markOf(which)
  const key = (file: 'postgres.key' | 'etcd.key', owner: StackFile['owner']): StackFile => ({
    path: tlsFile(file),
    owner,
    mode: '0400',
    text: secretMark(`${mark}key ${name}`),
  })
  return [
    { path: tlsFile('ca.pem'), owner: 'root', mode: '0644', text: secretMark(`${mark}authority`) },
    { path: tlsFile('server.pem'), owner: 'root', mode: '0644', text: secretMark(`${mark}certificate ${name}`) },
    ...(parts.includes('postgres') || parts.includes('pooler') ? [key('postgres.key', 'postgres')] : []),
    ...(parts.includes('etcd') ? [key('etcd.key', 'etcd')] : []),
  ]
}

/** Before any package comes: Debian's must not create a cluster of its own, which would take the port. */
export const beforePackages: StackFile = {
  path: '/etc/postgresql-common/createcluster.d/matriarch.conf',
  owner: 'root',
  mode: '0644',
  text: '# Patroni creates the clusters of this host.\ncreate_main_cluster = false\n',
}

/** The files that a part needs on a server. `primary`: whom poolers point to. */
export const partFiles = (stack: Stack, server: StackServer, part: StackPart, primary: StackServer): StackFile[] => {
  switch (part) {
    case 'etcd':
      return [etcdFile(stack, server)]
    case 'postgres':
      return [patroniFile(stack, server), patroniUnit, ...(stack.patroni.watchdog === 'off' ? [] : watchdogFiles)]
    case 'pooler':
      return poolerFiles(stack, primary)
    case 'proxy':
      return [proxyFile(stack)]
  }
}

export const unitOf: Readonly<Record<StackPart, string>> = { etcd: 'etcd', postgres: 'patroni', pooler: 'pgbouncer', proxy: 'haproxy' }

/** Debian's packages of a part, and a file of each that shows that it is installed. */
export const partPackages = ({ postgres: { major } }: Stack, part: StackPart): { name: string; program: string }[] => {
  const client = { name: `postgresql-client-${major}`, program: `/usr/lib/postgresql/${major}/bin/psql` }
  const curl = { name: 'curl', program: '/usr/bin/curl' }
  switch (part) {
    case 'etcd':
      return [{ name: 'etcd-server', program: '/usr/bin/etcd' }, curl]
    case 'postgres':
      return [
        { name: `postgresql-${major}`, program: `/usr/lib/postgresql/${major}/bin/postgres` },
        client,
        { name: 'patroni', program: '/usr/bin/patroni' },
        // Debian’s urllib3 reads names in certificates with it, and does not depend on it.
        { name: 'python3-idna', program: '/usr/lib/python3/dist-packages/idna/__init__.py' },
        curl,
      ]
    case 'pooler':
      return [{ name: 'pgbouncer', program: '/usr/sbin/pgbouncer' }, client]
    case 'proxy':
      return [{ name: 'haproxy', program: '/usr/sbin/haproxy' }, client]
  }
}

export const packagesOf = (stack: Stack, { parts }: StackServer): { name: string; program: string }[] => [
  ...new Map(parts.flatMap((part) => partPackages(stack, part)).map((one) => [one.name, one])).values(),
]

export const etcdPeerUrl = ({ etcd }: Stack, { address }: StackServer): string => `https://${address}:${etcd.peerPort}`
export const etcdClientUrl = ({ etcd }: Stack, { address }: StackServer): string => `https://${address}:${etcd.clientPort}`

/**
 * `among`: the members that it joins; left out: it founds the cluster with all of them. Once it has data etcd reads neither, so the file of a member that
 * has joined says `new` again: one that lost its data is then refused by the others, instead of voting with an empty log.
 */
export const etcdFile = (stack: Stack, server: StackServer, among?: readonly { name: string; peerUrl: string }[]): StackFile => {
  const { name } = server
  const client = etcdClientUrl(stack, server)
  const peer = etcdPeerUrl(stack, server)
  const all = among ?? serversWith(stack, 'etcd').map((one) => ({ name: one.name, peerUrl: etcdPeerUrl(stack, one) }))
  const tls = (prefix: string) => [
    `${prefix}CERT_FILE=${tlsFile('server.pem')}`,
    `${prefix}KEY_FILE=${tlsFile('etcd.key')}`,
    `${prefix}TRUSTED_CA_FILE=${tlsFile('ca.pem')}`,
    `${prefix}CLIENT_CERT_AUTH=true`,
  ]
  const text = [
    `ETCD_NAME=${name}`,
    `ETCD_DATA_DIR=${etcdDirectoryOf(stack)}`,
    `ETCD_LISTEN_CLIENT_URLS=${client}`,
    `ETCD_ADVERTISE_CLIENT_URLS=${client}`,
    `ETCD_LISTEN_PEER_URLS=${peer}`,
    `ETCD_INITIAL_ADVERTISE_PEER_URLS=${peer}`,
    `ETCD_INITIAL_CLUSTER=${all.map((one) => `${one.name}=${one.peerUrl}`).join(',')}`,
    `ETCD_INITIAL_CLUSTER_STATE=${among === undefined ? 'new' : 'existing'}`,
    `ETCD_INITIAL_CLUSTER_TOKEN=${stack.cluster}`,
    'ETCD_AUTO_COMPACTION_RETENTION=1',
    ...tls('ETCD_'),
    ...tls('ETCD_PEER_'),
  ]
  return { path: '/etc/default/etcd', owner: 'root', mode: '0644', text: `${text.join('\n')}\n` }
}

/** Debian's unit gives Patroni 30 s to stop, and a shutdown checkpoint may need longer. */
const patroniUnit: StackFile = {
  path: '/etc/systemd/system/patroni.service.d/matriarch.conf',
  owner: 'root',
  mode: '0644',
  text: '[Service]\nTimeoutSec=600\nKillMode=process\n',
}

/** The module at boot, and its device for Patroni; the watchdog daemon would compete for it and is not installed. */
const watchdogFiles: StackFile[] = [
  { path: '/etc/modules-load.d/matriarch-watchdog.conf', owner: 'root', mode: '0644', text: 'softdog\n' },
  {
    path: '/etc/udev/rules.d/61-matriarch-watchdog.rules',
    owner: 'root',
    mode: '0644',
    text: 'KERNEL=="watchdog", OWNER="postgres", GROUP="postgres", MODE="0600"\n',
  },
]
