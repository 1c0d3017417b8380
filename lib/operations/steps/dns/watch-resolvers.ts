import { sameValues, sayRecords } from '@/lib/domain/dns/records'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { NameAnswer } from '@/lib/ports'
import { askTimeoutMs, cachedSeconds, type NameMove, ownRecords } from '../../facts/names'

type Resolver = { name: string; server: string; says: string; agrees: boolean; afterMs: number | null }
type Output = { resolvers: Resolver[] }

/** Nobody waits longer for caches, however long the old answer may be kept. */
const watchMaxSeconds = 300
const lookEveryMs = 1_000
/** A resolver counts whole seconds, and may have asked in the last moment before the change. */
const graceSeconds = 2

/** Seconds until every resolver must have forgotten what the names were. */
const watchSeconds = (moves: readonly NameMove[]): number => {
  const seconds = Math.max(0, ...moves.map(cachedSeconds))
  return seconds === 0 ? 0 : Math.min(watchMaxSeconds, seconds + graceSeconds)
}

/**
 * Asks resolvers, as clients do, until they give the new answer or must have forgotten the old one. What they say is reported and never fails the job:
 * the name itself is right by then. No names: nothing to do.
 */
export const watchResolvers = <F extends Facts>(of: (facts: F) => readonly NameMove[]): Effect<F, null, Output> => ({
  title: 'Watch the resolvers',
  preview: (facts) => ({
    sentence:
      of(facts).length === 0
        ? 'No DNS name was moved.'
        : `Ask the resolvers until they give the new answer, for at most ${watchSeconds(of(facts))} s: as long as they may keep the old one.`,
    commands: [],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, { signal, note, pause }) => {
    const startedAt = ports.read.now().getTime()
    const endsAt = startedAt + watchSeconds(of(facts)) * 1000
    const agreedAfter = new Map<string, number>()
    for (;;) {
      const asked = await Promise.all(
        of(facts).map((move) => ports.read.names.resolvers(move.zone, move.name, { timeoutMs: askTimeoutMs, signal })),
      )
      const elapsedMs = ports.read.now().getTime() - startedAt
      const resolvers = of(facts).flatMap((move, index) => asked[index]!.map((answer) => told(move, answer, elapsedMs, agreedAfter)))
      signal.throwIfAborted()
      if (resolvers.every(({ agrees }) => agrees) || ports.read.now().getTime() >= endsAt) {
        for (const { name, server, says, agrees } of resolvers)
          note(
            agrees ? 'info' : 'warning',
            `The resolver ${server} says ${name} is ${says}${agrees ? '' : ', which is not what it should be'}.`,
          )
        return { resolvers }
      }
      await pause(lookEveryMs)
    }
  },
  timeoutMs: (facts) => watchSeconds(of(facts)) * 1000 + 2 * askTimeoutMs + 10_000,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'The check changes nothing.', harmless: true },
})

const told = (move: NameMove, answer: NameAnswer, elapsedMs: number, agreedAfter: Map<string, number>): Resolver => {
  const own = ownRecords(move, answer.records)
  const agrees = sameValues(own, move.next)
  const key = `${move.name} ${answer.server}`
  if (agrees && !agreedAfter.has(key)) agreedAfter.set(key, elapsedMs)
  const isAnswer = answer.code === 'NOERROR' || answer.code === 'NXDOMAIN'
  return {
    name: move.name,
    server: answer.server,
    says: isAnswer ? sayRecords(own) : answer.code,
    agrees,
    afterMs: agrees ? agreedAfter.get(key)! : null,
  }
}
