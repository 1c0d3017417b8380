import {
  linkPoolers,
  lockedHerds,
  type PoolerRecord,
  poolerMembers,
  poolersOf,
  type StrangeDatabase,
  savePoolers,
} from '@/db/fleet/poolers'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { ActPorts, InventoryPooler } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'
import { type HerdsKnown, lookAtPooler, type Members } from './look-at-pooler'

const everyMs = 2_000
/** Poolers looked at in the same moment. One that hangs takes its place for the 4 s of a look, and holds up none of the others. */
const looksMax = 64
/** What was seen is written down together with what is seen within this time. */
const gatherMs = 200
/** A member that was not seen for longer is not taken for the primary. */
const freshSeconds = 20

interface Share {
  index: number
  of: number
}

/**
 * Looks at this worker's share of the poolers every two seconds, and brings those that the console manages to a primary that moved behind its back. Where two
 * workers take one for theirs for a moment, the fence in its file keeps the older from writing. `place`: of this worker among all that look; `of` 0: not known.
 */
export const startPoolerObserver = ({
  ports,
  place,
  log,
}: {
  ports: ActPorts
  place: () => Share
  log: Log
}): { stop: () => Promise<void> } => {
  const stopping = new AbortController()
  const round = makeRound(ports, log, stopping.signal)
  const work = async () => {
    if (place().of > 0) await round.begin(place())
  }
  const repeated = repeat([{ name: 'poolers', everyMs, work }], log)
  return {
    stop: async () => {
      stopping.abort()
      await repeated.stop()
      await round.settled()
    },
  }
}

/** One round over every pooler, to its end. */
export const observePoolers = async (ports: ActPorts, log: Log, signal: AbortSignal): Promise<void> => {
  const round = makeRound(ports, log, signal)
  await round.begin({ index: 0, of: 1 })
  await round.settled()
}

/**
 * Brings the managed poolers of one herd to a member that was just heard to be promoted, without waiting until the observers have seen it. Each asks that member
 * first whether it takes writes. False: one of them does not point there.
 */
export const bringPoolers = async (
  ports: ActPorts,
  { herdId, primaryId }: { herdId: string; primaryId: string },
  log: Log,
  signal: AbortSignal,
): Promise<boolean> => {
  const own = (await poolersOf({ index: 0, of: 1 })).filter(({ herds }) => herds.some(({ id }) => id === herdId))
  const herdIds = [...new Set(own.flatMap(({ herds }) => herds.map(({ id }) => id)))]
  const [members, locked] = await Promise.all([poolerMembers(herdIds, freshSeconds), lockedHerds(herdIds)])
  const heard = (members.get(herdId) ?? []).map((one) => ({
    ...one,
    isPrimary: one.id === primaryId,
    isOnline: one.id === primaryId || one.isOnline,
  }))
  const known = { members: new Map([...members, [herdId, heard] as const]), locked }
  const records = await Promise.all(own.map((pooler) => lookAtPooler(ports, pooler, known, log, signal)))
  await savePoolers(records)
  return records.every(({ herds }) => herds.every((one) => one.herdId !== herdId || one.follows !== 'stale'))
}

interface Seen {
  pooler: InventoryPooler
  record: PoolerRecord
  members: Members
}

/** `begin` has each pooler of the share looked at that is not being looked at, those first that were looked at longest ago, and does not wait for them. */
const makeRound = (ports: ActPorts, log: Log, signal: AbortSignal) => {
  const busy = new Map<string, Promise<void>>()
  const lookedAt = new Map<string, number>()
  let waiting: InventoryPooler[] = []
  let known: HerdsKnown = { members: new Map(), locked: new Set() }
  let seen: Seen[] = []
  let saving: Promise<void> | null = null

  const save = async () => {
    await sleep(gatherMs, signal)
    const some = seen
    seen = []
    saving = null
    if (signal.aborted) return
    await savePoolers(some.map(({ record }) => record))
    await linkPoolers(...linksOf(some))
  }
  const look = async (pooler: InventoryPooler) => {
    const now = known
    try {
      const record = await lookAtPooler(ports, pooler, now, log, signal)
      seen.push({ pooler, record, members: now.members })
      saving ??= save()
      await saving
    } catch (err) {
      if (!signal.aborted) log.warn({ err, pooler: pooler.title }, 'a pooler could not be looked at, or what was seen could not be written')
    } finally {
      busy.delete(pooler.id)
      pump()
    }
  }
  const pump = () => {
    while (!signal.aborted && busy.size < looksMax) {
      const next = waiting.shift()
      if (next === undefined) return
      lookedAt.set(next.id, performance.now())
      busy.set(next.id, look(next))
    }
  }
  return {
    begin: async (share: Share) => {
      const all = await poolersOf(share)
      const herdIds = [...new Set(all.flatMap(({ herds }) => herds.map(({ id }) => id)))]
      const [members, locked] = await Promise.all([poolerMembers(herdIds, freshSeconds), lockedHerds(herdIds)])
      known = { members, locked }
      const since = ({ id }: InventoryPooler) => lookedAt.get(id) ?? 0
      waiting = all.filter(({ id }) => !busy.has(id)).sort((a, b) => since(a) - since(b))
      for (const id of lookedAt.keys()) if (!all.some((one) => one.id === id)) lookedAt.delete(id)
      pump()
    },
    settled: async () => {
      while (busy.size > 0) await Promise.all(busy.values())
    },
  }
}

/** Databases of no herd that is known, and herds that have none any more. */
const linksOf = (all: readonly Seen[]): [StrangeDatabase[], { poolerId: string; herdId: string }[]] => {
  const strange = all.flatMap(({ record: { id: poolerId, seen } }) =>
    seen.filter(({ herdId }) => herdId === null).map(({ host, port }) => ({ poolerId, host, port })),
  )
  const gone = all.flatMap(({ pooler, record: { id: poolerId, state, herds }, members }) =>
    herds
      .filter(({ herdId, databases }) => state === 'online' && databases === 0 && (members.get(herdId) ?? []).length > 0)
      .filter(({ herdId }) => pooler.herdId !== herdId)
      .map(({ herdId }) => ({ poolerId, herdId })),
  )
  return [strange, gone]
}
