import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { systemClock } from '@/lib/kernel/clock'
import { deadly, type Points, type Stop } from '@/lib/kernel/crash-driver'
import { journalLaws } from '@/lib/kernel/crash-matrix'
import { drive } from '@/lib/kernel/engine'
import { Fault } from '@/lib/kernel/errors'
import type { Decision, JobState, JournalLine } from '@/lib/kernel/journal'
import type { JournalPort } from '@/lib/kernel/journal-port'
import type { JsonObject } from '@/lib/kernel/json'
import type { Operation } from '@/lib/kernel/operation'
import { makeTargetPlan } from '@/lib/kernel/plan-making'
import { fenceReturned } from '@/lib/operations/failover/fence-returned'
import { until } from '@/lib/playground/processes'
import type { ActPorts, Probe } from '@/lib/ports'
import { type Cast, isWritable, mend, mendHost, probeOf, restoreHerd, settledProbe } from './lab-canon'
import type { LabHerd } from './lab-herd'
import { openWitness, type Witness } from './lab-witness'

/** One operation in one situation, on a herd of three real hosts. */
export interface Scenario {
  name: string
  operation: Operation
  /** From the herd as it always begins to where the operation is of use. */
  prepare: (lab: LabHerd, cast: Cast) => Promise<void>
  targetId: (cast: Cast) => string
  input: (cast: Cast) => JsonObject
  /** Whose hosts are lost, each at each step. */
  losable: readonly (keyof Cast)[]
  /** Acknowledged commits may be lost: a fork is taken back, or a person took the responsibility. */
  mayLose?: true
  /** Nothing could be written on the old primary’s disk, so it takes writes when its host is back until the worker stops it. */
  mayReturn?: true
}

/** kill: the worker dies at a point before or after a journal line or a deed. fail / lose-answer: of one deed. The others: of one host, once a step was intended. */
export type Trouble =
  | { how: 'none' }
  | { how: 'kill'; at: number }
  | { how: 'fail' | 'lose-answer'; nth: number }
  | { how: 'power-off' | 'freeze' | 'cut'; who: keyof Cast; step: string }

export interface LabCase {
  scenario: string
  trouble: string
  state: JobState
  broken: string[]
  seconds: number
  lines: readonly JournalLine[]
}

/** A host is lost for this long, or until the job has stopped moving. */
const lostMs = 20_000
const reattachMs = 30_000
/** A second question after *go on*, with everything mended, is still allowed: the first may have met a host on its way up. */
const questionsMax = 3

export const sayTrouble = (trouble: Trouble): string => {
  if (trouble.how === 'none') return 'clean'
  if (trouble.how === 'kill') return `worker killed at point ${trouble.at}`
  return 'nth' in trouble ? `deed ${trouble.nth}: ${trouble.how}` : `${trouble.who}: ${trouble.how} during ${trouble.step}`
}

type Seen = { host: string; probe: Probe }[]

/** A lab of three hosts in which cases are run one after the other. */
export class MatrixLab {
  readonly #witness: Witness

