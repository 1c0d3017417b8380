import { readFileSync } from 'node:fs'
import { formatDuration } from '@/lib/domain/values/duration'
import { verify } from '@/lib/playground/lab/load-cli'
import { sayMember, sayName, sayPooler, seeAlarms, seeMembers, seeName, seePoolers, servedAgainMs } from './observed'
import { followedAfter, hostMeant, isPatroniPaused, isSoon, sayFollowed } from './observed-patroni'
import { certificateOf, failedAt, herdId, jobsOf, saidOf } from './orders'
import { lastOrder, type Stand, transactionState } from './stand'
import type { Expectation } from './words'

/** One thing that was expected, and what there was. */
export interface Check {
  what: string
  holds: boolean
  saw: string
}

type Look = () => Promise<Check>

const everyMs = 150
/** Commits that must be acknowledged before writers count as served. */
const writesMin = 20

/** Looks until all of it holds at once or its time is over; then, where the load is judged, ends it. Answers what was seen last. */
export const checkAll = async (stand: Stand, expectation: Expectation): Promise<{ checks: Check[]; tookMs: number }> => {
  const startedAt = performance.now()
  const looks = looksOf(stand, expectation)
  let checks: Check[] = []
  do {
    if (checks.length > 0) await new Promise((resolve) => setTimeout(resolve, everyMs))
    checks = await Promise.all(looks.map((look) => look()))
  } while (!checks.every(({ holds }) => holds) && performance.now() - startedAt < expectation.within)
  const tookMs = performance.now() - startedAt
  return { checks: [...checks, ...(await judgeLoad(stand, expectation))], tookMs }
}

const looksOf = (stand: Stand, wanted: Expectation): Look[] => {
  const { place } = stand
  const looks: Look[] = []
  const look = (what: string, see: () => Promise<{ holds: boolean; saw: string }>) => looks.push(async () => ({ what, ...(await see()) }))

  if (wanted.job !== undefined)
    look(`job ${wanted.job}`, async () => {
      const order = lastOrder(stand, wanted.order)
      const only = wanted.herd === undefined ? null : await herdId(place, wanted.herd)
      const jobs = order.refused === null ? await jobsOf(order) : [{ herdId: null, state: 'refused', because: order.refused }]
      const meant = jobs.filter((job) => only === null || job.herdId === null || job.herdId === only)
      const saw = meant.map(({ state, because }) => (because === null ? state : `${state}: ${place.plain(because)}`))
      return { holds: meant.length > 0 && meant.every(({ state }) => state === wanted.job), saw: saw.join('; ') || 'missing' }
    })
  for (const text of wanted.says ?? [])
    look(`says “${text}”`, async () => {
      const order = lastOrder(stand, wanted.order)
      const holds = (await saidOf(place, order)).includes(text)
      return { holds, saw: holds ? 'said' : `not said${order.refused === null ? '' : `; it says: ${order.refused}`}` }
    })
  if (wanted.certificate !== undefined)
    look(`certificate ${wanted.certificate}`, async () => {
      const verdict = await certificateOf(lastOrder(stand, wanted.order))
      return { holds: verdict === wanted.certificate, saw: verdict ?? 'none yet' }
    })

  const { primary, streams, 'read-only': readers } = wanted
  if (primary !== undefined || streams !== undefined || readers !== undefined)
    look(membersWanted(wanted), async () => {
      const seen = await seeMembers(place, wanted.herd)
      const leaders = seen.filter(({ role }) => role === 'primary').map(({ host }) => host)
      const writes = new Set(leaders)
      const isStreaming = ([host, from]: [string, string | null]) =>
        seen.some((one) => one.host === host && one.from !== null && (from === null || one.from === from))
      const leads = primary === 'nobody' ? leaders.length === 0 : leaders.length === 1 && (primary === 'leader' || leaders[0] === primary)
      const holds =
        (primary === undefined || leads) &&
        Object.entries(streams ?? {}).every(isStreaming) &&
        (readers ?? []).every((host) => !writes.has(host))
      return { holds, saw: seen.map(sayMember).join(', ') }
    })

  const named = wanted['name points to']
  if (named !== undefined)
    look(`name points to ${named}`, async () => {
      const [seen, meant] = await Promise.all([seeName(place, wanted.herd), hostMeant(place, wanted.herd, named)])
      return { holds: meant !== null && seen.every(({ pointsTo }) => pointsTo === meant), saw: seen.map(sayName).join(', ') }
    })

  const { 'poolers point to': target, 'poolers paused': paused } = wanted
  if (target !== undefined || paused !== undefined)
    look(
      [target && `poolers point to ${target}`, paused && `paused: ${paused.join(', ') || 'none'}`].filter(Boolean).join('; '),
      async () => {
        const [seen, meant] = await Promise.all([
          seePoolers(place, place.plain(place.herd(wanted.herd).name)),
          target === undefined ? null : hostMeant(place, wanted.herd, target),
        ])
        const databases = seen.flatMap((one) => one.databases ?? [])
        const held = seen.filter((one) => one.databases?.some(({ isPaused }) => isPaused)).map(({ host }) => host)
        const isAsWanted = paused === undefined || [...held].sort().join() === [...paused].sort().join()
        return {
          holds: isAsWanted && (target === undefined || (meant !== null && databases.every(({ pointsTo }) => pointsTo === meant))),
          saw: seen.map(sayPooler).join(', '),
        }
      },
    )

  if (wanted.patroni !== undefined)
    look(`Patroni ${wanted.patroni}`, async () => {
      const isPaused = await isPatroniPaused(place, wanted.herd)
      return {
        holds: isPaused !== null && isPaused === (wanted.patroni === 'paused'),
        saw: isPaused === null ? 'no member’s Patroni says' : isPaused ? 'in maintenance mode' : 'not in maintenance mode',
      }
    })
  const soon = wanted['followed within']
  if (soon !== undefined)
    look(`followed within ${formatDuration(soon / 1000)}`, async () => {
      const times = await followedAfter(place, wanted.herd, await herdId(place, wanted.herd))
      return { holds: times !== null && isSoon(times, soon), saw: times === null ? 'no promotion is seen' : sayFollowed(times) }
    })

  if (wanted.writes !== undefined) {
    const before = ackedNow(stand, wanted.herd)
    look('writes continue', async () => {
      const acked = ackedNow(stand, wanted.herd) - before
      return { holds: acked >= writesMin, saw: `${acked} commits acknowledged` }
    })
  }
  if (wanted.transaction !== undefined)
    look(`transaction ${wanted.transaction}`, async () => {
      const state = await transactionState(stand)
      return { holds: state === wanted.transaction, saw: state }
    })
  if (wanted['late write'] !== undefined)
    look(`late write ${wanted['late write']}`, async () => ({
      holds: stand.lateWrite === wanted['late write'],
      saw: stand.lateWrite ?? 'nobody wrote late',
    }))
  const limit = wanted['served again within']
  if (limit !== undefined)
    look(`served again within ${formatDuration(limit / 1000)}`, async () => {
      const since = await failedAt(lastOrder(stand, wanted.order))
      const tookMs = since === null ? null : await servedAgainMs(place, wanted.herd, since)
      const saw = since === null ? 'nothing has failed' : tookMs === null ? 'no commit since' : `${tookMs} ms`
      return { holds: tookMs !== null && tookMs <= limit, saw }
    })
  if (wanted.alarm !== undefined)
    look(`alarm “${wanted.alarm}”`, async () => {
      const alarms = await seeAlarms(place)
      const said = alarms.find((alarm) => alarm.includes(wanted.alarm!))
      return { holds: said !== undefined, saw: said ?? (alarms.join(' · ') || 'no alarm') }
    })
  return looks
}

