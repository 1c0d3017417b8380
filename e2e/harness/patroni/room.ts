import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '@/lib/playground/lab/lab'
import { until } from '@/lib/playground/machine/processes'
import { newPassword, readSecrets } from '@/lib/playground/machine/secrets'
import {
  configOf,
  haproxyText,
  patroniText,
  ports,
  settingsPath,
  settingsText,
  tlsFile,
  tunedChecks,
} from '@/lib/playground/services/patroni/files'
import { certify, makeAuthority } from '../daemons/authority'
import { startPooler } from './pooler'

export const patroniNeeds = [
  { program: '/usr/bin/patroni', package: 'patroni' },
  { program: '/usr/bin/etcd', package: 'etcd-server' },
  { program: '/usr/sbin/haproxy', package: 'haproxy' },
  { program: '/usr/bin/curl', package: 'curl' },
]

export interface PatroniHosts {
  /** Two or more; the first one founds the cluster. */
  members: readonly string[]
  /** Of etcd, HAProxy and PgBouncer. */
  edge: string
}

export interface RoomOptions {
  scope: string
  /** Patroni's own numbers, seconds; left out: its defaults. */
  pace?: { ttl: number; loop_wait: number; retry_timeout: number }
  /** HAProxy in front. */
  hasDoors?: boolean
  /** Hosts with a PgBouncer in front of the first leader, as an administrator would set it up. */
  fronts?: readonly string[]
  /** The REST API and etcd over TLS, for clients with a certificate alone. */
  hasTls?: boolean
}

/** Ports of the doors on the edge. */
export const doors = { haproxy: 15432, haproxyTuned: 15433, pgbouncer: 6432 } as const
export const patroniDatabase = 'app'
export const restCredentials = { user: 'patroni', password: newPassword() }

const { etcd: etcdPort, rest: restPort, postgres: postgresPort } = ports
const upTimeoutMs = 120_000
/** HAProxy takes every server for a good one until its checks have failed, and sends clients to each in turn. */
const servedInARow = 6

interface Member {
  name: string
  role: string
  state: string
  lag?: number | string
}

export interface PatroniCluster {
  /** Name of Patroni's leader; waits until the other member streams without lag. */
  leader: () => Promise<string>
  /** Every client that comes through this door of the edge can write. */
  untilServed: (port: number) => Promise<unknown>
  /** As its REST API says, asked from the edge. `body` makes it a PATCH. */
  rest: (host: string, path: string, body?: object) => Promise<string>
  /** A key of etcd, written from the edge. */
  putKey: (key: string, value: string) => Promise<unknown>
  /** To the Patroni of that host alone; its server lives on. */
  signal: (host: string, signal: 'TERM' | 'KILL' | 'STOP' | 'CONT') => Promise<unknown>
  /** Patroni again on a host where it has ended. */
  start: (host: string) => void
  /** What must never leave a host. */
  passwords: readonly string[]
  close: () => void
}

export { configOf, dataDirectoryOf } from '@/lib/playground/services/patroni/files'

const defaultPace = { ttl: 30, loop_wait: 10, retry_timeout: 10 }

