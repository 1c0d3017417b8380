import { getPool } from '@/db/pg/client'
import { until } from '@/lib/playground/machine/processes'
import { readSecrets } from '@/lib/playground/machine/secrets'
import { ports, tlsFile } from '@/lib/playground/services/patroni/files'
import { seeMembers } from './observed'
import type { Place } from './place'

const lookTimeoutMs = 6_000
const settleMs = 240_000

type Verb = 'PATCH' | 'POST'

/** The answer of the REST API of a member, asked on its own host as its administrator; null: none, or no JSON. */
const askPatroni = async (
  { lab }: Place,
  host: string,
  path: string,
  body?: object,
  verb: Verb = 'PATCH',
): Promise<Record<string, unknown> | null> => {
  if (!lab.hosts.mark(host)) return null
  const proof = ['--cacert', tlsFile('ca.pem'), '--cert', tlsFile('own.pem'), '--key', tlsFile('own.key')]
  const act = body === undefined ? [] : ['-X', verb, '-u', `patroni:${readSecrets(lab.layout).patroni!.rest}`, '-d', JSON.stringify(body)]
  const url = `https://${lab.host(host).address}:${ports.rest}${path}`
  const seconds = body !== undefined && verb === 'POST' ? 45 : 4
  const { code, stdout } = await lab.hosts
    .exec(host, ['curl', '-s', '-m', String(seconds), ...proof, ...act, url], { timeoutMs: (seconds + 2) * 1_000 })
    .catch(() => ({ code: null, stdout: '' }))
  if (code !== 0) return null
  try {
    return JSON.parse(stdout) as Record<string, unknown>
  } catch {
    return null
  }
}

const fromAny = async (place: Place, herd: string | undefined, path: string, body?: object): Promise<Record<string, unknown> | null> => {
  for (const { host } of place.herd(herd).members) {
    const said = await askPatroni(place, host, path, body)
    if (said !== null) return said
  }
  return null
}

/** null: nobody can say. */
export const isPatroniPaused = async (place: Place, herd?: string): Promise<boolean | null> => {
  const config = await fromAny(place, herd, '/config')
  return config === null || !('loop_wait' in config) ? null : config.pause === true
}

/** The host that a word of a file means; null: nobody takes writes, or several do. */
export const hostMeant = async (place: Place, herd: string | undefined, word: string): Promise<string | null> => {
  if (word !== 'leader') return word
  const leaders = (await seeMembers(place, herd)).filter(({ role }) => role === 'primary')
  return leaders.length === 1 ? leaders[0]!.host : null
}

interface PatroniMember {
  role: string
  state: string
  lag?: number | string
}

/** `how`: on or strict. Waits until a standby is synchronous. */
export const makeSynchronous = async (place: Place, herd: string, how: string): Promise<void> => {
  await fromAny(place, herd, '/config', { synchronous_mode: true, ...(how === 'strict' ? { synchronous_mode_strict: true } : {}) })
  const isSo = async () =>
    ((await fromAny(place, herd, '/cluster'))?.members as PatroniMember[] | undefined)?.some(({ role }) => role === 'sync_standby') === true
  await until('a synchronous standby', isSo, { timeoutMs: settleMs, everyMs: 300 })
}

/** Every member is well by Patroni and by the console, and the poolers of each of its herds lead to the primary. */
export const untilPatroniSeen = async (place: Place): Promise<void> => {
  for (const name of place.herds) {
    const herd = place.herd(name)
    const isWhole = async () => {
      const members = (await fromAny(place, name, '/cluster'))?.members as PatroniMember[] | undefined
      const isUp = ({ role, state, lag }: PatroniMember) =>
        (state === 'running' || state === 'streaming') && (role === 'leader' || lag === 0)
      return members?.length === herd.members.length && members.every(isUp) && members.some(({ role }) => role === 'leader')
    }
    const sql = `select (count(*) filter (where i.state <> 'online' or i.manager is distinct from 'patroni') + abs(1 - count(*) filter (where i.role = 'primary'))
        + (select count(*) from poolers p where p.herd_id = h.id and p.follows is distinct from 'right'))::int as missing
      from herds h join instances i on i.herd_id = h.id where h.name = $1 group by h.id`
    const isSeen = async () => (await getPool().query<{ missing: number }>(sql, [herd.name])).rows[0]?.missing === 0
    // Patroni 3.0 says running of a standby that has no receiver yet.
    const isStreaming = async () => (await seeMembers(place, name)).every(({ role, from }) => role === 'primary' || from !== null)
    await until(`${place.plain(herd.name)} to be whole`, async () => (await isWhole()) && (await isStreaming()) && (await isSeen()), {
      timeoutMs: settleMs,
      everyMs: 300,
    })
  }
}

