import type { MemoryFleet, MemoryInstance } from '@/lib/adapters/memory'
import { watchPrimaries } from '@/lib/adapters/memory/world/world'
import type { Points } from '@/lib/kernel/engine/crash-driver'
import { type CaseResult, launch } from '@/lib/kernel/engine/crash-matrix'
import type { Decision, JobState, JournalLine } from '@/lib/kernel/ground/journal'
import { fenceReturned } from '@/lib/operations/failover/fence-returned'
import { lawsAfter, lawsOf, lookedAt, waitingFor, wayOut } from './actor-laws'
import { type Actor, type ActorStage, type Deed, leaders, others } from './actors'

/** Whether the console sees the member that somebody acts on; `observed`: and its observer looks, and fences who returned, before the next driver does. */
type Sight = 'seen' | 'observed' | 'hidden'

interface Way {
  actor: Actor
  sight: Sight
  given: readonly Decision[]
}

export interface Sample {
  /** Only every so many points. */
  stride?: number
  /** Every way that somebody can go at a point, instead of one of each kind. */
  isWhole?: boolean
  /** Planted in a test: another job does not wait for this one. */
  isReserved?: boolean
}

/** How a person answers, one after the other; the one who was hidden is seen again after the first answer. */
const answers: readonly (readonly Decision[])[] = [
  ['resume', 'resume', 'abandon', 'abandon'],
  ['abandon', 'abandon'],
]
const sights: readonly Sight[] = ['seen', 'hidden', 'observed']
const hosts = [null, 'n1', 'n2'] as const
type Lost = (typeof hosts)[number]

const waysOf = (actors: readonly Actor[]): Way[] =>
  actors.flatMap((actor) => sights.flatMap((sight) => answers.map((given) => ({ actor, sight, given }))))
const kinds = [waysOf(leaders), waysOf(others)]
/** Prime to how many there are of each kind, so that neighbouring points meet actors, sights and answers of every kind. */
const leap = 7

/**
 * The job's only driver dies at a point, and somebody acts while no other one lives; or a host is lost with it, the job needs attention, somebody acts then,
 * and the host is back; or the driver lives on and has not noticed. In sight of the console or not; then drivers go on, and a person answers what they ask. Points
 * are taken with a `stride`, and at each one way of each kind that somebody would go there; the ways go round over the points.
 */
export const otherActorMatrix = async (makeStage: () => Promise<ActorStage>, sample: Sample = {}): Promise<CaseResult[]> => {
  const { stride = 1, isWhole = false } = sample
  const results: CaseResult[] = []
  const clean = points()
  await launch(await makeStage(), clean, null, () => false).ended
  for (let at = 1, turn = 0; at <= clean.passed; at += stride, turn += 1)
    for (const [index, lost] of [...hosts, 'nobody, and it is held'].entries())
      for (const ways of kinds) {
        const from = (turn * leap + index) % ways.length
        const turned = [...ways.slice(from), ...ways.slice(0, from)]
        const about = { at, lost: index < hosts.length ? (lost as Lost) : null, isHeld: index >= hosts.length, sample }
        for (const tried of isWhole ? turned.map((way) => [way]) : [turned]) {
          const result = await caseOf(makeStage, about, tried)
          if (result !== null) results.push(result)
        }
      }
  return results
}

const points = (): Points => ({ passed: 0, acts: 0, broken: [] })

interface Place {
  at: number
  lost: Lost
  /** Its driver lives. */
  isHeld: boolean
  sample: Sample
}