/** Servers under Debian's Patroni with the settings of ours, one etcd (a real one has three, which are slower), and HAProxy in front where it is asked for. */
export const startPatroni = async (
  lab: Lab,
  hosts: PatroniHosts,
  { scope, pace = defaultPace, hasDoors = false, fronts = [], hasTls = false }: RoomOptions,
): Promise<PatroniCluster> => {
  const children: ChildProcess[] = []
  const close = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  const address = (host: string) => lab.host(host).address
  /** As postgres on that host, until this process or the host ends. */
  const daemon = (host: string, name: string, command: string): void => {
    const [program, ...args] = lab.hosts.execArgv(host, ['sh', '-c', `exec ${command} >>/var/log/postgresql/room-${name}.log 2>&1`])
    children.push(spawn(program!, args, { stdio: 'ignore' }))
  }
  const start = (host: string) => daemon(host, 'patroni', `patroni ${configOf(scope)}`)
  const put = (host: string, name: string, text: string): string => {
    const path = `/var/lib/postgresql/${name}`
    lab.hosts.writeFile(host, path, text, { owner: 'postgres', mode: 0o600 })
    return path
  }
  const urlOf = (host: string, path: string) => `${hasTls ? 'https' : 'http'}://${address(host)}:${restPort}${path}`
  const proof = hasTls ? ['--cacert', tlsFile('ca.pem'), '--cert', tlsFile('own.pem'), '--key', tlsFile('own.key')] : []
  const members = async (): Promise<Member[]> => {
    const { stdout, code } = await lab.hosts.exec(hosts.edge, ['curl', '-sf', '-m', '2', ...proof, urlOf(hosts.members[0]!, '/cluster')])
    return code === 0 ? (JSON.parse(stdout) as { members: Member[] }).members : []
  }
  const leader = (): Promise<string> =>
    until(
      'Patroni to have a leader and a standby that streams',
      async () => {
        const seen = await members()
        const leads = seen.find(({ role, state }) => role === 'leader' && state === 'running')
        const isWhole = leads && seen.every(({ role, lag }) => role === 'leader' || (role === 'replica' && lag === 0))
        return isWhole && seen.length === hosts.members.length ? leads.name : undefined
      },
      { timeoutMs: upTimeoutMs, everyMs: 200 },
    )
  const rest = async (host: string, path: string, body?: object): Promise<string> => {
    const login = `${restCredentials.user}:${restCredentials.password}`
    const act = body === undefined ? [] : ['-X', 'PATCH', '-u', login, '-d', JSON.stringify(body)]
    return lab.hosts.mustExec(hosts.edge, ['curl', '-s', '-m', '5', ...proof, ...act, urlOf(host, path)])
  }
  const untilServed = (port: number) => {
    const ask = [
      'psql',
      '-XAtqc',
      'select not pg_is_in_recovery()',
      '-h',
      address(hosts.edge),
      '-p',
      String(port),
      '-U',
      'app',
      patroniDatabase,
    ]
    let inARow = 0
    return until(
      `${hosts.edge} to serve port ${port}`,
      async () => {
        inARow = (await lab.hosts.exec(hosts.edge, ask)).stdout.trim() === 't' ? inARow + 1 : 0
        return inARow >= servedInARow
      },
      { timeoutMs: upTimeoutMs, everyMs: 200 },
    )
  }
  /** The first one founds the cluster, so that the others copy it. */
  const leads = (host: string) =>
    until(
      `${host} to lead`,
      async () => (await members()).some(({ name, role, state }) => name === host && role === 'leader' && state === 'running'),
      {
        timeoutMs: upTimeoutMs,
        everyMs: 200,
      },
    )
  const openDoors = () => {
    const listens = [
      { name: 'shipped', port: doors.haproxy, check: '/primary', timings: 'inter 3s fall 3 rise 2 on-marked-down shutdown-sessions' },
      { name: 'tuned', port: doors.haproxyTuned, check: '/primary', timings: tunedChecks },
    ]
    const servers = hosts.members.map((name) => ({ name, address: address(name) }))
    const text = haproxyText({ address: address(hosts.edge), members: servers, listens, hasTls: false })
    daemon(hosts.edge, 'haproxy', `haproxy -q -db -f ${put(hosts.edge, 'haproxy.cfg', text)}`)
  }
  try {
    if (hasTls) putCertificates(lab, [...hosts.members, hosts.edge])
    const etcd = `${hasTls ? 'https' : 'http'}://${address(hosts.edge)}:${etcdPort}`
    const etcdTls = hasTls
      ? ` --cert-file ${tlsFile('own.pem')} --key-file ${tlsFile('own.key')} --trusted-ca-file ${tlsFile('ca.pem')} --client-cert-auth`
      : ''
    daemon(
      hosts.edge,
      'etcd',
      `etcd --name edge --data-dir /var/lib/postgresql/etcd --listen-client-urls ${etcd} --advertise-client-urls ${etcd} --listen-peer-urls http://127.0.0.1:2380${etcdTls}`,
    )
    const own = patroniPasswords(lab)
    for (const host of hosts.members) {
      lab.hosts.writeFile(host, settingsPath, settingsText, { owner: 'postgres', mode: 0o600 })
      const file = patroniText({
        ...{ name: host, address: address(host), scope, major: lab.fleet.postgresMajor, pace, tls: hasTls ? 'required' : null },
        ...{ etcd: [`${address(hosts.edge)}:${etcdPort}`], rest: restCredentials, ...own },
      })
      lab.hosts.writeFile(host, configOf(scope), file, { owner: 'postgres', mode: 0o600 })
      start(host)
      if (host === hosts.members[0]) await leads(host)
    }
    const first = await leader()
    await lab.hosts.mustExec(first, ['psql', '-p', String(postgresPort), '-Xqv', 'ON_ERROR_STOP=1'], {
      input: foundingSql(readSecrets(lab.layout).app),
    })
    if (hasDoors) openDoors()
    await Promise.all(
      fronts.map((host) => startPooler(lab, host, { database: patroniDatabase, primary: { host: address(first), port: postgresPort } })),
    )
    put(hosts.edge, '.pgpass', `*:*:*:app:${readSecrets(lab.layout).app}\n`)
    return {
      leader,
      untilServed,
      rest,
      putKey: (key, value) => {
        const body = JSON.stringify({ key: Buffer.from(key).toString('base64'), value: Buffer.from(value).toString('base64') })
        return lab.hosts.mustExec(hosts.edge, ['curl', '-sf', '-m', '5', ...proof, '-d', body, `${etcd}/v3/kv/put`])
      },
      signal: (host, name) => lab.hosts.mustExec(host, ['pkill', `-${name}`, '-x', 'patroni']),
      start,
      passwords: [own.superuser, own.replicator, restCredentials.password],
      close,
    }
  } catch (cause) {
    const said = [...hosts.members.map((host) => lab.logs(host, 'patroni')), lab.logs(hosts.edge, 'etcd')]
    close()
    throw new Error(`Patroni did not come up:\n${said.map((log) => log.slice(-1500)).join('\n')}`, { cause })
  }
}

/** Each host has one of its own, by its address, from one authority. */
const putCertificates = (lab: Lab, hosts: readonly string[]): void => {
  const folder = mkdtempSync(join(tmpdir(), 'patroni-tls-'))
  try {
    makeAuthority(folder, 'ca')
    for (const host of hosts) {
      certify(folder, 'ca', { name: host, commonName: host, extension: `subjectAltName=IP:${lab.host(host).address}` })
      const put = (name: string, file: string) =>
        lab.hosts.writeFile(host, tlsFile(name), readFileSync(join(folder, file), 'utf8'), { owner: 'postgres', mode: 0o600 })
      put('ca.pem', 'ca.pem')
      put('own.pem', `${host}.pem`)
      put('own.key', `${host}.key`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const patroniPasswords = (lab: Lab) => ({ replicator: readSecrets(lab.layout).replicator, superuser: newPassword() })

const foundingSql = (password: string): string => `set password_encryption = 'scram-sha-256';
create role app login password '${password}';
grant pg_monitor to app;
create database ${patroniDatabase} owner app;
`
