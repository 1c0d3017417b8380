import { fleetFacts } from '@/db/fleet/front-page'
import { systemActor } from '@/lib/kernel/access/access'
import { poolerPort } from '@/lib/playground/services/poolers'
import { presentProblems } from '@/lib/presentation/problems/present'
import { pathOf } from '@/lib/resources'
import type { Place } from './place'

/** What each member is, asked on its own host: nothing of the product is in between. */
export interface MemberSeen {
  host: string
  role: 'primary' | 'standby' | 'down' | 'off'
  /** Whom it streams from; null: nobody. */
  from: string | null
}

const memberSql = `select pg_is_in_recovery(), coalesce((select sender_host from pg_stat_wal_receiver where status = 'streaming'), '')`
const lookTimeoutMs = 5_000

export const seeMembers = (place: Place, herd?: string): Promise<MemberSeen[]> =>
  Promise.all(
    place.members(herd).map(async (host): Promise<MemberSeen> => {
      const { lab } = place
      const real = place.host(host)
      if (!lab.hosts.mark(real)) return { host, role: 'off', from: null }
      const argv = ['psql', '-XqAt', '-p', String(place.herd(herd).port), '-c', memberSql]
      const { code, stdout } = await lab.hosts.exec(real, argv, { timeoutMs: lookTimeoutMs }).catch(() => ({ code: null, stdout: '' }))
      if (code !== 0) return { host, role: 'down', from: null }
      const [isStandby, sender] = stdout.trim().split('|')
      return { host, role: isStandby === 't' ? 'standby' : 'primary', from: hostAt(place, sender ?? '') }
    }),
  )

const hostAt = ({ lab, plain }: Place, address: string): string | null => {
  const found = lab.fleet.hosts.find((one) => one.address === address)
  return found ? plain(found.name) : address || null
}

export const sayMember = ({ host, role, from }: MemberSeen): string => `${host} ${role}${from === null ? '' : ` of ${from}`}`

/** Until the first commit of a load after this moment, on the member that takes writes; null: there is none. */
export const servedAgainMs = async (place: Place, herd: string | undefined, since: string): Promise<number | null> => {
  const leader = (await seeMembers(place, herd)).find(({ role }) => role === 'primary')
  if (!leader) return null
  const { port, baseName } = place.herd(herd)
  const sql = `select round(extract(epoch from min(at) - :'since'::timestamptz) * 1000) from lab_ledger where at > :'since'`
  const argv = ['psql', '-XqAt', '-p', String(port), '-d', baseName, '-v', `since=${since}`]
  const { code, stdout } = await place.lab.hosts.exec(place.host(leader.host), argv, { input: sql, timeoutMs: lookTimeoutMs })
  return code === 0 && stdout.trim() !== '' ? Number(stdout.trim()) : null
}

export interface ObservedPooler {
  host: string
  /** Of each database of the herd; null: it does not answer. */
  databases: { pointsTo: string | null; isPaused: boolean }[] | null
}

export const seePoolers = (place: Place, herd: string): Promise<ObservedPooler[]> =>
  Promise.all(
    place.poolers(herd).map(async ({ host, databases }): Promise<ObservedPooler> => {
      const argv = [
        'psql',
        '-XqA',
        '-h',
        '/var/run/postgresql',
        '-p',
        String(poolerPort),
        '-U',
        'pgbouncer',
        '-c',
        'show databases',
        'pgbouncer',
      ]
      const asked = place.lab.hosts.mark(place.host(host))
        ? place.lab.hosts.exec(place.host(host), argv, { timeoutMs: lookTimeoutMs })
        : null
      const { code, stdout } = (await asked?.catch(() => null)) ?? { code: null, stdout: '' }
      if (code !== 0) return { host, databases: null }
      const [head = [], ...rows] = stdout
        .trim()
        .split('\n')
        .map((line) => line.split('|'))
      const cell = (row: readonly string[], name: string) => row[head.indexOf(name)] ?? ''
      return {
        host,
        databases: rows
          .filter((row) => row.length === head.length && databases.includes(cell(row, 'name')))
          .map((row) => ({ pointsTo: hostAt(place, cell(row, 'host')), isPaused: cell(row, 'paused') === '1' })),
      }
    }),
  )

export const sayPooler = ({ host, databases }: ObservedPooler): string =>
  databases === null
    ? `${host} does not answer`
    : `${host} points to ${[...new Set(databases.map(({ pointsTo }) => pointsTo))].join(', ')}${databases.some(({ isPaused }) => isPaused) ? ', paused' : ''}`

export interface ObservedName {
  server: string
  /** A host as the file names it; null: it does not answer, or knows no such name. */
  pointsTo: string | null
}

/** What each name server, and the resolver that the hosts ask, says of the herd’s name. */
export const seeName = ({ lab, plain, herd: herdOf }: Place, herd?: string): Promise<ObservedName[]> => {
  const { virtualHost } = herdOf(herd)
  const { primary, secondary, resolver } = lab.names()
  return Promise.all(
    Object.entries({ primary, secondary, resolver }).map(async ([server, { address }]): Promise<ObservedName> => {
      const argv = ['dig', '+short', '+time=2', '+tries=1', `@${address}`, virtualHost, 'CNAME']
      const { code, stdout } = await lab.run(argv, { timeoutMs: lookTimeoutMs }).catch(() => ({ code: null, stdout: '' }))
      return { server, pointsTo: code === 0 && stdout.trim() !== '' ? plain(stdout.trim().split('.')[0]!) : null }
    }),
  )
}

export const sayName = ({ server, pointsTo }: ObservedName): string => `${server} says ${pointsTo ?? 'nothing'}`

/** The front page’s problems with what the scenario has, in words. */
export const seeAlarms = async (place: Place): Promise<string[]> => {
  const problems = presentProblems(await fleetFacts(systemActor), pathOf)
  return problems.flatMap(({ title, items }) =>
    items.map(({ label, detail }) => `${title}: ${label}: ${detail}`).flatMap((said) => (place.isOwn(said) ? [place.plain(said)] : [])),
  )
}
