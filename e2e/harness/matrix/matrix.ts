import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { deadly, type Points, type Stop } from '@/lib/kernel/engine/crash-driver'
import { journalLaws } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { Decision, JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JournalPort } from '@/lib/kernel/ground/journal-port'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { fenceReturned } from '@/lib/operations/failover/fence-returned'
import { until } from '@/lib/playground/machine/processes'
import type { ActPorts, Probe } from '@/lib/ports'
import { type Cast, isWritable, mend, probeOf, restoreHerd, settledProbe } from './canon'
import { hide, type Met, meet, unhide } from './company'
import { certificateLaws, companyLaws, questionLaws } from './company-laws'
import type { Front } from './front'
import type { LabHerd } from './herd'
import { type Mark, noteActs, noteSteps, sectionsOf } from './measure'
import type { Measured, Scenario } from './scenario'
import { companyOf, sayTrouble, type Trouble } from './trouble'
import { disturbed, lossOf, noteFenced } from './troubles'
import { openWitness, type Witness } from './witness'

export interface LabCase {
  scenario: string
  trouble: string
  state: JobState
  broken: string[]
  seconds: number
  /** What somebody else did, and on which member; null: nobody was to, or there was nothing to do. */
  met: string | null
  lines: readonly JournalLine[]
}

const reattachMs = 30_000
/** Some looks of an observer. */
const fenceMs = 30_000
/** A second question after *go on*, with everything mended, is still allowed: the first may have met a host on its way up. */
const questionsMax = 3

type Seen = { host: string; probe: Probe }[]

type Job = Awaited<ReturnType<typeof openJob>>

/** A job has ended, in a world that is mended. */
interface CaseEnded {
  before: Seen
  cast: Cast
  end: JobState
  lines: readonly JournalLine[]
  /** Two still take writes, as before, because it came to nothing. */
  isSplit: boolean
  wasServing: boolean
  isGivenUp: boolean
}

/** A lab of three hosts in which cases are run one after the other. */
export class MatrixLab {
  readonly #witness: Witness

  readonly #hosts: string[]

  /** `front`: where the herd has poolers. */
  constructor(
    readonly lab: LabHerd,
    readonly herdName: string,
    readonly front: Front | null = null,
  ) {
    const { members, port } = lab.lab.fleet.herds.find(({ name }) => name === herdName)!
    this.#hosts = members.map(({ host }) => host)
    this.#witness = openWitness(lab.lab, port, this.#hosts)
  }

  async close(): Promise<void> {
    this.#witness.close()
    await this.front?.end()
    await this.lab.close()
  }

  /** Throws when a run that nothing disturbs does not end as done, or breaks a law. */
  async measure(scenario: Scenario): Promise<Measured> {
    const points: Points = { passed: 0, acts: 0, broken: [] }
    const held = { from: 0, to: 0 }
    const marks: Mark[] = []
    const { state, broken } = await this.run(scenario, { how: 'none' }, points, { held, marks })
    if (state !== 'done' || broken.length > 0) throw new Error(`${scenario.name}, undisturbed, is ${state}: ${broken.join('; ')}`)
    return { passed: points.passed, acts: points.acts, held, sections: sectionsOf(marks, points.passed) }
  }

