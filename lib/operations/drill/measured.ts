import { costOf, type FaultKind, faultTitles, sayCost } from '@/lib/domain/drill/faults'
import { type FaultFinding, judgeFault, sayFinding, verdictOf } from '@/lib/domain/drill/judge'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { isOver, sayWhy } from '@/lib/kernel/ground/fault-text'
import type { Json } from '@/lib/kernel/ground/json'
import type { Effect, RunContext, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, DrillWay, InstanceAddress, ReadPorts } from '@/lib/ports'
import type { Plain } from '../facts/instance'
import { whoLeads } from './database'
import type { DrillFacts } from './facts'
import { awaitWhole, lookWhole } from './whole'

/** How one fault is done, and what of it is made good again. `before` is found right before and stands in the journal. */
export interface Strike<Before> {
  sentence: (facts: DrillFacts) => string
  commands: (facts: DrillFacts) => string[]
  before: (facts: DrillFacts, ports: ReadPorts, signal: AbortSignal) => Promise<Before | { because: string }>
  /** `nothing`: there was nothing to do it to. */
  strike: (facts: DrillFacts, before: Before, ports: ActPorts, context: RunContext) => Promise<unknown>
  /** It is held so long before it is mended. */
  holdMs: (facts: DrillFacts) => number
  /** Starts what it has stopped, unless it runs. Safe to run twice. */
  mend: (facts: DrillFacts, before: Before, ports: ActPorts, context: StepContext) => Promise<void>
  /** In words, for the plan. */
  mended: string
}

/** `begun`: how many drivers began it. */
type Mark = { finding?: Plain<FaultFinding>; begun: number; run: string; sumBefore: number | null; struckAt: string | null }

const startTimeoutMs = 30_000
const wholeTimeoutMs = 300_000
const sqlTimeoutMs = 60_000

/**
 * Writers begin, the fault is done, what it stopped is started again, and once the herd is whole the ledger is compared with the primary. Its answer is what
 * came of it, also where the herd is not whole in time: then the next fault is not begun. A driver that takes over does not do the fault again: writers have
 * died with the worker, and their ledger counts as far as it goes, if it is on this machine.
 */
export const measured = <Before extends Json>(
  kind: FaultKind,
  { sentence, commands, before, strike, holdMs, mend, mended }: Strike<Before>,
): Effect<DrillFacts, Before, Plain<FaultFinding>> => ({
  title: faultTitles[kind],
  preview: (facts) => ({
    sentence: `${sentence(facts)} Declared: ${sayCost(costOf(kind, facts.circumstances))}. ${costOf(kind, facts.circumstances).because}`,
    commands: commands(facts),
  }),
  check: async (facts, ports, { signal, intended, mark }) => {
    const { finding } = (mark ?? {}) as Partial<Mark>
    if (intended !== null && finding !== undefined) return { found: 'done', output: finding }
    if (intended !== null) return { found: 'ready', before: intended.before }
    if (ports.now().getTime() >= Date.parse(facts.endsBy))
      return { found: 'blocked', because: `the drill’s time limit of ${facts.input.minutes} min is over` }
    const { missing } = await lookWhole(facts, ports, signal)
    if (missing.length > 0) return { found: 'blocked', because: `the herd is not whole: ${missing.join('; ')}` }
    const found = await before(facts, ports, signal)
    if (isProblem(found)) return { found: 'blocked', because: found.because }
    return { found: 'ready', before: found }
  },
  run: async (facts, found, ports, context) => {
    const marked = context.marked as Mark | null
    const mark = marked?.struckAt ? marked : await begin(kind, marked?.begun ?? 0, facts, ports, context)
    let struckAt = mark.struckAt
    if (struckAt === null) {
      struckAt = ports.read.now().toISOString()
      await context.mark({ ...mark, struckAt })
      if (await doIt(() => strike(facts, found, ports, context), context)) struckAt = null
      await waitFor(holdMs(facts), context)
    } else context.note('warning', 'Another worker had done it and died over it. It is not done again; its writers have died with it.')
    await mend(facts, found, ports, context)
    const wholeAt = await untilWhole(facts, ports.read, context)
    await waitFor(facts.input.calmSeconds * 1_000, context)
    await ports.act.drill.stop(mark.run)
    const finding = await judge(kind, facts, { ...mark, struckAt }, wholeAt, ports.read, context)
    context.note(verdictOf(finding).kind === 'within' ? 'info' : 'warning', sayFinding(finding))
    await context.mark({ ...mark, struckAt, finding: finding as Plain<FaultFinding> })
  },
  timeoutMs: (facts) => startTimeoutMs + holdMs(facts) + 2 * facts.input.calmSeconds * 1_000 + 2 * wholeTimeoutMs + 2 * sqlTimeoutMs,
  canInterrupt: true,
  ending: {
    release: async (facts, found, _output, ports, context) => {
      for (const run of facts.runs[kind]) await ports.act.drill.stop(run)
      await mend(facts, found, ports, context)
    },
    sentence: `However the job ends, the writers stop. ${mended}`,
    timeoutMs: 120_000,
  },
})

