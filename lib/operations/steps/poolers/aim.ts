import { isOwnLine, leadLines, renderPart } from '@/lib/domain/poolers/lines'
import { type DatabaseLine, databaseLines, sayAims } from '@/lib/domain/poolers/pgbouncer-ini'
import { type HerdAim, notAsWritten } from '@/lib/domain/poolers/template'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, PoolerAddress, PoolerFile, PoolersRead, ReadPorts } from '@/lib/ports'
import type { Place } from '../../facts/instance'
import { partOf } from '../../facts/pooler-part'
import { lookTimeoutMs, type PoolerPlace } from '../../facts/poolers'
import { lookAt } from '../postgres/server'
import { mustStill, type Still } from '../postgres/still'
import { mustWriteAlone } from '../postgres/write-alone'
import { commandTimeoutMs, lookAtRunning } from './each-pooler'

/** A pooler and what its file is to say: all of it, or the lines of one herd. Made from its template, and without secrets. */
export type PoolerAim = {
  pooler: PoolerPlace
  /** Whose lines alone are changed; null: the whole file. */
  herdId: string | null
  /** What becomes of the file that is there; null: it is not what its template makes. */
  textFrom: (text: string) => string | null
  /** What its databases are to point to; it counts only for lines that `isJudged`. */
  written: string
  isJudged: (line: DatabaseLine) => boolean
}

export const wholeAim = (pooler: PoolerPlace, text: string): PoolerAim => ({
  pooler,
  herdId: null,
  textFrom: () => text,
  written: text,
  isJudged: () => true,
})

/** The lines of one herd, whatever another herd's job makes of its own meanwhile. The console must manage the file. */
export const herdAim = (pooler: PoolerPlace, herd: { id: string; name: string }, aim: HerdAim): PoolerAim => {
  const part = partOf(pooler, herd.name)!
  return {
    pooler,
    herdId: herd.id,
    textFrom: (text) => leadLines(text, part, aim),
    written: renderPart(part, aim),
    isJudged: isOwnLine(part),
  }
}

const writeTimeoutMs = 10_000
/** Jobs of other herds write the same file: each of them may come first once or twice. */
const writeTries = 20
/** How long PgBouncer may take to show what it has read. */
const shownMs = 2_000
const lookEveryMs = 50

type Pointing = Pick<DatabaseLine, 'name' | 'host' | 'port'>

/** Each file before the job changes it, by pooler id. */
type Before = { was: Record<string, { digest: string; lines: Pointing[] }> }

/** A member as the lines of a pooler's file name it. `leads`: it takes writes, and no other one of its herd. */
export type Target = { title: string; hosts: readonly string[]; port: number; leads: boolean }

const title = 'Point the poolers at the primary'

const previewOf = (aims: readonly PoolerAim[]) => ({
  sentence:
    aims.length === 0
      ? 'No pooler is managed by the console.'
      : aims
          .map(({ pooler, written, isJudged }) => `${pooler.title} points to ${sayAims(databaseLines(written).filter(isJudged))}`)
          .join('; ')
          .concat('.'),
  commands: aims.flatMap(({ pooler }) => [`write ${pooler.address.configPath} on ${pooler.address.host.hostname}`, 'RELOAD']),
})

const outputOf = (aims: readonly PoolerAim[]) => ({ poolers: aims.map(({ pooler }) => pooler.title) })

const aimAll = async (aims: readonly PoolerAim[], ports: ActPorts, context: StepContext): Promise<void> => {
  const tries = await Promise.allSettled(aims.map((aim) => aimPooler(ports, aim, context)))
  const failed = tries.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
}

/**
 * Writes each file, reloads, and waits until SHOW DATABASES says what the file says. Files that are right already are only reloaded when the pooler is not.
 * `targets`: the members that its lines may name, as they are now.
 */
