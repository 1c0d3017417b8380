import { heldIn, type MemoryFleet, type MemoryPooler, settleDeadMen } from '@/lib/adapters/memory'
import { isHeldUp } from '@/lib/adapters/memory/postgres/probe'
import { journalLaws } from '@/lib/kernel/engine/crash-matrix'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '@/lib/operations'
import { moves } from '@/lib/operations/evidence'
import { type ActorStage, type Deed, writers } from './actors'

/** `before`: what was so when the job began. */
export const lawsOf = ({ operation, journal, fleet, broken }: ActorStage, state: JobState, before: ReadonlySet<string>): string[] => {
  const asked = journal.lines.findLast((line) => line.kind === 'attention')
  const hasNextStep = asked?.kind === 'attention' && /resume|abandon/i.test(asked.question)
  return [
    ...fleet.world.violations.filter((one) => !before.has(one)),
    ...broken(state),
    ...journalLaws(operation, journal.lines, state),
    ...(state === 'attention' && !hasNextStep ? ['a person is asked, and not told what to do'] : []),
  ]
}

/** While anybody takes writes no client waits. A timer cannot lead to a member that was registered after it was armed: then the front page says who waits. */
export const waitingFor = (fleet: MemoryFleet): string[] => {
  settleDeadMen(fleet.world)
  const [writer] = writers(fleet)
  if (writer === undefined || writer.inventory.title === 'demo on n4') return []
  return [...fleet.world.poolers.values()].flatMap(({ databases }) =>
    [...databases].flatMap(([name, { isPaused }]) =>
      isPaused ? [`clients of ${name} wait although ${writer.inventory.title} takes writes`] : [],
    ),
  )
}

interface Looked {
  names: number
  poolers: number
  isProven: boolean
}

const written = ({ applied }: MemoryPooler) => applied.filter((act) => act.startsWith('write')).length
const changesOf = ({ fleet: { world }, journal }: ActorStage): Looked => ({
  names: [...world.zones.values()].reduce((sum, { applied }) => sum + applied.length, 0),
  poolers: [...world.poolers.values()].reduce((sum, pooler) => sum + written(pooler), 0),
  isProven: journal.lines.some((line) => (line.kind === 'finished' || line.kind === 'left-out') && line.step.endsWith('commits')),
})

/** How far the job was when somebody acted. */
export const lookedAt = changesOf

/** What the job has made of a deed that it could know of: `looked` is from when it was done. */
export const lawsAfter = (stage: ActorStage, state: JobState, { about, isPromoted }: Deed, looked: Looked): string[] => {
  const { fleet, operation } = stage
  const now = changesOf(stage)
  const [writer] = writers(fleet)
  const leads = [...fleet.world.zones.values()].flatMap((zone) => heldIn(zone, 'demo.prod.test')).flatMap(({ values }) => values)[0]
  const { hostname, address } = writer?.inventory.address.host ?? {}
  const aims = [...fleet.world.poolers.values()].flatMap(({ databases }) => databases.get('demo')?.host ?? [])
  return [
    ...(isPromoted === true && (about.state !== 'running' || about.hasStandbySignal)
      ? [`${about.inventory.title}, whom somebody promoted, takes writes no more`]
      : []),
    ...(now.names > looked.names && writer !== undefined && leads !== `${hostname}.prod.test`
      ? [`the name was moved to ${leads} although ${writer.inventory.title} takes writes`]
      : []),
    // An undo puts back what was there, and says so.
    ...(state !== 'undone' && now.poolers > looked.poolers && writer !== undefined && aims.some((host) => host !== address)
      ? [`a pooler was pointed at ${aims.join()} although ${writer.inventory.title} takes writes`]
      : []),
    ...(state === 'done' && operation.name in moves && !looked.isProven && writer !== undefined && isHeldUp(fleet.world, writer, '')
      ? ['done, and no client can commit']
      : []),
  ]
}

const ways: readonly [string, string | null, JsonObject][] = [
  ['failover', null, { override: 'demo' }],
  ...['n1', 'n2', 'n3'].flatMap((host): [string, string, JsonObject][] => [
    ['start', `demo on ${host}`, {}],
    ['promote', `demo on ${host}`, {}],
  ]),
]

/** A herd in which nobody takes writes, and of which the console sees all that is left, has an operation that would make somebody do so. */
export const wayOut = async (fleet: MemoryFleet, { mend }: Deed): Promise<string[]> => {
  if (writers(fleet).length > 0) return []
  mend?.()
  const refusals: string[] = []
  for (const [name, title, raw] of ways) {
    const operation = operationByName(name)!
    const { id, herdId, ...instance } = fleet.instance(title ?? 'demo on n1').inventory
    if (title !== null && !fleet.instance(title).isRegistered) continue
    const input = operation.input.parse(raw) as JsonObject
    const { reason } = await makeTargetPlan(operation, fleet.read, input, title === null ? herdId : id, new AbortController().signal)
    if (reason === null) return []
    refusals.push(`${name} of ${title === null ? instance.herdName : instance.title}: ${reason}`)
  }
  return [`nobody takes writes, and every operation refuses: ${refusals.join(' | ')}`]
}
