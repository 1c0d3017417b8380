import type { ActPorts } from '@/lib/ports'
import type { Clock } from '../ground/clock'
import { isFault } from '../ground/errors'
import type { Decision, JobState, JournalEntry, JournalLine } from '../ground/journal'
import type { JournalPort } from '../ground/journal-port'
import { endingKind, type Operation, stepsOf } from '../operation/operation'
import { deadly, type Points, type Stop } from './crash-driver'
import { type DriveJob, drive } from './engine'

/** How one act goes wrong; the twin's own words. */
export type Disturbance = { how: 'fail' } | { how: 'lose-answer' } | { how: 'hang-before' | 'hang-after'; isKilled: boolean }

/** One fresh world with one job to drive in it. */
export interface Stage {
  operation: Operation
  job: DriveJob
  ports: ActPorts
  clock: Clock
  journal: { open: () => JournalPort; lines: readonly JournalLine[]; write: (entries: readonly JournalEntry[]) => void }
  /** The `nth` act from now (from 1) goes wrong once. */
  disturb: (nth: number, how: Disturbance) => void
  /** The world as text, without its clock. */
  snapshot: () => string
  /** Laws of this operation that are broken now that its job is in `state`, in words. */
  broken: (state: JobState) => string[]
}

export interface Scenario {
  disturbances: readonly { nth: number; how: Disturbance }[]
  /** Index of the point from which a cancel is requested. */
  cancelAt?: number
}

export interface CaseResult {
  name: string
  state: JobState
  broken: string[]
}

/** A second disturbance may make a decided job ask once more; a third question would be a loop. */
const questionsMax = 2

const howWords = (how: Disturbance) => `${how.how}${'isKilled' in how && how.isKilled ? ' (seen dead)' : ''}`
const disturbances: readonly Disturbance[] = [
  { how: 'fail' },
  { how: 'lose-answer' },
  { how: 'hang-before', isKilled: true },
  { how: 'hang-before', isKilled: false },
  { how: 'hang-after', isKilled: true },
  { how: 'hang-after', isKilled: false },
]

export const brokenOf = (results: readonly CaseResult[]): string[] =>
  results.filter((one) => one.broken.length > 0).map((one) => `${one.name} → ${one.state}: ${one.broken.join('; ')}`)