const switchoverMs = 60_000

/** The first member leads, as every file of a shared cluster begins. */
export const bringHome = async (place: Place): Promise<void> => {
  for (const name of place.herds) {
    const [first] = place.members(name)
    const leader = await hostMeant(place, name, 'leader')
    if (leader === null || leader === first) continue
    const body = { leader: place.host(leader), candidate: place.host(first!) }
    await askPatroni(place, place.host(leader), '/switchover', body, 'POST')
    await until(`${first} to lead`, async () => (await hostMeant(place, name, 'leader')) === first, {
      timeoutMs: switchoverMs,
      everyMs: 300,
    })
    await untilPatroniSeen(place)
  }
}

/** Seconds from the promotion on; null: not yet. */
export interface Followed {
  /** Of the first commit that came through on the new primary. */
  served: number | null
  report: number | null
  names: number | null
  hasNames: boolean
}

/** By the clock of the machine, which all hosts share: when the new timeline's history was written, its first commit of a load, and the journal of the report. */
export const followedAfter = async (place: Place, herd: string | undefined, herdId: string): Promise<Followed | null> => {
  const { lab } = place
  const leader = await hostMeant(place, herd, 'leader')
  if (leader === null) return null
  const { port, baseName, dataDirectory } = place.herd(herd)
  const ask = async (argv: string[], input?: string) => {
    const { code, stdout } = await lab.hosts.exec(place.host(leader), argv, { input, timeoutMs: lookTimeoutMs })
    return code === 0 && stdout.trim() !== '' ? Number(stdout.trim()) : null
  }
  const promoted = await ask(['sh', '-c', 'stat -c %.6Y "$1"/pg_wal/*.history | sort -n | tail -n 1', 'sh', dataDirectory])
  if (promoted === null) return null
  const psql = ['psql', '-XqAt', '-p', String(port), '-d', baseName, '-v', `since=${promoted}`]
  const served = await ask(psql, `select extract(epoch from min(at)) from lab_ledger where at > to_timestamp(:'since')`)
  const done = async (steps: readonly string[]) => {
    const { rows } = await getPool().query<{ at: string | null }>(
      `select extract(epoch from max(n.at)) as at from journal n join jobs j on j.id = n.job_id join runs r on r.id = j.run_id
       where j.herd_id = $1 and r.operation = 'follow-leader' and n.kind = 'finished' and n.step = any($2) and n.at > to_timestamp($3)`,
      [herdId, steps, promoted],
    )
    return rows[0]?.at == null ? null : Number(rows[0].at)
  }
  const [report, names] = await Promise.all([done(['report']), done(['move-names'])])
  const after = (at: number | null) => (at === null ? null : at - promoted)
  return { served: after(served), report: after(report), names: after(names), hasNames: lab.fleet.hasNames === true }
}

export const isSoon = ({ served, report, names, hasNames }: Followed, ms: number): boolean => {
  const isIn = (seconds: number | null) => seconds !== null && seconds * 1_000 <= ms
  return isIn(served) && report !== null && (!hasNames || isIn(names))
}

export const sayFollowed = ({ served, report, names, hasNames }: Followed): string => {
  const say = (seconds: number | null) => (seconds === null ? 'not yet' : `${seconds.toFixed(2)} s`)
  return `first commit ${say(served)}, report ${say(report)}${hasNames ? `, name ${say(names)}` : ''} after the promotion`
}
