import type { Effect, Facts } from '@/lib/kernel/operation'
import type { PoolerPlace } from '../poolers/facts'
import { commandTimeoutMs, lookAtRunning } from './poolers'

/** Lets the clients of every database go on, however and by whomever they were held back. */
export const resumePoolers = <F extends Facts>(of: (facts: F) => readonly PoolerPlace[]): Effect<F, null, null> => ({
  title: 'Let the clients go on',
  preview: (facts) => ({
    sentence: `Resume ${of(facts)
      .map(({ title }) => title)
      .join(', ')}: whoever waits is served.`,
    commands: ['RESUME'],
  }),
  check: async (facts, ports, { signal }) => {
    const seen = await Promise.all(of(facts).map((pooler) => lookAtRunning(ports, pooler, signal)))
    const isFree = seen.every(({ isPausedWhole, databases }) => !isPausedWhole && databases.every(({ isPaused }) => !isPaused))
    return isFree ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    await Promise.all(
      of(facts).map(async (pooler) => {
        const seen = await lookAtRunning(ports, pooler, signal)
        const options = { timeoutMs: commandTimeoutMs, signal }
        if (seen.isPausedWhole) {
          note('command', 'RESUME')
          await ports.poolersAct.resumeWhole(pooler.address, options)
        }
        for (const { name } of seen.databases.filter(({ isPaused }) => isPaused)) {
          note('command', `RESUME "${name}"`)
          await ports.poolersAct.resume(pooler.address, name, options)
        }
      }),
    )
  },
  timeoutMs: 60_000,
  ending: { final: 'Clients that were served cannot be held back again for the time that passed.', harmless: true },
})
