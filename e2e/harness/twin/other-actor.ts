import { type MemoryFleet, type MemoryInstance, settleDeadMen } from '@/lib/adapters/memory'
import type { Points } from '@/lib/kernel/engine/crash-driver'
import { type CaseResult, journalLaws, launch, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { Decision, JobState } from '@/lib/kernel/ground/journal'

export type ActorStage = Stage & { fleet: MemoryFleet }

/** Somebody with a shell. Answers the member that was acted on; null: a person who looks first does nothing of the kind in this world. */
export interface Actor {
  what: string
  act: (fleet: MemoryFleet) => MemoryInstance | null
}

const all = ({ world }: MemoryFleet) => [...world.instances.values()]
const writers = (fleet: MemoryFleet) =>
  all(fleet).filter(({ state, hasStandbySignal, host }) => state === 'running' && !hasStandbySignal && host.power !== 'off')

const promote =
  (title: string) =>
  (fleet: MemoryFleet): MemoryInstance | null => {
    const one = fleet.instance(title)
    if (writers(fleet).length > 0 || one.state !== 'running' || one.host.power === 'off') return null
    one.forks = [...one.forks, { timeline: one.timeline, bytes: one.walBytes }]
    Object.assign(one, { timeline: one.timeline + 1, hasStandbySignal: false, walBytes: one.walBytes + 0x78 })
    return one
  }

/** As a primary when no member takes writes, else as the standby that its files say it is. */
const startStopped = (fleet: MemoryFleet): MemoryInstance | null => {
  const down = all(fleet).find(({ state, host }) => (state === 'stopped' || state === 'crashed') && host.power === 'on')
  if (down === undefined || (!down.hasStandbySignal && writers(fleet).length > 0)) return null
  Object.assign(down, {
    state: 'running',
    pid: down.pid + 1,
    startedAt: fleet.clock.stamp(),
    ...(writers(fleet).length === 0 ? { hasStandbySignal: false } : {}),
  })
  return down
}

/** With the poolers pointed at it by hand, and their clients resumed. */
const withPoolers =
  (act: Actor['act']): Actor['act'] =>
  (fleet) => {
    const one = act(fleet)
    if (one === null) return null
    const { address } = one.inventory.address.host
    for (const pooler of fleet.world.poolers.values()) {
      for (const other of all(fleet)) pooler.file!.text = pooler.file!.text.replaceAll(other.inventory.address.host.address, address)
      for (const database of pooler.databases.values()) Object.assign(database, { host: address, isPaused: false })
    }
    return one
  }

export const actors: readonly Actor[] = [
  { what: 'promotes n2', act: promote('demo on n2') },
  { what: 'promotes n3', act: promote('demo on n3') },
  { what: 'starts the stopped one', act: startStopped },
  { what: 'promotes n3 and moves the poolers', act: withPoolers(promote('demo on n3')) },
]

/** How a person answers, one after the other; the one who was hidden is seen again after the first answer. */
const answers: readonly (readonly Decision[])[] = [
  ['resume', 'resume', 'abandon', 'abandon'],
  ['abandon', 'abandon'],
]

/**
 * The job's only driver dies at a point, and somebody acts while no other one lives; or a host is lost with it, the job needs attention, somebody acts then,
 * and the host is back. In sight of the console or not; then drivers go on, and a person answers what they ask. Points are taken with a `stride`; the actors go
 * round over them, seen and hidden, with each host lost and none, answered both ways.
 */
export const otherActorMatrix = async (makeStage: () => Promise<ActorStage>, { stride = 1 } = {}): Promise<CaseResult[]> => {
  const results: CaseResult[] = []
  const clean = points()
  await launch(await makeStage(), clean, null, () => false).ended
  const ways = [null, 'n1', 'n2'].flatMap((lost) =>
    answers.flatMap((given) => [false, true].flatMap((isHidden) => actors.map((actor): Way => ({ actor, isHidden, given, lost })))),
  )
  // Prime to how many there are, so that neighbouring points meet actors, hosts and answers of every kind.
  const leap = 7
  for (let at = 1, turn = 0; at <= clean.passed; at += stride, turn += leap)
    for (const lost of [null, 'n1', 'n2']) {
      const turned = ways.map((_, index) => ways[(turn + index) % ways.length]!).filter((way) => way.lost === lost)
      const result = await caseOf(makeStage, at, turned)
      if (result !== null) results.push(result)
    }
  return results
}

/** Its power goes: once it is back nothing runs there, until somebody starts it. */
const fail = (fleet: MemoryFleet, hostname: string): void => {
  const host = fleet.host(hostname)
  host.power = 'off'
  for (const one of all(fleet))
    if (one.host === host && one.state === 'running') Object.assign(one, { state: 'crashed', ranAsStandby: one.hasStandbySignal })
}

const points = (): Points => ({ passed: 0, acts: 0, broken: [] })

type Way = { actor: Actor; isHidden: boolean; given: readonly Decision[]; lost: string | null }

/** The first of the ways that somebody would go at this point; null: none of them. They lose the same host. */
const caseOf = async (makeStage: () => Promise<ActorStage>, at: number, ways: readonly Way[]): Promise<CaseResult | null> => {
  const stage = await makeStage()
  const { fleet, journal } = stage
  const passed = points()
  const first = launch(stage, passed, { at, how: 'kill' }, () => false)
  if ((await Promise.race([first.ended, first.stopped])) !== 'stopped') return null
  const broken: string[] = []
  const goOn = async () => {
    const state = await launch(stage, passed, null, () => false).ended
    broken.push(...lawsOf(stage, state))
    return state
  }
  let state: JobState = 'running'
  const { lost } = ways[0]!
  if (lost !== null) {
    if (fleet.host(lost).power !== 'on') return null
    fail(fleet, lost)
    state = await goOn()
    if (state !== 'attention') return null
  }
  let acted: MemoryInstance | null = null
  const way = ways.find(({ actor }) => {
    acted = actor.act(fleet)
    return acted !== null
  })
  if (way === undefined || acted === null) return null
  const { host }: MemoryInstance = acted
  if (lost !== null) fleet.host(lost).power = 'on'
  if (way.isHidden) host.power = 'cut'
  const said: string[] = []
  if (state !== 'attention') state = await goOn()
  for (const decision of way.given) {
    if (state !== 'attention') break
    said.push(decision)
    journal.write([{ kind: 'decided', decision, by: 'ada' }])
    state = await goOn()
    host.power = 'on'
  }
  if (state === 'attention') broken.push('it asks again and again')
  await fleet.clock.sleep(120_000)
  broken.push(...waitingFor(fleet))
  const trouble = lost === null ? '' : `, ${lost} lost for a while`
  const name = [`killed at ${at}${trouble}`, `somebody ${way.actor.what}${way.isHidden ? ', unseen' : ''}`, ...said].join(', ')
  return { name, state, broken: [...new Set([...broken, ...passed.broken])] }
}

const lawsOf = ({ operation, journal, fleet, broken }: ActorStage, state: JobState): string[] => {
  const asked = journal.lines.findLast((line) => line.kind === 'attention')
  const hasNextStep = asked?.kind === 'attention' && /resume|abandon/i.test(asked.question)
  return [
    ...fleet.world.violations,
    ...broken(state),
    ...journalLaws(operation, journal.lines, state),
    ...(state === 'attention' && !hasNextStep ? ['a person is asked, and not told what to do'] : []),
  ]
}

/** While anybody takes writes no client waits, nor goes on to another one. */
const waitingFor = (fleet: MemoryFleet): string[] => {
  settleDeadMen(fleet.world)
  const [writer] = writers(fleet)
  if (writer === undefined) return []
  return [...fleet.world.poolers.values()].flatMap(({ databases }) =>
    [...databases].flatMap(([name, { isPaused }]) =>
      isPaused ? [`clients of ${name} wait although ${writer.inventory.title} takes writes`] : [],
    ),
  )
}