const isProblem = (found: unknown): found is { because: string } => typeof found === 'object' && found !== null && 'because' in found

/** Writers write for a while before anything is done, so that there is something to compare with. */
const begin = async (kind: FaultKind, begun: number, facts: DrillFacts, ports: ActPorts, context: RunContext): Promise<Mark> => {
  const { signal, jobId, note } = context
  const leader = await whoLeads(facts, ports.read, signal)
  if (leader === null) throw new Fault('step.blocked', { because: 'No member takes writes.', isOver: true })
  const { writers, perSecond, workload } = facts.input
  const run = facts.runs[kind][begun]
  if (run === undefined) throw new Fault('step.blocked', { because: `${begun} workers have died over it.`, isOver: true })
  const { sum } = await ports.read.drill.rows(leader.address as InstanceAddress, run, { timeoutMs: sqlTimeoutMs, signal })
  const mark: Mark = { begun: begun + 1, run, sumBefore: workload === 'transfers' ? sum : null, struckAt: null }
  await context.mark(mark)
  const { silent } = await ports.act.drill.start(
    run,
    leader.address as InstanceAddress,
    facts.ways as unknown as DrillWay[],
    { writers, perSecond, workload },
    { timeoutMs: startTimeoutMs, signal, jobId },
  )
  for (const { way, because } of silent) note('warning', `Nobody writes through ${way}: ${because}`)
  await waitFor(facts.input.calmSeconds * 1_000, context)
  return mark
}

/** Whose answer was lost may have happened: then it is measured. True: there was nothing to do it to. */
const doIt = async (strike: () => Promise<unknown>, { signal, note }: StepContext): Promise<boolean> => {
  try {
    return (await strike()) === 'nothing'
  } catch (error) {
    if (signal.aborted || !isFault(error) || error.code === 'lease.lost' || isOver(error)) throw error
    note('warning', `${sayWhy(error)} Whether it was done is seen by what follows.`)
    return false
  }
}

const waitFor = async (ms: number, { pause, signal }: StepContext): Promise<void> => {
  await pause(ms)
  signal.throwIfAborted()
}

/** ISO; null: it is not whole in time. */
const untilWhole = async (facts: DrillFacts, ports: ReadPorts, context: StepContext): Promise<string | null> => {
  const missing = await awaitWhole(facts, ports, wholeTimeoutMs, context)
  if (missing.length === 0) return ports.now().toISOString()
  context.note('warning', `The herd is not whole after ${wholeTimeoutMs / 1_000} s: ${missing.join('; ')}.`)
  return null
}

const judge = async (
  kind: FaultKind,
  facts: DrillFacts,
  { run, struckAt, sumBefore }: Mark,
  wholeAt: string | null,
  ports: ReadPorts,
  { signal, note }: StepContext,
): Promise<FaultFinding> => {
  const seen = await ports.drill.ledger(run)
  let found: { on: string; ids: number[]; sum: number | null } | null = null
  try {
    const leader = await whoLeads(facts, ports, signal)
    if (leader !== null) {
      const rows = await ports.drill.rows(leader.address as InstanceAddress, run, { timeoutMs: sqlTimeoutMs, signal })
      found = { on: leader.title, ids: rows.ids, sum: sumBefore === null ? null : rows.sum }
    }
  } catch (error) {
    if (signal.aborted || !isFault(error)) throw error
    note('warning', `The primary could not be asked for the writers’ rows: ${sayWhy(error)}`)
  }
  return judgeFault({
    kind,
    cost: costOf(kind, facts.circumstances),
    struckAt,
    wholeMs: wholeAt === null || struckAt === null ? null : Date.parse(wholeAt) - Date.parse(struckAt),
    primary: found?.on ?? null,
    ledger: seen === null ? null : { ledger: seen.ledger, sha256: seen.sha256 },
    found,
    sumBefore,
  })
}
