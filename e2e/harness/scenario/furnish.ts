import pg from 'pg'
import { until } from '@/lib/playground/machine/processes'
import { readSecrets } from '@/lib/playground/machine/secrets'
import { memberName, primaryConnInfo } from '@/lib/playground/services/cluster-files'
import { makeSynchronous } from './observed-patroni'
import type { Place } from './place'
import type { ScenarioFleet } from './words'

const restartTimeoutMs = 90_000

/** What the herds are set to besides who follows whom. */
export const furnish = async (place: Place, { herds }: ScenarioFleet): Promise<void> => {
  for (const [name, { synchronous, passwords, settings, manager }] of Object.entries(herds)) {
    const { members } = place.herd(name)
    if (manager === 'patroni') {
      if (synchronous !== '') await makeSynchronous(place, name, synchronous)
      continue
    }
    // On every member: it is the new primary’s own setting that counts after a move.
    if (synchronous !== '') for (const { host } of members) await set(place, name, host, { synchronous_standby_names: synchronous })
    if (passwords === 'inline') await putPasswordsInline(place, name)
    for (const [host, own] of Object.entries(settings)) await set(place, name, place.host(host), own)
  }
}

/** Restarts the member where one of the settings wants that. */
const set = async (place: Place, herd: string, host: string, settings: Record<string, string>): Promise<void> => {
  const client = new pg.Client()
  for (const [name, value] of Object.entries(settings))
    await psql(place, herd, host, `alter system set ${client.escapeIdentifier(name)} = ${client.escapeLiteral(value)}`)
  await psql(place, herd, host, 'select pg_reload_conf()')
  if ((await psql(place, herd, host, 'select count(*) from pg_settings where pending_restart')) === '0') return
  const { dataDirectory, baseName } = place.herd(herd)
  const major = String(place.lab.fleet.postgresMajor)
  const stop = [`/usr/lib/postgresql/${major}/bin/pg_ctl`, '-D', dataDirectory, '-s', '-w', '-m', 'fast', 'stop']
  await place.lab.hosts.mustExec(host, stop, { timeoutMs: restartTimeoutMs })
  await place.lab.hosts.mustExec(host, ['/usr/local/lib/lab/start-cluster.sh', major, baseName], { timeoutMs: restartTimeoutMs })
}

/** As `pg_basebackup -R` writes it who was given a password: in the connection string, and in no file beside. */
const putPasswordsInline = async (place: Place, herd: string): Promise<void> => {
  const { members, port, baseName } = place.herd(herd)
  const { replicator } = readSecrets(place.lab.layout)
  for (const { host, upstream } of members.filter((one) => one.upstream !== null)) {
    const info = primaryConnInfo(place.lab.host(upstream!).address, port).replace(/passfile=\S+/, `password=${replicator}`)
    await set(place, herd, host, { primary_conninfo: info })
    const isStreaming = async () =>
      (await psql(place, herd, host, `select count(*) from pg_stat_wal_receiver where status = 'streaming' and conninfo ~ 'password'`)) ===
      '1'
    await until(`${memberName(host, baseName)} to stream with its password`, isStreaming, { timeoutMs: 60_000 })
  }
}

const psql = async (place: Place, herd: string, host: string, sql: string): Promise<string> =>
  (await place.lab.hosts.mustExec(host, ['psql', '-XqAt', '-p', String(place.herd(herd).port), '-c', sql])).trim()