export const aimPoolers = <F extends Facts>(
  of: (facts: F) => readonly PoolerAim[],
  still: Still<F>,
  targets: (facts: F, ports: ReadPorts, signal: AbortSignal) => Promise<Target[]>,
): Effect<F, Before, { poolers: string[] }> => ({
  title,
  preview: (facts) => previewOf(of(facts)),
  check: async (facts, ports, { signal, intended }) => {
    const seen = await Promise.all(of(facts).map(async (aim) => ({ aim, ...(await lookAtAim(ports, aim, signal)) })))
    if (seen.every(({ isRight }) => isRight)) return { found: 'done', output: outputOf(of(facts)) }
    if (intended !== null) {
      const written = seen.filter(({ aim, file }) => isWritten(aim, file) && file.digest !== intended.before.was[aim.pooler.id]?.digest)
      const partly = written.map(({ aim }) => `the file of ${aim.pooler.title} is written`).join(', ')
      return { found: 'ready', before: intended.before, ...(partly === '' ? {} : { partly }) }
    }
    const was = seen.map(({ aim, file }) => [aim.pooler.id, { digest: file.digest, lines: pointingOf(file.text) }] as const)
    return { found: 'ready', before: { was: Object.fromEntries(was) } }
  },
  run: async (facts, _before, ports, context) => {
    await mustStill(still, facts, ports.read, context, 'No pooler is pointed there. Abandon the job, then make a new plan.')
    await aimAll(of(facts), ports, context)
  },
  timeoutMs: 60_000,
  ending: {
    undo: async (facts, { was }, _output, ports, context) => {
      const members = await targets(facts, ports.read, context.signal)
      await Promise.all(of(facts).map((aim) => putBack(ports, aim, was[aim.pooler.id]!, members, context)))
    },
    sentence: 'If the job fails later, the files are put back as they were, unless they pointed to a member that takes no writes.',
  },
})

/** The same once the herd's primary has moved for good. A job that was resumed points them at `primary` only where that is still the one that takes writes. */
export const keepPoolersAimed = <F extends Facts>(
  of: (facts: F) => readonly PoolerAim[],
  primary: (facts: F) => Place,
): Effect<F, null, { poolers: string[] }> => ({
  title,
  preview: (facts) => previewOf(of(facts)),
  check: async (facts, ports, { signal }) => {
    const seen = await Promise.all(of(facts).map((aim) => lookAtAim(ports, aim, signal)))
    return seen.every(({ isRight }) => isRight) ? { found: 'done', output: outputOf(of(facts)) } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const place = primary(facts)
    if (!context.isUnbroken) {
      await mustWriteAlone({ place, mayServeOn: true }, ports.read, context)
      if ((await lookAt(ports.read, place, context.signal)).role !== 'primary')
        throw new Fault('step.blocked', { isOver: true, because: `${place.title} is no primary any more, so no pooler is pointed at it` })
    }
    return aimAll(of(facts), ports, context)
  },
  timeoutMs: 60_000,
  ending: { final: 'The poolers stay with the new primary.', harmless: true },
})

/** Everything that points one pooler where it is to point. Under a token of its own: an earlier writer that wakes up later is rejected by the host. */
export const aimPooler = async (
  ports: ActPorts,
  aim: PoolerAim,
  { signal, note, pause }: Pick<StepContext, 'signal' | 'note' | 'pause'>,
): Promise<void> => {
  const { address, id } = aim.pooler
  const token = await ports.act.inventory.claimPooler(id, { timeoutMs: commandTimeoutMs, signal })
  await writeAim(ports, aim, { token, timeoutMs: writeTimeoutMs }, { signal, note })
  note('command', 'RELOAD')
  await ports.act.poolers.reload(address, { timeoutMs: commandTimeoutMs, signal })
  await untilShown(ports.read, aim, { signal, pause }, lookEveryMs)
}

/**
 * Writes what is to change, once more each time that another herd's job has changed the file meanwhile. `file`: as it was last read. Throws
 * `record.conflict` when it is not what its template makes any more.
 */
export const writeAim = async (
  ports: ActPorts,
  { pooler: { address }, herdId, textFrom }: PoolerAim,
  { token, timeoutMs, file: known }: { token: number; timeoutMs: number; file?: Pick<PoolerFile, 'text' | 'digest'> },
  { signal, note }: Pick<StepContext, 'signal' | 'note'>,
): Promise<void> => {
  for (let tried = 1; ; tried += 1) {
    const file = (tried === 1 ? known : undefined) ?? (await readFile(ports.read.poolers, address, signal))
    const text = textFrom(file.text)
    if (text === null)
      throw new Fault('record.conflict', {
        isOver: true,
        because: `${address.configPath} on ${address.host.hostname} is not what its template makes: somebody has changed it. It is left alone.`,
      })
    if (text === file.text) return
    try {
      note('command', `write ${address.configPath}`)
      return await ports.act.poolers.writeFile(address, { text, expectedDigest: file.digest, token, herdId }, { timeoutMs, signal })
    } catch (error) {
      if (!isFault(error, 'record.conflict') || herdId === null || tried === writeTries) throw error
    }
  }
}

