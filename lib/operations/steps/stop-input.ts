import { z } from 'zod'
import { isUp, type Member } from '../facts/instance'

/** How a server is told to shut down; shared by every operation that stops one. */
export const stopInput = {
  mode: z.enum(['smart', 'fast', 'immediate']).default('fast').meta({
    title: 'Mode',
    description:
      'smart waits for clients to leave; fast rolls back their transactions and cuts them; immediate cuts them and recovers at the next start.',
  }),
  timeoutSeconds: z
    .int()
    .min(5)
    .max(3600)
    .default(60)
    .meta({ title: 'Shutdown timeout (seconds)', description: 'How long the shutdown itself may take.' }),
}

export type StopInput = { mode: 'smart' | 'fast' | 'immediate'; timeoutSeconds: number }

export const stopOf = {
  mode: (facts: { input: StopInput }) => facts.input.mode,
  timeoutMs: (facts: { input: StopInput }) => facts.input.timeoutSeconds * 1000,
  beside: ({ others }: { others: readonly Member[] }) =>
    others.filter(({ role, state }) => role === 'primary' && isUp(state)).map(({ id }) => id),
}