export const countStates = (results: readonly CaseResult[]): Partial<Record<JobState, number>> => {
  const counts: Partial<Record<JobState, number>> = {}
  for (const { state } of results) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

/**
 * Every case that follows from the declaration: in a clean run, in a run whose nth act goes wrong in each way (and, past that, one of the next two), and in a
 * run cancelled at each point, the driver is killed (in the first two also put to sleep, in the first also asked to hand over) at each point: before and
 * after each journal write and each act. Another one resumes. A job that then needs attention is answered both ways.
 * `stride`: for operations of many steps, a run that goes wrong is stopped only at every so many points, another first one each time; the clean run at each.
 * `every`: for an operation that is made of others with matrices of their own, only each so many of all these cases.
 */
export const crashMatrix = async (
  makeStage: () => Promise<Stage>,
  { stride = 1, every = 1 }: { stride?: number; every?: number } = {},
): Promise<CaseResult[]> => {
  const results: CaseResult[] = []
  const clean = await measure(makeStage, { disturbances: [] })
  const scenarios: Scenario[] = [{ disturbances: [] }]
  for (let nth = 1; nth <= clean.acts; nth += 1) for (const how of disturbances) scenarios.push({ disturbances: [{ nth, how }] })
  for (let cancelAt = 1; cancelAt <= clean.points; cancelAt += 1) scenarios.push({ disturbances: [], cancelAt })
  for (const scenario of taken(scenarios, every)) {
    const [first] = scenario.disturbances
    if (first === undefined || (first.how.how !== 'fail' && first.how.how !== 'hang-before')) continue
    const { acts } = await measure(makeStage, scenario)
    for (let nth = first.nth + 1; nth <= Math.min(acts, first.nth + 2); nth += 1)
      for (const how of ['fail', 'lose-answer'] as const) scenarios.push({ disturbances: [first, { nth, how: { how } }] })
  }
  for (const [index, scenario] of taken(scenarios, every).entries()) {
    const { points } = await measure(makeStage, scenario)
    results.push(...(await answered(makeStage, scenario, null)))
    const isClean = scenario.disturbances.length === 0 && scenario.cancelAt === undefined
    for (let at = isClean ? 1 : 1 + (index % stride); at <= points; at += isClean ? every : stride)
      for (const how of stopsOf(scenario)) results.push(...(await answered(makeStage, scenario, { at, how })))
  }
  return results
}

const taken = (scenarios: readonly Scenario[], every: number): Scenario[] => scenarios.filter((_one, at) => at % every === 0)

/** Death is tried everywhere; sleep and hand-over where they can differ from it. */
const stopsOf = ({ disturbances, cancelAt }: Scenario): readonly Stop['how'][] => {
  if (disturbances.length > 1 || cancelAt !== undefined) return ['kill']
  return disturbances.length === 1 ? ['kill', 'sleep'] : ['kill', 'sleep', 'hand-over']
}

const nameOf = ({ disturbances, cancelAt }: Scenario, stop: Stop | null, decision: Decision | null): string =>
  [
    ...disturbances.map(({ nth, how }) => `act ${nth}: ${howWords(how)}`),
    ...(cancelAt === undefined ? [] : [`cancel at ${cancelAt}`]),
    ...(stop === null ? [] : [`${stop.how} at ${stop.at}`]),
    ...(decision === null ? [] : [decision]),
  ].join(', ') || 'clean'

const measure = async (makeStage: () => Promise<Stage>, scenario: Scenario): Promise<{ points: number; acts: number }> => {
  const stage = await makeStage()
  const points: Points = { passed: 0, acts: 0, broken: [] }
  await runDrivers(stage, scenario, points, null)
  return { points: points.passed, acts: points.acts }
}

/** The case itself; where it ends in a question, once more for each answer. */
const answered = async (makeStage: () => Promise<Stage>, scenario: Scenario, stop: Stop | null): Promise<CaseResult[]> => {
  const results: CaseResult[] = []
  for (const decision of ['resume', 'abandon'] as const) {
    const stage = await makeStage()
    const points: Points = { passed: 0, acts: 0, broken: [] }
    let state = await runDrivers(stage, scenario, points, stop)
    const first = { name: nameOf(scenario, stop, null), state, broken: [...points.broken, ...lawsOf(stage, state)] }
    if (results.length === 0) results.push(first)
    if (state !== 'attention') break
    for (let asked = 0; state === 'attention' && asked < questionsMax; asked += 1) {
      stage.journal.write([{ kind: 'decided', decision, by: 'ada' }])
      state = await runDrivers(stage, { ...scenario, disturbances: [] }, points, null)
    }
    results.push({ name: nameOf(scenario, stop, decision), state, broken: [...points.broken, ...lawsOf(stage, state, true)] })
  }
  return results
}

const runDrivers = async (stage: Stage, scenario: Scenario, points: Points, stop: Stop | null): Promise<JobState> => {
  for (const { nth, how } of scenario.disturbances) stage.disturb(nth, how)
  const isCancelRequested = () => scenario.cancelAt !== undefined && points.passed >= scenario.cancelAt
  const first = launch(stage, points, stop, isCancelRequested)
  const came = await Promise.race([first.ended, first.stopped])
  if (came !== 'stopped' && came !== 'running') return came
  const state = await launch(stage, points, null, isCancelRequested).ended
  if (came === 'stopped' && stop?.how === 'sleep') {
    const before = stage.snapshot() + stage.journal.lines.length
    first.wake()
    await first.ended.catch((error: unknown) => {
      if (!isFault(error, 'lease.lost')) throw error
    })
    if (stage.snapshot() + stage.journal.lines.length !== before) points.broken.push('a driver that had been replaced changed the world')
  }
  return state
}

/** One driver on its way; `stopped` resolves where it was stopped, and `ended` with what became of the job. */
export const launch = (stage: Stage, points: Points, stop: Stop | null, isCancelRequested: () => boolean) => {
  const { operation, job } = stage
  const driver = deadly(stage.journal, stage.ports, points, stop, stage.clock)
  const ended = drive(operation, job, driver.journal, driver.ports, {
    driver: 'matrix',
    signal: new AbortController().signal,
    isCancelRequested,
    shouldHandOver: () => stop?.how === 'hand-over' && points.passed >= stop.at,
    clock: driver.clock,
  })
  ended.catch(() => {})
  return { ended, stopped: driver.stopped, wake: driver.wake }
}

/** What holds for every operation, told from its journal. */
const lawsOf = (stage: Stage, state: JobState, isDecided = false): string[] => [
  ...(state === 'attention' && isDecided ? ['it asks again and again'] : []),
  ...journalLaws(stage.operation, stage.journal.lines, state),
  ...stage.broken(state),
]

/** Laws of the journal that are broken, in words, whatever world the job was driven in. */
export const journalLaws = (operation: Operation, lines: readonly JournalLine[], state: JobState): string[] => {
  const broken: string[] = []
  const last = lines.filter((line) => line.kind !== 'note').at(-1)
  if (state === 'waiting' || state === 'running') broken.push(`the job ended as “${state}”`)
  if (state !== 'attention' && last?.kind !== 'closed') broken.push(`its last line is ${last?.kind}`)
  if (lines.filter((line) => line.kind === 'closed').length > 1) broken.push('it was closed twice')
  const gathered = lines.find((line) => line.kind === 'gathered')
  for (const effect of stepsOf(operation, gathered?.kind === 'gathered' ? gathered.facts : null)) {
    const of = (kind: JournalLine['kind']) => lines.filter((line) => line.kind === kind && 'step' in line && line.step === effect.name)
    if (of('intended').length > 1) broken.push(`${effect.name} was intended twice`)
    if (of('finished').length > 1) broken.push(`${effect.name} was finished twice`)
    const finished = of('finished')[0]
    if (finished?.kind === 'finished' && finished.ours && of('intended').length === 0)
      broken.push(`${effect.name} finished without an intent`)
    const isHeld = endingKind(effect.ending) === 'release' && of('intended').length > 0 && of('released').length === 0
    if (isHeld && state !== 'attention' && !isLeft(lines)) broken.push(`${effect.name} was not released`)
    if (finished?.kind === 'finished' && !finished.ours && of('undo-intended').length > 0)
      broken.push(`${effect.name} was not ours and was undone`)
  }
  return broken
}

/** A person was told that the clean-up fails, and gave it up: what is held stays so. */
const isLeft = (lines: readonly JournalLine[]): boolean => {
  const last = lines.findLast((line) => line.kind === 'attention' || line.kind === 'decided')
  const asked = lines.findLast((line) => line.kind === 'attention')
  return last?.kind === 'decided' && last.decision === 'abandon' && asked?.kind === 'attention' && asked.during === 'release'
}
