import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningCloud } from '../cloud'
import type { DbDeed, DbInstance } from '../cloud/rds/instances'
import type { Fleet } from '../fleet/fleet'
import type { Lab } from '../lab/lab'
import { makeCertificates } from '../services/certificates'

/** How the console gets into the playground's DB instances. */
export interface PlaygroundRds {
  hosts: string[]
  user: string
  password: string
  /** PEM of the authority that signed the certificates of their endpoints. */
  caFile: string
}

const user = 'console'
const folder = '/var/lib/postgresql/rds'

const passwordIn = (file: string): string => {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

/** Makes endpoints of the servers: TLS with a certificate of an authority of their own, and a role for the console. Run again it changes nothing. */
export const openRds = async ({ lab, fleet }: { lab: Lab; fleet: Fleet }, stateDirectory: string): Promise<PlaygroundRds | null> => {
  const databases = fleet.databases ?? []
  if (databases.length === 0) return null
  const ips = databases.map(({ host }) => lab.host(host).address)
  const { caFile, certificateFile, keyFile } = await makeCertificates(join(stateDirectory, 'rds'), { ips, dns: ['rds.lab.test'] })
  const password = passwordIn(join(stateDirectory, 'rds', 'password'))
  const sql = (host: string, text: string) => lab.hosts.mustExec(host, ['psql', '-XAtqc', text])
  for (const { host, source, cluster } of databases) {
    const put = (path: string, text: string) => lab.hosts.writeFile(host, path, text, { mode: 0o600, owner: 'postgres' })
    put(`${folder}/server.pem`, readFileSync(certificateFile, 'utf8'))
    put(`${folder}/server.key`, readFileSync(keyFile, 'utf8'))
    put(
      `/etc/postgresql/${fleet.postgresMajor}/${cluster}/conf.d/rds.conf`,
      `ssl = on\nssl_cert_file = '${folder}/server.pem'\nssl_key_file = '${folder}/server.key'\n`,
    )
    await sql(host, 'select pg_reload_conf()')
    if (source !== null) continue
    const isThere = (await sql(host, `select count(*) from pg_roles where rolname = '${user}'`)).trim() !== '0'
    // Both words are made here; neither holds a quote.
    if (!isThere) await sql(host, `create role ${user} login password '${password}' in role pg_monitor, pg_signal_backend`)
  }
  return { hosts: databases.map(({ host }) => host), user, password, caFile }
}

export const addDatabases = ({ cloud }: RunningCloud, lab: Lab, fleet: Fleet, environment: string): void => {
  for (const { host, zone, class: name, storageGb, source, cluster } of fleet.databases ?? [])
    cloud.state.databases.add(zone.slice(0, -1), {
      ...{ id: host, zone, class: name, storageGb, source },
      address: lab.host(host).address,
      masterUser: user,
      allowsIam: false,
      engineVersion: `${fleet.postgresMajor}.8`,
      tags: { Name: host, Role: 'PostgreSQL', Environment: environment, Cluster: cluster },
    })
}

const verbs: Readonly<Record<DbDeed, readonly string[]>> = {
  start: ['start'],
  stop: ['stop', '-m', 'fast'],
  restart: ['restart', '-m', 'fast'],
  promote: ['promote'],
}

/** Servers follow their DB instances, one change of a server after the other. */
export const databasePowerOf = (lab: Lab, fleet: Fleet): ((one: DbInstance, deed: DbDeed) => void) => {
  const clusters = new Map((fleet.databases ?? []).map(({ host, cluster }) => [host, cluster]))
  const last = new Map<string, Promise<unknown>>()
  return ({ id }, deed) => {
    const cluster = clusters.get(id)
    if (cluster === undefined) return
    const change = () => lab.hosts.mustExec(id, ['pg_ctlcluster', String(fleet.postgresMajor), cluster, ...verbs[deed]])
    last.set(
      id,
      (last.get(id) ?? Promise.resolve()).then(change).catch((error: unknown) => console.error(`${id}: ${(error as Error).message}`)),
    )
  }
}