/** Waits until SHOW DATABASES says what the file says. Throws `step.unknown` when it does not in time. */
export const untilShown = async (
  ports: ReadPorts,
  { pooler, written, isJudged }: PoolerAim,
  { signal, pause }: Pick<StepContext, 'signal' | 'pause'>,
  everyMs: number,
): Promise<void> => {
  const until = ports.now().getTime() + shownMs
  for (;;) {
    const { databases } = await lookAtRunning(ports, pooler, signal)
    const wrong = notAsWritten(written, databases, isJudged)
    if (wrong.length === 0) return
    if (signal.aborted || ports.now().getTime() >= until)
      throw new Fault('step.unknown', {
        because: `${pooler.title} was told to read its file again, but ${wrong.map(({ name, is, should }) => `${name} points to ${is ? sayAims([is]) : 'nothing'} instead of ${sayAims([should])}`).join('; ')}. See PgBouncer’s log.`,
      })
    await pause(everyMs)
  }
}

const isWritten = ({ textFrom }: PoolerAim, { text }: PoolerFile): boolean => textFrom(text) === text

const lookAtAim = async (ports: ReadPorts, aim: PoolerAim, signal: AbortSignal): Promise<{ isRight: boolean; file: PoolerFile }> => {
  const [file, { databases }] = await Promise.all([
    readFile(ports.poolers, aim.pooler.address, signal),
    lookAtRunning(ports, aim.pooler, signal),
  ])
  return { file, isRight: isWritten(aim, file) && notAsWritten(aim.written, databases, aim.isJudged).length === 0 }
}

const readFile = async (poolers: PoolersRead, address: PoolerAddress, signal: AbortSignal): Promise<PoolerFile> => {
  const file = await poolers.readFile(address, { timeoutMs: lookTimeoutMs, signal })
  if (file === null)
    throw new Fault('shell.failed', { isOver: true, because: `${address.configPath} is not there on ${address.host.hostname}.` })
  return file
}

const pointingOf = (text: string): Pointing[] => databaseLines(text).map(({ name, host, port }) => ({ name, host, port }))

/** Lines that point to a member which does not lead, in words. */
const strays = (lines: readonly Pointing[], members: readonly Target[]): string[] =>
  lines.flatMap(({ name, host, port }) => {
    const member = members.find((one) => one.port === port && one.hosts.includes((host ?? '').toLowerCase()))
    return member === undefined || member.leads ? [] : [`${name} to ${member.title}`]
  })

/** Only a file that is ours, and only when it was another before; never one that would lead clients to a member that takes no writes. */
const putBack = async (
  ports: ActPorts,
  aim: PoolerAim,
  was: Before['was'][string],
  members: readonly Target[],
  { signal, note }: StepContext,
): Promise<void> => {
  const { address, id, title } = aim.pooler
  const file = await readFile(ports.read.poolers, address, signal)
  if (file.digest !== was.digest && isWritten(aim, file)) {
    const [before, now] = [was.lines, pointingOf(file.text)].map((lines) => strays(lines, members)) as [string[], string[]]
    if (before.length > 0) {
      note('warning', `${title} keeps its new file: the former one pointed ${before.join(', ')}, which takes no writes.`)
      if (now.length > 0)
        note('warning', `The new one points ${now.join(', ')}, which takes none either. Point the pooler at the primary again.`)
    } else {
      const token = await ports.act.inventory.claimPooler(id, { timeoutMs: commandTimeoutMs, signal })
      note('command', `write ${address.configPath} back`)
      const write = { expectedDigest: file.digest, token, herdId: aim.herdId }
      await ports.act.poolers.restoreFile(address, write, { timeoutMs: writeTimeoutMs, signal })
    }
  }
  note('command', 'RELOAD')
  await ports.act.poolers.reload(address, { timeoutMs: commandTimeoutMs, signal })
}