  async run(
    scenario: Scenario,
    trouble: Trouble,
    points: Points = { passed: 0, acts: 0, broken: [] },
    noted: { held: Measured['held']; marks: Mark[] } = { held: { from: 0, to: 0 }, marks: [] },
  ): Promise<LabCase> {
    const { lab, front } = this
    const startedAt = performance.now()
    const cast = await restoreHerd(lab, this.herdName)
    await this.#witness.begin(cast.primary)
    await scenario.prepare(lab, cast)
    await this.#fence()
    await front?.begin(cast)
    this.#witness.forget()
    const before = await this.#seen(probeOf)
    const loss = lossOf(lab, cast, trouble)
    const fenced = { at: Number.POSITIVE_INFINITY }
    let isSecond = false
    try {
      const { ports, stops } = disturbed(lab.ports, trouble, points, loss, () => isSecond)
      const watch = (journal: JournalPort) => noteFenced(noteSteps(loss.watch(journal), points, noted.held, noted.marks), fenced)
      const noting = noteActs(ports, points, noted.marks)
      const job = await openJob(lab, scenario, cast, noting, watch, points, loss.isCancelled)
      const somebody = companyOf(trouble)
      let met: Met | null = null
      let state = await job.drive(stops[0])
      isSecond = true
      const broken: string[] = []
      if (state === 'stopped' && trouble.how === 'kill') {
        if (trouble.and !== undefined) await loss.strike()
        if (somebody !== null) met = await meet(lab, cast, front, somebody)
        if (trouble.isLate) broken.push(...(await front!.untilTimersRang(job.lines)))
        state = await job.drive(stops[1])
        if (state === 'stopped') state = await job.drive(null)
      } else if (state === 'attention' && somebody !== null) met = await meet(lab, cast, front, somebody)
      broken.push(...this.#twoWriters(scenario, cast, fenced.at, met))
      await loss.mended()
      await mend(lab)
      await this.#fence()
      if (state === 'attention' && !job.question()?.question) broken.push('it holds without a question')
      const answers = await this.#answer(job, state as JobState, trouble, met)
      const end = answers.state
      await this.#fence()
      if (scenario.mayReturn !== true) broken.push(...this.#twoWriters(scenario, cast, fenced.at, met))
      broken.push(...answers.broken, ...points.broken, ...journalLaws(scenario.operation, job.lines, end), ...questionLaws(job.lines))
      const isSplit = scenario.isSplit === true && end !== 'done' && fenced.at === Number.POSITIVE_INFINITY
      const ended = { before, cast, end, lines: job.lines, isSplit, wasServing: loss.wasServing(), isGivenUp: answers.isGivenUp }
      broken.push(...(met === null ? await this.#laws(scenario, ended) : await this.#lawsWith(scenario, ended, met)))
      return {
        scenario: scenario.name,
        trouble: sayTrouble(trouble),
        state: end,
        broken: [...new Set(broken)],
        seconds: (performance.now() - startedAt) / 1000,
        met: met === null ? null : `somebody ${met.did}: ${met.host}`,
        lines: job.lines,
      }
    } finally {
      await loss.mended()
      await front?.end()
    }
  }

  /** Answers what is asked until it is over: with everything mended, or, where somebody else has acted, first unseen and then seen. */
  async #answer(
    job: Job,
    first: JobState,
    trouble: Trouble,
    met: Met | null,
  ): Promise<{ state: JobState; broken: string[]; isGivenUp: boolean }> {
    let state = first
    const drive = async (decision: Decision) => {
      await this.#seen()
      state = (await job.decide(decision)) as JobState
    }
    if (met !== null) {
      await hide(this.lab, met)
      if (state === 'attention') state = (await job.decide(met.company.says)) as JobState
      await unhide(this.lab, met)
      for (let count = 0; state === 'attention' && count < questionsMax; count += 1) await drive('abandon')
      return { state, broken: state === 'attention' ? ['it asks again and again'] : [], isGivenUp: true }
    }
    const isGivenUp = 'isGivenUp' in trouble && trouble.isGivenUp === true && state === 'attention'
    for (let count = 0; isGivenUp && state === 'attention' && count < questionsMax; count += 1) await drive('abandon')
    for (let count = 0; state === 'attention' && count < questionsMax; count += 1) await drive('resume')
    if (state !== 'attention') return { state, broken: [], isGivenUp }
    const broken = [`it asks again and again with everything mended: ${job.question()?.because}`]
    await drive('abandon')
    return { state, broken, isGivenUp }
  }

  async #laws(scenario: Scenario, { before, cast, end, lines, isSplit, wasServing, isGivenUp }: CaseEnded): Promise<string[]> {
    return [
      ...((await scenario.judge?.({ lab: this.lab, cast, state: end, isGivenUp })) ?? []),
      ...(isSplit ? [] : await this.#world(scenario, before, end)),
      ...(await this.#certificate(scenario, lines)),
      ...((await this.front?.judge(lines, end, cast, wasServing)) ?? []),
    ]
  }

  /** Somebody else has acted: who leads is theirs to say as well, and what they did not do is not the job’s to do. */
  async #lawsWith(scenario: Scenario, { before, lines, isSplit }: CaseEnded, met: Met): Promise<string[]> {
    if (isSplit) return []
    const leaders = (await this.#seen()).filter(({ probe }) => isWritable(probe))
    const [leader] = leaders
    const promotions = (leader?.probe.timeline ?? 0) - Math.max(...before.map((one) => one.probe.timeline ?? 0))
    const lost = scenario.mayLose || leader === undefined ? [] : await this.#witness.lostOn(leader.host)
    return [
      ...(promotions > (met.hasPromoted ? 2 : 1) ? [`promoted ${promotions} times`] : []),
      ...(lost.length > 0 ? [`${lost.length} acknowledged commits are lost`] : []),
      ...(await companyLaws(this.lab, this.#hosts)),
      ...(await this.#certificate(scenario, lines)),
      ...((await this.front?.judgeCompany(lines, met.hasMovedPoolers ? met.host : null)) ?? []),
    ]
  }

  async #certificate({ operation, mayLose }: Scenario, lines: readonly JournalLine[]): Promise<string[]> {
    if (mayLose === true) return []
    const leader = (await this.#seen()).find(({ probe }) => isWritable(probe))?.host ?? null
    return certificateLaws(operation, lines, leader, (host) => this.#witness.lostOn(host))
  }

  /** What a worker does all the time about primaries that were replaced: again and again, for a host that just booted does not answer at once. */
  async #fence(): Promise<void> {
    if (this.lab.replaced.size === 0) return
    const on = this.#hosts.filter((host) => this.lab.lab.hosts.mark(host))
    const isOver = async () => {
      await fenceReturned(this.lab.ports, this.herdName, AbortSignal.timeout(90_000))
      const seen = await Promise.all(on.map(async (host) => ({ host, probe: await settledProbe(this.lab, host) })))
      const writers = seen.filter(({ probe }) => isWritable(probe)).map(({ host }) => host)
      return writers.length < 2 || !writers.some((host) => this.lab.replaced.has(this.lab.instance(host).id))
    }
    await until('who was replaced to be fenced', isOver, { timeoutMs: fenceMs }).catch(() => {})
  }

  async #seen(look = settledProbe): Promise<Seen> {
    return Promise.all(this.#hosts.map(async (host) => ({ host, probe: await look(this.lab, host) })))
  }

  /** Who has handed the pen over never writes again, unless somebody gave it back where nobody else had it. */
  #twoWriters({ isSplit }: Scenario, { primary }: Cast, fencedAt: number, met: Met | null): string[] {
    const writers = this.#witness.writers(isSplit === true ? fencedAt : 0)
    const isGivenBack = met !== null && !met.hasPromoted && met.host === primary
    if (isSplit === true && writers.includes(primary) && !isGivenBack)
      return [`${primary} was demoted, and acknowledged commits after it was fenced`]
    return new Set(writers).size === writers.length ? [] : [`two primaries: commits were acknowledged by ${writers.join(', then ')}`]
  }

  /** One primary, at most one promotion, no slot left behind on a member that follows again, and everything that was acknowledged is there. */
  async #world(scenario: Scenario, before: Seen, state: JobState): Promise<string[]> {
    const seen = await this.#seen()
    const leaders = seen.filter(({ probe }) => isWritable(probe))
    // Where nobody took writes before, a job that did not end well leaves it so and says why.
    if (leaders.length === 0 && state !== 'done' && !before.some(({ probe }) => isWritable(probe))) return []
    if (leaders.length !== 1) return [`${state}, and ${leaders.map(({ host }) => host).join(' and ') || 'nobody'} takes writes`]
    const [{ host, probe }] = leaders as [Seen[number]]
    const promotions = (probe.timeline ?? 0) - Math.max(...before.map((one) => one.probe.timeline ?? 0))
    const lost = scenario.mayLose ? [] : await this.#witness.lostOn(host)
    const idle = state === 'done' ? await this.#idleSlots(host) : []
    return [
      ...(promotions > 1 ? [`promoted ${promotions} times`] : []),
      ...(lost.length > 0 ? [`${lost.length} acknowledged commits are lost`] : []),
      ...(idle.length > 0 ? [`slots that nobody reads: ${idle.join(', ')}`] : []),
    ]
  }

  /** On those who follow; a standby that lost its upstream is back at its slot some seconds after that one is. */
  async #idleSlots(leader: string): Promise<string[]> {
    const isJudged = (host: string) => host !== leader && !this.lab.replaced.has(this.lab.instance(host).id)
    let idle: string[] = []
    const isTidy = async () => {
      idle = (await this.#seen()).flatMap(({ host, probe }) =>
        isJudged(host) ? probe.slots.filter((slot) => !slot.isActive).map(({ name }) => `${name} on ${host}`) : [],
      )
      return idle.length === 0
    }
    await until('no idle slot', isTidy, { timeoutMs: reattachMs }).catch(() => {})
    return idle
  }
}

/** A plan of the scenario as it is now, and the job that follows from it, to be driven again and again. */
const openJob = async (
  lab: LabHerd,
  { name, operation, ...scenario }: Scenario,
  cast: Cast,
  ports: ActPorts,
  watch: (journal: JournalPort) => JournalPort,
  points: Points,
  isCancelled: () => boolean,
) => {
  const input = operation.input.parse(scenario.input(cast)) as JsonObject
  const targetId = scenario.targetId(cast)
  const { digest, reason } = await makeTargetPlan(operation, lab.ports.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(`${name} cannot begin: ${reason}`)
  const journal = new MemoryJournal(passingClock())
  const driveOnce = (stop: Stop | null) => {
    const driver = deadly({ open: () => watch(journal.open()), lines: journal.lines }, ports, points, stop)
    const options = { driver: 'matrix', signal: new AbortController().signal, isCancelRequested: isCancelled, clock: systemClock }
    const ended = drive(operation, { id: 'job', targetId, input, digest }, driver.journal, driver.ports, options)
    return Promise.race([ended, driver.stopped])
  }
  return {
    lines: journal.lines,
    drive: driveOnce,
    decide: (decision: Decision) => {
      journal.write([{ kind: 'decided', decision, by: 'ada' }])
      return driveOnce(null)
    },
    question: () => journal.lines.findLast((line) => line.kind === 'attention'),
  }
}
