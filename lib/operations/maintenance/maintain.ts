import { type CommandProgress, runsStatement, type Session } from '@/lib/domain/activity/session'
import {
  type MaintainedIndex,
  type MaintenanceWork,
  maintenanceStatement,
  type QualifiedName,
  shownName,
} from '@/lib/domain/maintenance/work'
import { counted } from '@/lib/domain/values/counted'
import { parsePgVersion } from '@/lib/domain/values/pg-version'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { sayWhy } from '@/lib/kernel/ground/fault-text'
import type { Effect, RunContext, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { type Place, probeTimeoutMs } from '../facts/instance'
import type { Upkeep } from './facts'
import { copiesMax, copyNames } from './input'

export type Item = QualifiedName & { oid: number }
export type Before = { since: string; leftovers: number[] }
type Output = { done: number }
/** Objects that are done, by their oids: a server that counts nothing (track_counts) does not say when it vacuumed. */
type Mark = { done: number[] } | null
// biome-ignore lint/suspicious/noExplicitAny: the step is the same for tables and indexes.
type Facts = Upkeep<any>

export interface Deed<F> {
  title: string
  /** One sentence that ends the preview. */
  sentence: (facts: F) => string
  work: (facts: F) => MaintenanceWork
  items: (facts: F) => Item[]
  /** The server's clock now, and which of the items are not done yet, since a moment of that clock; null: since now. */
  look: (
    facts: F,
    ports: ReadPorts,
    since: string | null,
    signal: AbortSignal,
  ) => Promise<{ at: string; left: Item[]; leftovers: number[] }>
  /** What ends with the job, however it does. */
  released: string
  /** Index copies that its statements leave when they do not end. */
  leavesCopies?: true
}

const lookEveryMs = 2_000
const quickLookMs = 250
const releaseTimeoutMs = 600_000

/** At most 63 bytes, as PostgreSQL keeps it. */
export const sessionName = (jobId: string): string => `matriarch job ${jobId}`.slice(0, 63)

const running = async (
  ports: ReadPorts,
  place: Place,
  jobId: string,
  signal: AbortSignal,
): Promise<{ sessions: Session[]; progress: CommandProgress[] }> => {
  const seen = await ports.activity.look(place.address, { timeoutMs: probeTimeoutMs, signal })
  const sessions = seen.sessions.filter((one) => one.application === sessionName(jobId) && runsStatement(one))
  return { sessions, progress: seen.progress.filter(({ pid }) => sessions.some((one) => one.pid === pid)) }
}

const majorOf = ({ probe }: Facts): number => Number(parsePgVersion(probe.version ?? '')?.major ?? 10)

/** Notes a phase that begins, and every tenth of it. */
const teller = (context: StepContext) => {
  let said = ''
  return (what: string, { phase, done, total }: Pick<CommandProgress, 'phase' | 'done' | 'total'>) => {
    const percent = total > 0 ? Math.floor((10 * done) / total) * 10 : null
    const text = `${what}: ${phase ?? 'at work'}${percent === null ? '' : `, ${Math.min(100, percent)} %`}`
    if (text === said) return
    said = text
    context.note('info', text)
  }
}

/** A session that a driver before us left is not doubled: it is waited for. */
const waitForOwn = async (facts: Facts, ports: ActPorts, context: StepContext): Promise<void> => {
  const tell = teller(context)
  for (;;) {
    const { sessions, progress } = await running(ports.read, facts.instance, context.jobId, context.signal)
    if (sessions.length === 0) return
    tell(sessions[0]!.statement ?? 'An earlier statement', progress[0] ?? { phase: 'runs since an earlier worker', done: 0, total: 0 })
    await context.pause(lookEveryMs)
    if (context.signal.aborted) {
      await endOwn(facts, ports, context)
      throw new Fault('shell.cancelled', { because: 'It was cancelled.', isOver: true })
    }
  }
}

/** Cancels what runs under this job's name, and waits until it has ended. */
const endOwn = async ({ instance }: Facts, ports: ActPorts, context: StepContext): Promise<void> => {
  const signal = AbortSignal.timeout(releaseTimeoutMs)
  for (let isFirst = true; ; isFirst = false) {
    const { sessions } = await running(ports.read, instance, context.jobId, signal)
    if (sessions.length === 0) return
    if (isFirst) {
      for (const { pid } of sessions) context.note('command', `select pg_cancel_backend(${pid})`)
      const targets = sessions.map(({ pid, startedAt, statementAt }) => ({ pid, startedAt, statementAt }))
      await ports.act.activity.signal(instance.address, 'cancel', targets, { timeoutMs: probeTimeoutMs })
    }
    await context.pause(quickLookMs)
    if (context.signal.aborted && !isFirst)
      throw new Fault('step.unknown', { because: `${sessions.map(({ pid }) => pid).join(', ')} on ${instance.title} still runs` })
  }
}

const withFault = async (work: Promise<void>): Promise<Fault | null> => {
  try {
    await work
    return null
  } catch (error) {
    if (isFault(error)) return error
    throw error
  }
}

const notIn = (mark: Mark, items: readonly Item[]): Item[] => items.filter(({ oid }) => mark?.done.includes(oid) !== true)

/** One after the other. One that fails holds none of the others up, and fails the step at its end. */
const takeAll = async <F extends Facts>(deed: Deed<F>, facts: F, since: string, ports: ActPorts, context: RunContext): Promise<Output> => {
  const { instance, database, limits } = facts
  const seen = await deed.look(facts, ports.read, since, context.signal)
  const left = notIn(context.marked as Mark, seen.left)
  const items = deed.items(facts)
  const done = items.filter((one) => !left.includes(one)).map(({ oid }) => oid)
  const problems: string[] = []
  const tell = teller(context)
  const endsAt = ports.read.now().getTime() + limits.timeoutMinutes * 60_000
  for (const item of left) {
    const work = deed.work(facts)
    context.note('command', maintenanceStatement(work, item, majorOf(facts)))
    const fault = await withFault(
      ports.act.maintenance.maintain(
        instance.address,
        { database, work, object: { schema: item.schema, name: item.name } },
        {
          timeoutMs: Math.max(1000, endsAt - ports.read.now().getTime()),
          signal: context.signal,
          session: sessionName(context.jobId),
          lockTimeoutMs: limits.lockTimeoutSeconds * 1000,
          onProgress: (progress) => tell(shownName(item), progress),
        },
      ),
    )
    if (fault !== null) {
      // The server ended it and lives: the next one may have more luck. Anything else ends the step.
      if (context.signal.aborted || fault.facts.isOver !== true || fault.facts.sqlstate === undefined) throw fault
      problems.push(`${shownName(item)}: ${sayWhy(fault).replace(/\.$/, '')}`)
      context.note('warning', problems.at(-1)!)
      continue
    }
    done.push(item.oid)
    await context.mark({ done } satisfies Mark)
    context.note('info', `${shownName(item)} is done, ${done.length} of ${items.length}.`)
  }
  if (problems.length > 0) throw new Fault('sql.failed', { because: `${problems.join('; ')}.`, isOver: true })
  return { done: items.length }
}

const dropCopies = async (facts: Facts, leftovers: readonly number[], ports: ActPorts, context: StepContext): Promise<void> => {
  const ours = async () => {
    const { indexes } = ports.read.maintenance
    const sight = { database: facts.database, chosen: { patterns: copyNames }, max: copiesMax }
    const tables = new Set((facts.objects as MaintainedIndex[]).map(({ table }) => table))
    const { found } = await indexes(facts.instance.address, sight, { timeoutMs: probeTimeoutMs, signal: context.signal })
    return found.filter((one) => one.isLeftover && !one.isBuilding && tables.has(one.table) && !leftovers.includes(one.oid))
  }
  const options = { timeoutMs: releaseTimeoutMs, signal: context.signal, session: sessionName(context.jobId), lockTimeoutMs: 300_000 }
  for (const object of await ours()) {
    context.note('command', maintenanceStatement({ deed: 'drop-index' }, object, majorOf(facts)))
    const target = { database: facts.database, work: { deed: 'drop-index' as const }, object: { schema: object.schema, name: object.name } }
    const fault = await withFault(ports.act.maintenance.maintain(facts.instance.address, target, options))
    // Whoever dropped it before us did the same.
    if (fault !== null && fault.facts.sqlstate !== '42P01' && fault.facts.sqlstate !== '42704') throw fault
  }
  const still = await ours()
  if (still.length > 0)
    throw new Fault('step.unknown', { because: `${still.map(shownName).join(', ')} is an incomplete copy and could not be dropped` })
}

/**
 * Maintenance of one object after the other. Its session bears the name of the job, so that any driver, and its end, finds what an earlier one has left
 * running. What the server says is done is not done again.
 */
export const maintain = <F extends Facts>(deed: Deed<F>): Effect<F, Before, Output> => ({
  title: deed.title,
  preview: (facts) => ({
    sentence: `${deed.sentence(facts)} One after the other, for at most ${counted(facts.limits.timeoutMinutes, 'minute')}.`,
    commands: deed.items(facts).map((item) => maintenanceStatement(deed.work(facts), item, majorOf(facts))),
  }),
  check: async (facts, ports, { signal, intended, mark }) => {
    const { at, left: unseen, leftovers } = await deed.look(facts, ports, intended?.before.since ?? null, signal)
    const left = notIn(mark as Mark, unseen)
    const all = deed.items(facts).length
    if (intended === null) return { found: 'ready', before: { since: at, leftovers } }
    if (left.length === 0) return { found: 'done', output: { done: all } }
    return {
      found: 'ready',
      before: intended.before,
      ...(left.length < all ? { partly: `${all - left.length} of ${all} are done` } : {}),
    }
  },
  run: async (facts, { since }, ports, context) => {
    await waitForOwn(facts, ports, context)
    return takeAll(deed, facts, since, ports, context)
  },
  timeoutMs: ({ limits }) => limits.timeoutMinutes * 60_000 + 60_000,
  canInterrupt: true,
  ending: {
    release: async (facts, before, _output, ports, context) => {
      await endOwn(facts, ports, context)
      if (deed.leavesCopies) await dropCopies(facts, before.leftovers, ports, context)
    },
    sentence: deed.released,
    timeoutMs: releaseTimeoutMs,
  },
})