/** The first of the ways that somebody would go at this point; null: none of them. */
const caseOf = async (makeStage: () => Promise<ActorStage>, place: Place, ways: readonly Way[]): Promise<CaseResult | null> => {
  const { at, lost, isHeld, sample } = place
  const stage = await makeStage()
  const { fleet, journal } = stage
  const before = writing(fleet)
  const passed = points()
  const first = launch(stage, passed, { at, how: isHeld ? 'sleep' : 'kill' }, () => false)
  if ((await Promise.race([first.ended, first.stopped])) !== 'stopped') return null
  const broken: string[] = []
  const goOn = async (driver = launch(stage, passed, null, () => false)) => {
    const state = await driver.ended
    broken.push(...lawsOf(stage, state, before))
    return state
  }
  let state: JobState = 'running'
  if (lost !== null) {
    if (fleet.host(lost).power !== 'on') return null
    fail(fleet, lost)
    state = await goOn()
    if (state !== 'attention') return null
  }
  const acted = await firstOf(isHeld ? ways.filter((way) => mayOvertake(stage, way)) : ways, fleet, state)
  if (acted === null) return null
  const { way, deed } = acted
  const { host } = deed.about
  // A driver that lives may have looked at its commits and not written so yet.
  const looked = { ...lookedAt(stage), ...(isHeld ? { isProven: true } : {}) }
  if (lost !== null) fleet.host(lost).power = 'on'
  const isHidden = way.sight === 'hidden' && host.power === 'on'
  if (isHidden) host.power = 'cut'
  if (sample.isReserved === false) broken.push(...((await deed.next?.()) ?? []))
  if (way.sight === 'observed') await observe(fleet)
  const said: string[] = []
  if (isHeld) first.wake()
  if (state !== 'attention') state = await goOn(isHeld ? first : undefined)
  for (const decision of way.given) {
    if (state !== 'attention') break
    if (said.length > 0) deed.mend?.()
    said.push(decision)
    journal.write([{ kind: 'decided', decision, by: 'ada' }])
    state = await goOn()
    if (isHidden) host.power = 'on'
  }
  if (state === 'attention') broken.push('it asks again and again')
  if (isHidden) host.power = 'on'
  await fleet.clock.sleep(120_000)
  broken.push(...waitingFor(fleet), ...lawsAfter(stage, state, deed, looked))
  if (sample.isReserved !== false) broken.push(...((await deed.next?.()) ?? []))
  await observe(fleet)
  await fleet.clock.sleep(120_000)
  broken.push(...lawsOf(stage, state, before), ...waitingFor(fleet), ...(await wayOut(fleet, deed)))
  const trouble = `${isHeld ? 'held' : 'killed'} at ${at}${lost === null ? '' : `, ${lost} lost for a while`}`
  const name = [trouble, `somebody ${way.actor.what}${way.sight === 'seen' ? '' : `, ${way.sight}`}`, ...said].join(', ')
  return { name, state, broken: [...new Set([...broken, ...passed.broken])] }
}

const lastLooks = [
  'hand-over',
  'promote',
  'start',
  'restart',
  'stop',
  'stop-old',
  'names',
  'reader-names',
  'move-name',
  'poolers-aimed',
  'aim',
  'followers',
  'follow',
  'rejoin',
]

/** A driver that lives has looked at everybody: only between that look and its own act, which follow upon one another, it could be overtaken. */
const mayOvertake = ({ journal: { lines } }: ActorStage, { actor, sight }: Way): boolean =>
  !leaders.includes(actor) || (sight !== 'hidden' && !lastLooks.some((step) => isOpen(lines, step)))

const isOpen = (lines: readonly JournalLine[], step: string): boolean =>
  ['intended', 'marked'].includes(
    lines.findLast((line) => 'step' in line && line.step?.split('/').at(-1) === step && line.kind !== 'note' && line.kind !== 'gate')
      ?.kind ?? '',
  )

const firstOf = async (ways: readonly Way[], fleet: MemoryFleet, state: JobState): Promise<{ way: Way; deed: Deed } | null> => {
  for (const way of ways) {
    const deed = await way.actor.act(fleet, state)
    if (deed !== null) return { way, deed }
  }
  return null
}

/** What the world says of primaries before anybody has done anything: a job that ends a split brain begins with one. */
const writing = ({ world }: MemoryFleet): ReadonlySet<string> => {
  watchPrimaries(world)
  return new Set(world.violations.splice(0))
}

/** Its power goes: once it is back nothing runs there, until somebody starts it. */
const fail = (fleet: MemoryFleet, hostname: string): void => {
  const host = fleet.host(hostname)
  host.power = 'off'
  const running = (one: MemoryInstance) => one.host === host && one.state === 'running'
  for (const one of [...fleet.world.instances.values()].filter(running))
    Object.assign(one, { state: 'crashed', ranAsStandby: one.hasStandbySignal })
}

/** As the observer does for a herd whose job waits for a person, or has ended. */
const observe = async (fleet: MemoryFleet): Promise<void> => {
  await fenceReturned(fleet, fleet.instance('demo on n1').inventory.herdId, new AbortController().signal)
}
