import { faultKinds } from '@/lib/domain/drill/faults'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import { type DrillDatabase, drillDatabase, type InstanceAddress, type ReadPorts } from '@/lib/ports'
import { type Place, probeTimeoutMs } from '../facts/instance'
import { type DrillFacts, placesOf, primaryPlace } from './facts'

const sqlTimeoutMs = 30_000

/** Who takes writes now; null: everybody was seen, and nobody does. Throws `step.unknown` when somebody could not be seen. */
export const whoLeads = async (facts: DrillFacts, ports: ReadPorts, signal: AbortSignal): Promise<Place | null> => {
  const places = placesOf(facts)
  const probes = await Promise.all(places.map(({ address }) => ports.postgres.probe(address, { timeoutMs: probeTimeoutMs, signal })))
  const at = probes.findIndex(({ state, role }) => state === 'online' && role === 'primary')
  if (at >= 0) return places[at]!
  const unseen = probes.findIndex(({ state }) => state === 'unreachable' || state === 'unknown' || state === 'starting')
  if (unseen >= 0)
    throw new Fault('step.unknown', { because: `${places[unseen]!.title} is ${probes[unseen]!.state}, and no other member takes writes` })
  return null
}

const commands = [
  `create role ${drillDatabase} login`,
  `create database ${drillDatabase} template template0`,
  `revoke connect, temporary on database ${drillDatabase} from public`,
]

/** However the job ends, it is dropped, with the role. */
export const makeDatabase: Effect<DrillFacts, null, null> = {
  title: 'Create the drill’s own database',
  preview: (facts) => ({
    sentence: `Create the database and the role ${drillDatabase} on ${primaryPlace(facts)?.title ?? 'the primary'}. The role’s password is a new one for each fault, and stays in the worker’s memory.`,
    commands,
  }),
  check: async (facts, ports, { signal, intended, mark }) => {
    if (intended === null) return { found: 'ready', before: null }
    const leader = await whoLeads(facts, ports, signal)
    if (leader === null) return { found: 'blocked', because: 'no member takes writes', isPassing: true }
    const seen: DrillDatabase = await ports.drill.database(leader.address as InstanceAddress, { timeoutMs: sqlTimeoutMs, signal })
    if (seen.isThere && mark !== null) return { found: 'done', output: null }
    return { found: 'ready', before: null, ...(seen.isThere ? { partly: 'the database is there' } : {}) }
  },
  run: async (facts, _before, ports, { signal, jobId, note, mark }) => {
    const leader = await whoLeads(facts, ports.read, signal)
    if (leader === null) throw new Fault('step.blocked', { because: 'No member takes writes.', isOver: true })
    for (const command of commands) note('command', command)
    await ports.act.drill.prepare(leader.address as InstanceAddress, jobId, { timeoutMs: sqlTimeoutMs, signal })
    await mark({ isMade: true })
  },
  timeoutMs: 2 * sqlTimeoutMs,
  ending: {
    release: async (facts, _before, _output, ports, { signal, jobId, note }) => {
      const runs = faultKinds.flatMap((kind) => facts.runs[kind])
      for (const run of runs) await ports.act.drill.stop(run)
      const leader = await whoLeads(facts, ports.read, signal)
      if (leader === null)
        throw new Fault('step.unknown', { because: `No member takes writes, so the database ${drillDatabase} is still there` })
      const address = leader.address as InstanceAddress
      const seen = await ports.read.drill.database(address, { timeoutMs: sqlTimeoutMs, signal })
      if (seen.isThere && seen.jobId !== null && seen.jobId !== jobId) {
        note('warning', `The database ${drillDatabase} is another drill’s by now, and stays.`)
        return
      }
      note('command', `drop database ${drillDatabase}`)
      note('command', `drop role ${drillDatabase}`)
      await ports.act.drill.remove(address, runs, { timeoutMs: sqlTimeoutMs, signal })
    },
    sentence: `However the job ends, the writers stop, and the database and the role ${drillDatabase} are dropped.`,
    timeoutMs: 120_000,
  },
}
