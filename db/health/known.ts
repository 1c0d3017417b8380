import { type DiskPoint, daysUntilFull, fillRateOf, forecastDaysMax } from '@/lib/domain/health/disk'
import type { HealthLook } from '@/lib/domain/health/kind'
import type { HealthKindName } from '@/lib/domain/health/kinds'
import { daysToEnd, minorsBehind } from '@/lib/domain/health/versions'
import { hostMetrics, placeOf } from '@/lib/domain/samples/metrics'
import { databaseFault, getPool } from '../pg/client'
import { pointsOfSamples } from '../samples/read'

/** As often as a host says how full it is: a mean over longer would hide for minutes that a disk has just become full. */
const stepSeconds = 60
const forecastHours = 24
/** However slowly it fills, so little room is a finding. */
const freeShares = { warning: 0.1, critical: 0.05, full: 0.01 }

type Known = Omit<HealthLook, 'kind'>
const none = (notApplicable: string): Known => ({ found: [], because: null, notApplicable })
const seen = (...found: HealthLook['found']): Known => ({ found, because: null, notApplicable: null })

const diskOf = async (instanceId: string): Promise<Known> => {
  const { rows: hosts } = await getPool().query<{ id: string; hostname: string; sampled: boolean }>(
    `select s.id, s.hostname, e.is_sampled as sampled from instances i join servers s on s.id = i.server_id join environments e on e.id = s.environment_id where i.id = $1`,
    [instanceId],
  )
  const host = hosts[0]
  if (!host?.sampled) return none('Its environment keeps no samples, from which the forecast is made.')
  const places = [placeOf(hostMetrics, 'diskUsed'), placeOf(hostMetrics, 'disk')]
  const to = new Date()
  const from = new Date(to.getTime() - forecastHours * 3_600_000)
  const { rows } = await getPool().query<{ metric: number; at: number; mean: number }>(pointsOfSamples, [
    [host.id],
    from,
    to,
    stepSeconds,
    places,
  ])
  const sizes = new Map(rows.flatMap(({ metric, at, mean }) => (metric === places[1] ? [[at, mean]] : [])))
  const points = rows.flatMap(({ metric, at, mean }): DiskPoint[] => {
    const bytes = sizes.get(at)
    return metric === places[0] && bytes !== undefined ? [[at, mean, bytes]] : []
  })
  const newest = points.at(-1)
  if (newest === undefined) return { found: [], because: 'No sample of its disk is there yet.', notApplicable: null }
  const [, now, size] = newest
  const rate = fillRateOf(points)
  const freeBytes = Math.max(0, size - now)
  const share = freeBytes / size
  return seen({
    database: '',
    object: host.hostname,
    value: share < freeShares.full ? 0 : rate === null ? forecastDaysMax : daysUntilFull(freeBytes, rate),
    atLeast: share < freeShares.critical ? 'critical' : share < freeShares.warning ? 'warning' : null,
    details: { freeBytes, bytes: size, bytesPerDay: rate === null ? null : Math.round(rate * 86_400) },
  })
}

const versionOf = async (instanceId: string): Promise<string | null> =>
  (await getPool().query<{ version: string | null }>('select version from instances where id = $1', [instanceId])).rows[0]?.version ?? null
const notSeen: Known = { found: [], because: 'Its version was never seen.', notApplicable: null }

const endOf = async (instanceId: string): Promise<Known> => {
  const version = await versionOf(instanceId)
  if (version === null) return notSeen
  const end = daysToEnd(version, new Date())
  if (end === null) return none(`When ${version} ends is not known here.`)
  return seen({ database: '', object: `PostgreSQL ${version}`, value: end.days, atLeast: null, details: { endsOn: end.endsOn } })
}

const minorOf = async (instanceId: string): Promise<Known> => {
  const version = await versionOf(instanceId)
  if (version === null) return notSeen
  const { rows } = await getPool().query<{ version: string }>('select distinct version from instances where version is not null')
  const minors = minorsBehind(
    version,
    rows.map((row) => row.version),
  )
  if (minors === null) return none(`Which minor versions there are of ${version} is not known here.`)
  return seen({ database: '', object: `PostgreSQL ${version}`, value: minors.behind, atLeast: null, details: { latest: minors.latest } })
}

const looks = { disk: diskOf, 'version-end': endOf, 'version-minor': minorOf } satisfies Partial<
  Record<HealthKindName, (instanceId: string) => Promise<Known>>
>

/** What the console knows of an instance without asking it, of these kinds. Throws `database.down`. */
export const knownHealth = async (instanceId: string, kinds: readonly string[]): Promise<HealthLook[]> => {
  try {
    const found: HealthLook[] = []
    for (const [kind, look] of Object.entries(looks)) if (kinds.includes(kind)) found.push({ kind, ...(await look(instanceId)) })
    return found
  } catch (error) {
    throw databaseFault(error)
  }
}
