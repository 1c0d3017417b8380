import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { PoolerSeen } from '@/lib/ports'
import type { PoolerPlace } from '../../facts/poolers'
import { commandTimeoutMs, lookAtRunning } from './each-pooler'

/** `databases` null: all of them, and a pause of the whole. */
export type ResumeTarget = { pooler: PoolerPlace; databases: readonly string[] | null }

const heldIn = ({ databases: ours }: ResumeTarget, { isPausedWhole, databases }: PoolerSeen) => ({
  isWhole: ours === null && isPausedWhole === true,
  names: databases.filter(({ name, isPaused }) => isPaused && (ours === null || ours.includes(name))).map(({ name }) => name),
})

/** Resumes clients of these databases, however they were paused. */
export const resumePoolers = <F extends Facts>(of: (facts: F) => readonly ResumeTarget[]): Effect<F, null, null> => ({
  title: 'Resume clients',
  preview: (facts) => ({
    sentence: `Resume ${of(facts)
      .map(({ pooler, databases }) => (databases === null ? pooler.title : `${databases.join(', ')} on ${pooler.title}`))
      .join(', ')}: waiting clients are served.`,
    commands: ['RESUME'],
  }),
  check: async (facts, ports, { signal }) => {
    const held = await Promise.all(of(facts).map(async (one) => heldIn(one, await lookAtRunning(ports, one.pooler, signal))))
    return held.every(({ isWhole, names }) => !isWhole && names.length === 0)
      ? { found: 'done', output: null }
      : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    await Promise.all(
      of(facts).map(async (one) => {
        const { pooler } = one
        const { isWhole, names } = heldIn(one, await lookAtRunning(ports.read, pooler, signal))
        const options = { timeoutMs: commandTimeoutMs, signal }
        if (isWhole) {
          note('command', 'RESUME')
          await ports.act.poolers.resumeWhole(pooler.address, options)
        }
        for (const name of names) {
          note('command', `RESUME "${name}"`)
          await ports.act.poolers.resume(pooler.address, name, options)
        }
      }),
    )
  },
  timeoutMs: 60_000,
  ending: { final: 'Clients have been served meanwhile; that cannot be undone.', harmless: true },
})
