import { pauseKey } from '@/lib/domain/managers/patroni-config'
import { Fault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, InventoryInstance, PatroniLeader, ReadPorts } from '@/lib/ports'
import type { Plain } from '../../facts/instance'
import { orNull } from '../../facts/or-null'
import { mustBeTaken, tellCluster } from '../cluster'
import { isOurPause, nameOf, saysPaused, type ZeroGapFacts } from './facts'

const timerTimeoutMs = 20_000
const pokeTimeoutMs = 10_000
const lookTimeoutMs = 10_000
const lookEveryMs = 300
const conflict = 409

/** What is not there is taken out: nothing changes, the member's loop is woken, and the answer is what the DCS holds now. */
const nothing = { method: 'PATCH', path: '/config', body: { matriarch_none: null } } as const

const freshConfig = async ({ patroni }: ZeroGapFacts, ports: ActPorts, { signal }: StepContext): Promise<string> => {
  const answer = await tellCluster(patroni, nothing, ports, { signal, note: () => {} })
  mustBeTaken(answer)
  return answer.text
}

/** Each member's loop runs now, rather than within its loop_wait. One that does not answer runs it by itself later. */
export const wake = async ({ patroni }: ZeroGapFacts, ports: ActPorts, { signal }: StepContext): Promise<void> => {
  await Promise.allSettled(
    patroni.places.map(({ address }) =>
      ports.act.hosts.askPatroni(address.host, { ...nothing, dataDirectory: address.dataDirectory }, { timeoutMs: pokeTimeoutMs, signal }),
    ),
  )
  signal.throwIfAborted()
}

/**
 * Pauses Patroni, or makes our pause of it last anew, for so many seconds from now: a timer on every member's host ends it then, whatever becomes of us. Each
 * time has a key of its own, and timers of an earlier one see that theirs is over. Throws where somebody else has paused it, or where it must be ours (`isRenewed`) and is not any more.
 */
export const pauseFor = async (
  facts: ZeroGapFacts,
  { seconds, isRenewed }: { seconds: number; isRenewed: boolean },
  ports: ActPorts,
  context: StepContext,
): Promise<void> => {
  const { patroni } = facts
  const key = `${patroni.key}-${crypto.randomUUID().slice(0, 8)}`
  await Promise.all(
    patroni.places.map(async ({ address }) => {
      const argv = await ports.read.hosts.endPauseCommand(address.dataDirectory, key, seconds)
      await ports.act.work.launch(address.host, key, argv, { timeoutMs: timerTimeoutMs, signal: context.signal })
    }),
  )
  for (;;) {
    const whileConfigIs = await freshConfig(facts, ports, context)
    if (isRenewed && !isOurPause(patroni, whileConfigIs))
      throw notOurs('The pause of Patroni is not ours any more, so it decides by itself who leads.')
    if (!isRenewed && saysPaused(whileConfigIs) && !isOurPause(patroni, whileConfigIs))
      throw notOurs('Somebody else has paused Patroni meanwhile.')
    const request = { method: 'PATCH', path: '/config', body: { pause: true, [pauseKey]: key }, whileConfigIs } as const
    const answer = await tellCluster(patroni, request, ports, context)
    if (answer.status !== conflict) return mustBeTaken(answer)
    context.signal.throwIfAborted()
    await context.pause(lookEveryMs)
  }
}

const notOurs = (because: string): Fault => new Fault('step.blocked', { isOver: true, because })

export const allSay = async (isPaused: boolean, { patroni }: ZeroGapFacts, ports: ReadPorts, signal: AbortSignal): Promise<boolean> => {
  const said = await Promise.all(patroni.places.map((place) => orNull(lookFrom(place, ports, signal), signal)))
  // Silence is not a word of it.
  return said.every((one) => one?.isPaused === isPaused)
}

const lookFrom = ({ address }: Pick<InventoryInstance, 'address'>, ports: ReadPorts, signal: AbortSignal): Promise<PatroniLeader> =>
  ports.hosts.patroniLeader(address.host, address.dataDirectory, { timeoutMs: lookTimeoutMs, signal })

/** From the first member that answers; null: none does. */
const lookNow = async ({ patroni }: ZeroGapFacts, ports: ReadPorts, signal: AbortSignal): Promise<PatroniLeader | null> => {
  for (const place of patroni.places) {
    const seen = await orNull(lookFrom(place, ports, signal), signal)
    if (seen !== null) return seen
  }
  return null
}

export const untilAllSay = async (isPaused: boolean, facts: ZeroGapFacts, ports: ActPorts, context: StepContext): Promise<void> => {
  while (!(await allSay(isPaused, facts, ports.read, context.signal))) {
    context.signal.throwIfAborted()
    await context.pause(lookEveryMs)
  }
}

/** Ends our pause as soon as no second primary can come of it; one of somebody else is left alone. Safe to run twice. */
export const endPause = async (facts: ZeroGapFacts, ports: ActPorts, context: StepContext): Promise<void> => {
  for (;;) {
    const whileConfigIs = await freshConfig(facts, ports, context)
    if (!isOurPause(facts.patroni, whileConfigIs)) return
    // At the end of a pause a member that holds the leader key, and is no primary, is promoted, whoever else takes writes. In the pause its own loop gives the key up, or the key runs out.
    const seen = await lookNow(facts, ports.read, context.signal)
    if (seen !== null && seen.holder !== 'other') {
      const request = { method: 'PATCH', path: '/config', body: { pause: null, [pauseKey]: null }, whileConfigIs } as const
      const answer = await tellCluster(facts.patroni, request, ports, context)
      if (answer.status !== conflict) return mustBeTaken(answer)
    } else await wake(facts, ports, context)
    context.signal.throwIfAborted()
    await context.pause(lookEveryMs)
  }
}

export const isPausedByUs = async (facts: ZeroGapFacts, ports: ActPorts, context: StepContext): Promise<boolean> =>
  isOurPause(facts.patroni, await freshConfig(facts, ports, context))

/** The registered member that holds the leader key and takes writes; null: there is none, or nobody says. */
export const leaderNow = async (facts: ZeroGapFacts, ports: ReadPorts, signal: AbortSignal): Promise<Plain<InventoryInstance> | null> => {
  const seen = await lookNow(facts, ports, signal)
  if (seen?.holder !== 'primary') return null
  return facts.patroni.places.find((one) => nameOf(facts, one) === seen.leader) ?? null
}
