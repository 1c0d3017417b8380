import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, PoolerSeen } from '@/lib/ports'
import type { PoolerPlace } from '../../facts/poolers'
import { blockersOf, commandTimeoutMs, lookAtPooler, lookAtRunning, sayClients } from './each-pooler'

export type PauseTarget = { pooler: PoolerPlace; databases: string[] }

/** Databases that were held before: they stay held when ours is undone. By pooler id. */
type Before = { held: Record<string, string[]> }

/**
 * Holds the clients of every database of these poolers back, all at once and under one deadline. What does not come to rest in time is resumed at once,
 * with everything else, and who held it up is named.
 */
export const pausePoolers = <F extends Facts>(
  of: (facts: F) => readonly PauseTarget[],
  timeoutMs: (facts: F) => number,
): Effect<F, Before, null> => ({
  title: 'Pause clients',
  preview: (facts) => ({
    sentence: `Pause ${of(facts)
      .map(({ pooler, databases }) => `${databases.join(', ')} on ${pooler.title}`)
      .join('; ')}: running queries finish, new ones wait. Times out after ${timeoutMs(facts) / 1000} s.`,
    commands: of(facts).flatMap(({ databases }) => databases.map((name) => `PAUSE "${name}"`)),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const seen = await Promise.all(of(facts).map(async (target) => ({ target, seen: await lookAtRunning(ports, target.pooler, signal) })))
    const open = seen.flatMap(({ target, seen: { databases } }) =>
      databases
        .filter((one) => target.databases.includes(one.name) && !isAtRest(one))
        .map(({ name }) => `${name} on ${target.pooler.title}`),
    )
    if (open.length === 0) return { found: 'done', output: null }
    const held = Object.fromEntries(seen.map(({ target, seen: { databases } }) => [target.pooler.id, heldOf(target, databases)]))
    if (intended === null) return { found: 'ready', before: { held } }
    const ours = Object.entries(held).flatMap(([id, names]) => names.filter((name) => !intended.before.held[id]?.includes(name)))
    return { found: 'ready', before: intended.before, ...(ours.length === 0 ? {} : { partly: `${ours.join(', ')} is paused` }) }
  },
  run: async (facts, before, ports, context) => {
    const targets = of(facts)
    const until = timeoutMs(facts)
    for (const { databases } of targets) for (const name of databases) context.note('command', `PAUSE "${name}"`)
    const pauses = targets.flatMap(({ pooler, databases }) =>
      databases.map((name) => ports.act.poolers.pause(pooler.address, name, { timeoutMs: until, signal: context.signal })),
    )
    const failed = (await Promise.allSettled(pauses)).find((one) => one.status === 'rejected')
    if (!failed) return
    const blockers = await Promise.all(targets.map(({ pooler, databases }) => blockersOf(ports.read, pooler, databases, context.signal)))
    await resumeAll(targets, before, ports, context)
    const named = sayClients(blockers.flat())
    throw new Fault(
      'pooler.timeout',
      {
        isOver: true,
        because:
          named === ''
            ? `Clients could not be paused: ${failed.reason instanceof Error ? failed.reason.message : String(failed.reason)}`
            : `Clients stayed in a transaction for more than ${until / 1000} s; everything was resumed. Held up by ${named}.`,
      },
      { cause: failed.reason },
    )
  },
  timeoutMs: (facts) => timeoutMs(facts) + 30_000,
  ending: {
    undo: (facts, before, _output, ports, context) => resumeAll(of(facts), before, ports, context),
    sentence: 'If the job fails later, clients are resumed.',
  },
})

const isAtRest = ({ isPaused, serversBusy }: PoolerSeen['databases'][number]): boolean => isPaused && serversBusy === 0
const heldOf = ({ databases }: PauseTarget, seen: PoolerSeen['databases']): string[] =>
  seen.filter(({ name, isPaused }) => isPaused && databases.includes(name)).map(({ name }) => name)

/** Resumes what is paused and was not before. Safe to run twice; a pooler that was stopped meanwhile holds nobody. */
const resumeAll = async (
  targets: readonly PauseTarget[],
  { held }: Before,
  ports: ActPorts,
  { signal, note }: StepContext,
): Promise<void> => {
  await Promise.all(
    targets.map(async ({ pooler, databases }) => {
      const seen = await lookAtPooler(ports.read, pooler, signal)
      const own = seen.databases.filter(({ name, isPaused }) => isPaused && databases.includes(name) && !held[pooler.id]?.includes(name))
      for (const { name } of own) {
        note('command', `RESUME "${name}"`)
        await ports.act.poolers.resume(pooler.address, name, { timeoutMs: commandTimeoutMs, signal })
      }
    }),
  )
}
