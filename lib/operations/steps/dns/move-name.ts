import { dnsProviders } from '@/lib/domain/dns/providers'
import { type RecordSet, sameRecords, sameValues, sayRecords } from '@/lib/domain/dns/records'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { leaveOut, notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { ActPorts, NameAnswer, ReadPorts } from '@/lib/ports'
import type { Plain } from '../../facts/instance'
import { askTimeoutMs, cachedSeconds, isServing, moveCommands, type NameMove, ownRecords, sayMove } from '../../facts/names'
import { mustStill, type Still } from '../postgres/still'

type Records = Plain<RecordSet>[]
/** What each name held, in the order of the moves. */
type Before = { was: Records[] }
type Output = { names: { name: string; records: Records; servers: { server: string; says: string }[] }[] }
type Seen = { move: NameMove; held: RecordSet[]; isRight: boolean; answers: NameAnswer[] }

const replaceTimeoutMs = ({ zone }: NameMove): number => dnsProviders[zone.provider].changeMs
/** How long secondaries may take to follow; a NOTIFY and a transfer take a second or two. */
const propagationMs = 60_000
const lookEveryMs = 500

export interface NameWords {
  title?: string
  none?: string
  /** The ending where the move is what the operation is for, and is not undone when something after it fails. */
  stays?: { final: string; harmless: true }
  /** A zone that cannot be looked at yet is no fault: a plan is made all the same, and a job asks and goes on later. */
  isPatient?: boolean
}

/** How the names that point to standbys are moved. */
export const standbyNames: NameWords = {
  title: 'Move the DNS names of the standbys',
  none: 'No DNS name follows the standbys.',
  stays: { final: 'The names stay with the current standbys.', harmless: true },
  isPatient: true,
}

/**
 * Points names somewhere else, each in one update under the condition that it still holds what it held. Done when the source of truth holds it and every
 * authoritative server that answers says so too; those that do not answer are named in the output. No names: nothing to do. `still`: what they are moved for.
 */
export const moveNames = <F extends Facts>(
  of: (facts: F) => readonly NameMove[],
  still: Still<F>,
  { title = 'Move the DNS names', none = 'No DNS name follows the primary.', stays, isPatient = false }: NameWords = {},
): Effect<F, Before, Output> => ({
  title,
  preview: (facts) => ({
    sentence: of(facts).length === 0 ? none : `Change ${of(facts).map(sayMove).join('; ')}, and prove it on every authoritative server.`,
    commands: of(facts).flatMap(moveCommands),
  }),
  check: async (facts, ports, { signal, intended }) => {
    if (of(facts).length === 0) return leaveOut(notNeeded(none))
    const was = intended?.before.was ?? null
    const looks = Promise.all(of(facts).map((move, index) => lookAtName(ports, move, was?.[index] ?? null, signal)))
    const seen = await (isPatient && intended === null ? orWhy(looks, signal) : looks)
    if ('because' in seen) return { found: 'blocked', because: seen.because }
    const wrong = seen.filter((one) => !one.isRight)
    const late = seen.filter((one) => one.isRight && disagreeing(one).length > 0)
    if (wrong.length === 0 && late.length === 0) return { found: 'done', output: { names: seen.map(outcome) } }
    if (intended === null) return { found: 'ready', before: { was: seen.map(({ held }) => held) } }
    const strange = seen.find((one, index) => !one.isRight && !sameRecords(one.held, intended.before.was[index] ?? []))
    if (strange) return { found: 'blocked', because: changedElsewhere(strange.move, strange.held) }
    if (wrong.length > 0) return { found: 'ready', before: intended.before }
    return { found: 'blocked', because: late.map(sayLate).join('; '), isPassing: true }
  },
  run: async (facts, { was }, ports, context) => {
    const moves = of(facts)
    await mustStill(
      still,
      facts,
      ports.read,
      context,
      `No name is moved there. Abandon the job, then refresh ${moves.map(({ name }) => name).join(', ')}.`,
    )
    for (const [index, move] of moves.entries()) await replaceName(ports, move, was[index] ?? [], move.next, context)
    await untilServed(moves, was, ports.read, context)
    for (const [index, { name, next }] of moves.entries()) {
      const seconds = cachedSeconds({ now: was[index] ?? null, next })
      const until = new Date(ports.read.now().getTime() + seconds * 1000).toISOString().slice(11, 19)
      if (seconds > 0) context.note('info', `Resolvers may give the old answer of ${name} until ${until} UTC (TTL ${seconds} s).`)
    }
  },
  timeoutMs: (facts) => propagationMs + of(facts).reduce((sum, move) => sum + 2 * replaceTimeoutMs(move), 0),
  ending: stays ?? {
    undo: async (facts, { was }, _output, ports, context) => {
      for (const [index, move] of [...of(facts).entries()].reverse()) await replaceName(ports, move, move.next, was[index] ?? [], context)
    },
    sentence: 'If the job fails later, the names are moved back.',
    timeoutMs: 300_000,
  },
})

/** Why it could not be looked at, as a value. */
const orWhy = async <T>(look: Promise<T>, signal: AbortSignal): Promise<T | { because: string }> => {
  try {
    return await look
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { because: error.message }
  }
}

type Context = Parameters<Effect<Facts>['run']>[3] | Parameters<Extract<Effect<Facts>['ending'], { undo: unknown }>['undo']>[4]

/** Nothing is sent when the name is right already. */
const replaceName = async (ports: ActPorts, move: NameMove, expected: Records, next: Records, { signal, note }: Context): Promise<void> => {
  const held = await heldAt(ports.read, move, signal)
  if (isRight(held, next, expected)) return
  if (!sameRecords(held, expected)) throw new Fault('dns.changed', { because: changedElsewhere(move, held), isOver: true })
  for (const line of moveCommands({ ...move, now: expected, next })) note('command', line)
  await ports.act.names.replace(
    move.zone,
    { name: move.name, types: move.types, expected, next },
    { timeoutMs: replaceTimeoutMs(move), signal },
  )
  note('info', `${move.name} is now ${sayRecords(next)} at the zone’s primary server.`)
}

/** Waits for the authoritative servers; what is still open when the time is over is left to the proof. */
const untilServed = async (
  moves: readonly NameMove[],
  was: readonly Records[],
  ports: ReadPorts,
  { signal, note, pause }: Parameters<Effect<Facts>['run']>[3],
): Promise<void> => {
  const endsAt = ports.now().getTime() + propagationMs
  for (;;) {
    const seen = await Promise.all(moves.map((move, index) => lookAtName(ports, move, was[index] ?? null, signal)))
    const open = seen.filter((one) => disagreeing(one).length > 0)
    if (open.length === 0 || signal.aborted || ports.now().getTime() >= endsAt) {
      for (const { move, answers } of seen)
        for (const answer of answers.filter((one) => !isServing(one)))
          note(
            'warning',
            `${answer.server} does not serve ${move.name} (${answer.code}): whether it will say the right thing is not known.`,
          )
      return
    }
    await pause(lookEveryMs)
  }
}

const heldAt = async (ports: ReadPorts, move: NameMove, signal: AbortSignal): Promise<RecordSet[]> =>
  ownRecords(move, await ports.names.current(move.zone, move.name, { timeoutMs: askTimeoutMs, signal }))

/**
 * Right to the letter; or, once it was to be moved from `was`, pointing where it should with another TTL: somebody was faster than the console and
 * did the same by hand.
 */
const isRight = (held: readonly RecordSet[], next: readonly RecordSet[], was: readonly RecordSet[] | null): boolean =>
  sameRecords(held, next) || (was !== null && !sameRecords(held, was) && sameValues(held, next))

/** The authoritative servers are asked only once the source of truth is right: before that they cannot be. */
const lookAtName = async (ports: ReadPorts, move: NameMove, was: Records | null, signal: AbortSignal): Promise<Seen> => {
  const held = await heldAt(ports, move, signal)
  const isDone = isRight(held, move.next, was)
  const answers = isDone ? await ports.names.authoritative(move.zone, move.name, { timeoutMs: askTimeoutMs, signal }) : []
  return { move, held, isRight: isDone, answers }
}

/** Servers that answer something else than the source of truth; all of them when none serves the zone at all. */
const disagreeing = ({ move, held, answers }: Seen): NameAnswer[] => {
  const serving = answers.filter(isServing)
  return serving.length === 0 ? answers : serving.filter(({ records }) => !sameRecords(ownRecords(move, records), held))
}

const says = (move: NameMove, answer: NameAnswer): string =>
  isServing(answer) ? sayRecords(ownRecords(move, answer.records)) : answer.code

const outcome = ({ move, held, answers }: Seen) => ({
  name: move.name,
  records: held,
  servers: answers.map((answer) => ({ server: answer.server, says: says(move, answer) })),
})

const changedElsewhere = (move: NameMove, held: readonly RecordSet[]): string =>
  `${move.name} is ${sayRecords(held)}, and should be ${sayRecords(move.next)}: somebody else changed it meanwhile`

const sayLate = (seen: Seen): string =>
  `${seen.move.name} should be ${sayRecords(seen.move.next)}, but ${disagreeing(seen)
    .map((answer) => `${answer.server} says ${says(seen.move, answer)}`)
    .join(', ')}`
