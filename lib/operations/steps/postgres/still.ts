import { Fault } from '@/lib/kernel/ground/errors'
import type { ReadPorts } from '@/lib/ports'
import type { Place } from '../../facts/instance'
import { lookAt } from './server'

/** Why what a step rests on is not so any more; null: it is. Throws as a look does where that cannot be seen. */
export type Still<F> = (facts: F, ports: ReadPorts, signal: AbortSignal) => Promise<string | null>

/** It takes writes. */
export const stillLeads =
  <F>(of: (facts: F) => Place): Still<F> =>
  async (facts, ports, signal) => {
    const { title } = of(facts)
    const { state, role } = await lookAt(ports, of(facts), signal)
    if (state === 'online' && role === 'primary') return null
    return `${title} takes no writes any more: it is ${state === 'online' ? 'a standby' : state}`
  }

/** Nobody has promoted it. */
export const stillNoPrimary =
  <F>(of: (facts: F) => Place): Still<F> =>
  async (facts, ports, signal) =>
    (await lookAt(ports, of(facts), signal)).role === 'primary' ? `${of(facts).title} takes writes: somebody has promoted it` : null

/** To be called right before an act: the job may be days old, and somebody else has hands too. Throws `step.blocked`. */
export const mustStill = async <F>(
  still: Still<F> | undefined,
  facts: F,
  ports: ReadPorts,
  { signal }: { signal: AbortSignal },
  question: string,
): Promise<void> => {
  const because = (await still?.(facts, ports, signal)) ?? null
  if (because !== null) throw new Fault('step.blocked', { isOver: true, because, question })
}
