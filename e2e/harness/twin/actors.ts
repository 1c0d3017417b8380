import { idOf, type MemoryFleet, type MemoryInstance, MemoryJournal } from '@/lib/adapters/memory'
import { blankInstance, makeHost } from '@/lib/adapters/memory/world/make-world'
import { applyFollowing, flow, startTimeline, writeShutdown } from '@/lib/adapters/memory/world/wal'
import { journalLaws, launch, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '@/lib/operations'

export type ActorStage = Stage & { fleet: MemoryFleet }

/** What somebody else has done. */
export interface Deed {
  /** Whom it was about: the member that the console does not see where nobody is to see it. */
  about: MemoryInstance
  /** A person made it the primary: no job may take it down again. */
  isPromoted?: boolean
  /** What a person puts right before the first answer is given. */
  mend?: () => void
  /** A job that waits until this one has ended, and is driven then: the laws that it breaks. */
  next?: () => Promise<string[]>
}

/** Somebody else. `act` answers null where nobody who looks first would do that in this world. */
export interface Actor {
  what: string
  act: (fleet: MemoryFleet, state: JobState) => Promise<Deed | null> | Deed | null
}

const all = ({ world }: MemoryFleet) => [...world.instances.values()]
export const writers = (fleet: MemoryFleet): MemoryInstance[] =>
  all(fleet).filter(({ state, hasStandbySignal, host }) => state === 'running' && !hasStandbySignal && host.power !== 'off')

const promote =
  (title: string) =>
  (fleet: MemoryFleet): Deed | null => {
    const one = fleet.instance(title)
    if (writers(fleet).length > 0 || one.state !== 'running' || one.host.power === 'off') return null
    startTimeline(one)
    return { about: one, isPromoted: true }
  }

/** A switchover by hand: the one that took writes follows it. */
const moveTo =
  (title: string) =>
  (fleet: MemoryFleet): Deed | null => {
    const [one, [old, ...more]] = [fleet.instance(title), writers(fleet)]
    if (old === undefined || more.length > 0 || old === one || old.host.power !== 'on' || old.systemIdentifier !== one.systemIdentifier)
      return null
    if (one.state !== 'running' || !one.hasStandbySignal || one.host.power !== 'on') return null
    writeShutdown(fleet.world, old)
    Object.assign(old, { hasStandbySignal: true, upstreamId: one.inventory.id, slotName: null })
    startTimeline(one)
    flow(fleet.world)
    return { about: one, isPromoted: true }
  }

/** As a primary when no member takes writes, else as the standby that its files say it is. */
const startStopped = (fleet: MemoryFleet): Deed | null => {
  const down = all(fleet).find(
    ({ state, host, startProblem }) => (state === 'stopped' || state === 'crashed') && host.power === 'on' && startProblem === null,
  )
  if (down === undefined || down.isRewinding || down.inPlaceKey !== null) return null
  if (!down.hasStandbySignal && writers(fleet).length > 0) return null
  Object.assign(down, {
    state: 'running',
    pid: down.pid + 1,
    startedAt: fleet.clock.stamp(),
    ...(writers(fleet).length === 0 ? { hasStandbySignal: false } : {}),
  })
  return { about: down }
}

/** With the poolers pointed at it by hand, and their clients resumed. */
const withPoolers =
  (act: (fleet: MemoryFleet) => Deed | null) =>
  (fleet: MemoryFleet): Deed | null => {
    const deed = act(fleet)
    if (deed === null) return null
    const { address } = deed.about.inventory.address.host
    for (const pooler of fleet.world.poolers.values()) {
      for (const other of all(fleet)) pooler.file!.text = pooler.file!.text.replaceAll(other.inventory.address.host.address, address)
      for (const database of pooler.databases.values()) Object.assign(database, { host: address, isPaused: false })
    }
    return deed
  }

/** A standby that n1 has had all along, and of which the console hears only now. */
const register = (fleet: MemoryFleet): Deed | null => {
  const [n1, n2] = [fleet.instance('demo on n1'), fleet.instance('demo on n2')]
  if (fleet.world.hosts.has('n4') || n1.state === 'absent') return null
  const host = makeHost(n1.inventory.environmentName, 'n4')
  const address = { ...n1.inventory.address, instanceId: idOf('demo on n4'), host: host.server.address }
  const { systemIdentifier, walBytes, checkpointBytes, timeline, forks } = n2.timeline > n1.timeline ? n2 : n1
  const about: MemoryInstance = {
    ...blankInstance(fleet.world, host, address),
    ...{ systemIdentifier, walBytes, checkpointBytes, timeline, forks: [...forks] },
    ...{ state: 'running', hasStandbySignal: true, ranAsStandby: true, isRegistered: true, wasSeen: true },
    ...{ files: { ...n2.files }, active: { ...n2.files } },
    following: { conninfo: { host: n1.inventory.address.host.address, port: String(address.port), user: 'replicator' }, slotName: null },
  }
  fleet.world.hosts.set('n4', host)
  fleet.world.instances.set(address.instanceId, about)
  applyFollowing(fleet.world, about)
  return { about }
}

const registerPrimary = (fleet: MemoryFleet): Deed | null => {
  if (writers(fleet).length > 0) return null
  const deed = register(fleet)
  return deed && promote(deed.about.inventory.title)(fleet)
}

/** Its host has burnt down. The console takes no such record away under a job, unless that job waits for a person. */
const forget =
  (title: string) =>
  (fleet: MemoryFleet, state: JobState): Deed | null => {
    const about = fleet.instance(title)
    if (state !== 'attention' || !about.hasStandbySignal || about.state !== 'running' || about.host.power !== 'on') return null
    about.host.power = 'off'
    Object.assign(about, { state: 'crashed', ranAsStandby: true, isRegistered: false })
    return { about }
  }

const awaitNobody = (fleet: MemoryFleet): Deed => {
  const setting = { synchronous_standby_names: 'FIRST 1 (gone)' }
  for (const one of all(fleet)) for (const held of [one.altered, one.active]) Object.assign(held, setting)
  const mend = () => {
    for (const one of all(fleet)) for (const held of [one.altered, one.active]) Object.assign(held, { synchronous_standby_names: '' })
  }
  return { about: fleet.instance('demo on n2'), mend }
}

const leadNowhere = (fleet: MemoryFleet): Deed => {
  const about = fleet.instance('demo on n3')
  if (about.following !== null) about.following.conninfo.host = '10.9.9.9'
  about.upstreamId = null
  return { about }
}

const breakSettings = (fleet: MemoryFleet): Deed | null => {
  const down = all(fleet).filter(({ state }) => state === 'stopped' || state === 'crashed')
  if (down.length === 0) return null
  for (const one of down) one.startProblem = 'FATAL: WAL streaming requires wal_level "replica" or "logical"'
  const mend = () => {
    for (const one of down) one.startProblem = null
  }
  return { about: down[0]!, mend }
}

/** Planned now, and driven when the herd is free. */
const submit =
  (name: string, title: string | null, raw: JsonObject = {}) =>
  async (fleet: MemoryFleet): Promise<Deed | null> => {
    const operation = operationByName(name)!
    const { id, herdId } = fleet.instance(title ?? 'demo on n1').inventory
    const input = operation.input.parse(raw) as JsonObject
    const targetId = title === null ? herdId : id
    const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
    if (reason !== null) return null
    const journal = new MemoryJournal(fleet.clock)
    const stage: Stage = {
      ...{ operation, journal, ports: fleet, clock: fleet.clock },
      job: { id: 'next job', targetId, input, digest },
      disturb: () => {},
      snapshot: () => '',
      broken: () => [],
    }
    const next = async (): Promise<string[]> => {
      let state = await launch(stage, { passed: 0, acts: 0, broken: [] }, null, () => false).ended
      for (let asked = 0; state === 'attention' && asked < 2; asked += 1) {
        journal.write([{ kind: 'decided', decision: 'abandon', by: 'bob' }])
        state = await launch(stage, { passed: 0, acts: 0, broken: [] }, null, () => false).ended
      }
      return journalLaws(operation, journal.lines, state).map((law) => `the next job: ${law}`)
    }
    return { about: fleet.instance('demo on n3'), next }
  }

/** Who changes which member takes writes. */
export const leaders: readonly Actor[] = [
  { what: 'promotes n2', act: promote('demo on n2') },
  { what: 'promotes n3', act: promote('demo on n3') },
  { what: 'starts the stopped one', act: startStopped },
  { what: 'promotes n3 and moves the poolers', act: withPoolers(promote('demo on n3')) },
  { what: 'registers n4 and promotes it', act: registerPrimary },
  { what: 'switches over to n3', act: moveTo('demo on n3') },
  { what: 'switches over to n2', act: moveTo('demo on n2') },
]

/** Who changes what the herd is made of, how it is configured, or what is asked of it next. */
export const others: readonly Actor[] = [
  { what: 'registers n4', act: register },
  { what: 'deletes n3, whose host is gone', act: forget('demo on n3') },
  { what: 'lets commits wait for a standby that is gone', act: awaitNobody },
  { what: 'changes primary_conninfo of n3', act: leadNowhere },
  { what: 'breaks the settings of what is down', act: breakSettings },
  { what: 'submits a failover', act: submit('failover', null, { override: 'demo' }) },
  { what: 'submits a promotion of n3', act: submit('promote', 'demo on n3') },
  { what: 'submits a start of n1', act: submit('start', 'demo on n1') },
  { what: 'submits a restart of n1', act: submit('restart', 'demo on n1') },
]
