import { leadsTo } from '@/lib/domain/poolers/judge'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { notAsked, notNeeded, type When } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, warn } from '@/lib/kernel/operation/verdict'
import type { ReadPorts } from '@/lib/ports'
import type { HerdFacts } from '../facts/instance'
import { lookTimeoutMs } from '../facts/poolers'
import { blockersOf, sayClients } from '../steps/poolers/each-pooler'
import { type PauseTarget, pausePoolers } from '../steps/poolers/pause'
import type { ResizeInput } from './input'
import type { OfTimers } from './reader-timers'

/** Poolers on other hosts with databases that point to the member itself, by its address or host name. A name that DNS moves is none of them. */
export type Readers = {
  /** Without what is paused already, which is somebody else's to resume. */
  targets: PauseTarget[]
  /** Titles of poolers that could not be seen. */
  unseen: string[]
  /** Databases in session mode that have clients: a pause waits until they disconnect. */
  session: string[]
}

export const gatherReaders = async (ports: ReadPorts, { instance, probe }: HerdFacts, signal: AbortSignal): Promise<Readers> => {
  if (probe.role === 'primary') return { targets: [], unseen: [], session: [] }
  const { host, port } = instance.address
  const member = { title: instance.title, ...host, port, serverId: instance.serverId, isPrimary: false, isOnline: true }
  const poolers = (await ports.inventory.herdPoolers(instance.herdId)).filter(({ serverId }) => serverId !== instance.serverId)
  const seen = await Promise.all(
    poolers.map(async (pooler) => ({ pooler, ...(await ports.poolers.look(pooler.address, { timeoutMs: lookTimeoutMs, signal })) })),
  )
  const pointing = seen.map(({ pooler, databases }) => ({
    pooler,
    databases: databases.filter((one) => leadsTo(one, member, pooler.serverId)),
  }))
  return {
    targets: pointing.flatMap(({ pooler, databases }) => {
      const open = databases.filter(({ isPaused }) => !isPaused).map(({ name }) => name)
      return open.length === 0 ? [] : [{ pooler: { ...pooler, herds: pooler.herds.map((one) => ({ ...one })) }, databases: open }]
    }),
    unseen: seen.filter(({ state }) => state !== 'online' && state !== 'stopped').map(({ pooler }) => pooler.title),
    session: pointing.flatMap(({ databases }) =>
      databases.filter(({ poolMode, clientsActive }) => poolMode === 'session' && clientsActive > 0).map(({ name }) => name),
    ),
  }
}

/** What is asked of the facts of a resize here. */
type OfReaders = { readers: Readers; input: Pick<ResizeInput, 'readers' | 'drainSeconds'> }

const sayTargets = (targets: readonly PauseTarget[]): string =>
  targets.map(({ pooler, databases }) => `${databases.join(', ')} of ${pooler.title}`).join('; ')

export const readersWait = ({ readers: { targets, unseen, session }, input }: OfReaders): Verdict => {
  const hidden = unseen.length === 0 ? '' : ` ${unseen.join(', ')} cannot be seen, and may send clients to it.`
  if (targets.length === 0) return hidden === '' ? pass : warn(hidden.trim())
  const points = `${sayTargets(targets)} ${targets.length === 1 && targets[0]!.databases.length === 1 ? 'points' : 'point'} to it`
  if (input.readers === 'leave') return warn(`${points}, and clients there are cut.${hidden}`)
  const long = session.length === 0 ? '' : ` ${session.join(', ')}: in session mode a client keeps its connection until it disconnects.`
  const said = `${points}: clients there are paused until it is back. PgBouncer cuts those that wait longer than its query_wait_timeout (120 s unless set otherwise).${long}${hidden}`
  return input.readers === 'cut' && long === '' && hidden === '' ? passBecause(said) : warn(said)
}

const drainMs = ({ input }: OfReaders): number => input.drainSeconds * 1000
const pause = pausePoolers<OfReaders>(({ readers }) => readers.targets, drainMs)
type Before = { held: Record<string, string[]> }
/** The deadline is over: who is still in a transaction is cut. */
const cutMark = 'cut'

/** Databases that are paused stay so. Where the policy says so, a client still in a transaction after the deadline is cut by the stop. */
export const drainReaders: Effect<OfReaders & OfTimers, Before, null> = {
  ...pause,
  title: 'Drain poolers that read from it',
  check: async (facts, ports, context) =>
    context.intended !== null && context.mark === cutMark ? { found: 'done', output: null } : pause.check(facts, ports, context),
  run: async (facts, before, ports, context) => {
    if (facts.input.readers !== 'cut') {
      await pause.run(facts, before, ports, context)
      return
    }
    const pauses = facts.readers.targets.flatMap(({ pooler, databases }) =>
      databases.map((name) => {
        context.note('command', `PAUSE "${name}"`)
        return ports.act.poolers.pause(pooler.address, name, { timeoutMs: drainMs(facts), signal: context.signal })
      }),
    )
    for (const one of await Promise.allSettled(pauses)) {
      if (one.status === 'fulfilled') continue
      if (!isFault(one.reason, 'pooler.timeout') || context.signal.aborted)
        throw one.reason instanceof Fault ? one.reason : new Fault('internal.bug', {}, { cause: one.reason })
    }
    const targets = facts.readers.targets
    const left = await Promise.all(targets.map(({ pooler, databases }) => blockersOf(ports.read, pooler, databases, context.signal)))
    const named = sayClients(left.flat())
    if (named !== '')
      context.note('warning', `Still in a transaction after ${facts.input.drainSeconds} s, and cut when PostgreSQL stops: ${named}.`)
    await context.mark(cutMark)
  },
  ending: {
    release: (facts, before, output, ports, context) =>
      'undo' in pause.ending ? pause.ending.undo(facts, before, output, ports, context) : Promise.resolve(),
    sentence: 'However the job ends, clients of these databases are resumed.',
    timeoutMs: 60_000,
  },
}

export const drains: When<OfReaders> = {
  when: ({ readers, input }) => readers.targets.length > 0 && input.readers !== 'leave',
  otherwise: ({ readers }) =>
    readers.targets.length === 0 ? notNeeded('No pooler on another host points to it.') : notAsked('Clients of poolers are cut, as asked.'),
}