  constructor(
    readonly lab: LabHerd,
    readonly herdName: string,
  ) {
    const { members, port } = lab.lab.fleet.herds.find(({ name }) => name === herdName)!
    this.#witness = openWitness(
      lab.lab,
      port,
      members.map(({ host }) => host),
    )
  }

  async close(): Promise<void> {
    this.#witness.close()
    await this.lab.close()
  }

  /** Points and deeds of a run that nothing disturbs; throws when that one does not end as done. */
  async measure(scenario: Scenario): Promise<{ points: Points; result: LabCase }> {
    const points: Points = { passed: 0, acts: 0, broken: [] }
    const result = await this.run(scenario, { how: 'none' }, points)
    if (result.state !== 'done') throw new Error(`${scenario.name}, undisturbed, is ${result.state}: ${result.broken.join('; ')}`)
    return { points, result }
  }

  async run(scenario: Scenario, trouble: Trouble, points: Points = { passed: 0, acts: 0, broken: [] }): Promise<LabCase> {
    const { lab } = this
    const startedAt = performance.now()
    const cast = await restoreHerd(lab, this.herdName)
    await this.#witness.begin(cast.primary)
    await scenario.prepare(lab, cast)
    await this.#fence()
    this.#witness.forget()
    const before = await this.#seen(probeOf)
    const loss = lossOf(lab, cast, trouble)
    try {
      const job = await openJob(lab, scenario, cast, disturbed(lab.ports, trouble), loss.watch, points)
      let state = await job.drive(trouble.how === 'kill' ? { at: trouble.at, how: 'kill' } : null)
      if (state === 'stopped') state = await job.drive(null)
      const broken = this.#twoWriters()
      await loss.mended()
      await mend(lab)
      await this.#fence()
      if (state === 'attention' && !job.question()?.question) broken.push('it holds without a question')
      for (let count = 0; state === 'attention' && count < questionsMax; count += 1) {
        await this.#seen()
        state = await job.decide('go-on')
      }
      if (state === 'attention') {
        broken.push(`it asks again and again with everything mended: ${job.question()?.because}`)
        state = await job.decide('give-up')
      }
      await this.#fence()
      if (scenario.mayReturn !== true) broken.push(...this.#twoWriters())
      const end = state as JobState
      broken.push(...points.broken, ...journalLaws(scenario.operation, job.lines, end), ...(await this.#world(scenario, before, end)))
      return {
        scenario: scenario.name,
        trouble: sayTrouble(trouble),
        state: end,
        broken: [...new Set(broken)],
        seconds: (performance.now() - startedAt) / 1000,
        lines: job.lines,
      }
    } finally {
      await loss.mended()
    }
  }

  /** What a worker does all the time about primaries that were replaced. */
  async #fence(): Promise<void> {
    await fenceReturned(this.lab.ports, this.herdName, AbortSignal.timeout(90_000))
  }

  async #seen(look = settledProbe): Promise<Seen> {
    const { hosts } = this.lab.lab.fleet
    return Promise.all(hosts.map(async ({ name }) => ({ host: name, probe: await look(this.lab, name) })))
  }

  /** Who has handed the pen over never writes again. */
  #twoWriters(): string[] {
    const writers = this.#witness.writers()
    return new Set(writers).size === writers.length ? [] : [`two primaries: commits were acknowledged by ${writers.join(', then ')}`]
  }

  /** One primary, at most one promotion, no slot left behind on whoever follows again, and everything that was acknowledged is there. */
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
) => {
  const input = operation.input.parse(scenario.input(cast)) as JsonObject
  const targetId = scenario.targetId(cast)
  const { digest, reason } = await makeTargetPlan(operation, lab.ports, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(`${name} cannot begin: ${reason}`)
  const journal = new MemoryJournal(passingClock())
  const driveOnce = (stop: Stop | null) => {
    const driver = deadly({ open: () => watch(journal.open()), lines: journal.lines }, ports, points, stop)
    const options = { driver: 'matrix', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
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

/** Loses a host once a step was intended and before its deed, or once it was found to be so already, and mends it later. */
const lossOf = (lab: LabHerd, cast: Cast, trouble: Trouble) => {
  let mending: Promise<void> = Promise.resolve()
  let endEarly = () => {}
  let isLost = false
  const lose = async (host: string, how: Trouble['how']): Promise<void> => {
    isLost = true
    if (how === 'power-off') await lab.lab.powerOff(host)
    if (how === 'freeze') lab.lab.hosts.signal(host, 'SIGSTOP')
    if (how === 'cut') await lab.lab.network.cut(host)
    const over = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lostMs)
      endEarly = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    mending = over.then(() => mendHost(lab, host))
  }
  const watch = (journal: JournalPort): JournalPort => ({
    ...journal,
    append: async (entries, firstSeq) => {
      await journal.append(entries, firstSeq)
      if (!('step' in trouble) || isLost) return
      if (entries.some((entry) => (entry.kind === 'intended' || entry.kind === 'finished') && entry.step === trouble.step))
        await lose(cast[trouble.who], trouble.how)
    },
  })
  return {
    watch,
    /** The job has stopped: nobody waits for the host any longer. */
    mended: async () => {
      endEarly()
      await mending
    },
  }
}

/** The nth deed fails without having happened, or happens and its answer is lost. */
const disturbed = (ports: ActPorts, trouble: Trouble): ActPorts => {
  if (trouble.how !== 'fail' && trouble.how !== 'lose-answer') return ports
  let count = 0
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const act: unknown = Reflect.get(target, name)
        if (typeof act !== 'function') return act
        return async (...args: unknown[]) => {
          count += 1
          const isIt = count === trouble.nth
          if (isIt && trouble.how === 'fail')
            throw new Fault('shell.failed', { because: `${String(name)} failed: exit status 1.`, isOver: true })
          const answer: unknown = await Reflect.apply(act, target, args)
          if (isIt) throw new Fault('shell.unreachable', { because: 'The connection was lost.' })
          return answer
        }
      },
    })
  const acting = Object.entries(ports).map(([name, port]) => [name, name.endsWith('Act') ? wrap(port as object) : port])
  return Object.fromEntries(acting) as ActPorts
}

/** Every case that follows from the declaration and a clean run of it. */
export const casesOf = ({ operation, losable }: Scenario, { passed, acts }: Points): Trouble[] => [
  ...Array.from({ length: passed }, (_, index): Trouble => ({ how: 'kill', at: index + 1 })),
  ...Array.from({ length: acts }, (_, index) => index + 1).flatMap((nth): Trouble[] => [
    { how: 'fail', nth },
    { how: 'lose-answer', nth },
  ]),
  ...operation.effects.flatMap(({ name: step }) =>
    losable.flatMap((who): Trouble[] => (['power-off', 'freeze', 'cut'] as const).map((how) => ({ how, who, step }))),
  ),
]

/** At most `count` of them, spread evenly over all, the same ones each time. */
export const spreadOver = <T>(all: readonly T[], count: number): T[] =>
  all.length <= count ? [...all] : Array.from({ length: count }, (_, index) => all[Math.floor(((index + 0.5) * all.length) / count)]!)