const sayStreams = (streams: Record<string, string | null>): string =>
  Object.entries(streams)
    .map(([host, from]) => `${host} streams${from === null ? '' : ` from ${from}`}`)
    .join(', ')

const membersWanted = ({ primary, streams, 'read-only': readers }: Expectation): string =>
  [primary && `primary ${primary}`, streams && sayStreams(streams), readers && `${readers.join(', ')} take no writes`]
    .filter(Boolean)
    .join('; ')

const ackedNow = ({ loads, place }: Stand, herd: string | undefined): number => {
  const load = loads.get(place.herd(herd).name)
  if (!load) throw new Error('Nothing writes: begin with “load”.')
  return readFileSync(load.ledgerFile, 'utf8').split('\nacked ').length - 1
}

/** Ends the load, and asks the present primary what became of each row. */
const judgeLoad = async (stand: Stand, wanted: Expectation): Promise<Check[]> => {
  const { 'longest wait below': limit, errors, lost } = wanted
  if (limit === undefined && errors === undefined && lost === undefined) return []
  const { lab, herd } = stand.place
  const { name } = herd(wanted.herd)
  const load = stand.loads.get(name)
  if (!load) throw new Error('There is no load to judge: begin with “load”.')
  const summary = await load.stop()
  stand.loads.delete(name)
  const verdict = await verify(lab, name, load.ledgerFile)
  const failures = summary.failed + summary.unknown
  const strays = [
    ...(verdict.duplicate.length > 0 ? [`${verdict.duplicate.length} doubled`] : []),
    ...(verdict.phantom.length > 0 ? [`${verdict.phantom.length} refused yet there`] : []),
  ]
  return [
    {
      what: limit === undefined ? 'longest wait' : `longest wait below ${formatDuration(limit / 1000)}`,
      holds: limit === undefined || summary.longestWaitMs < limit,
      saw: `${Math.round(summary.longestWaitMs)} ms`,
    },
    {
      what: errors === undefined ? 'errors' : `${errors} errors`,
      holds: errors === undefined || failures === errors,
      saw: `${failures} errors`,
    },
    {
      what: lost === undefined ? 'lost' : `${lost} lost`,
      holds: (lost === undefined || verdict.lost.length === lost) && strays.length === 0,
      saw: [`${verdict.lost.length} of ${verdict.acked} acknowledged commits lost`, ...strays].join(', '),
    },
  ]
}
