import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, DeadManSeen } from '@/lib/ports'
import type { DeadManFacts, DeadManPlace } from '../../facts/timers'
import { commandTimeoutMs } from './each-pooler'

const callTimeoutMs = 15_000

/**
 * Leaves a timer on the host of each pooler before any client is paused: if all workers are gone when its time is up, the host itself points the
 * pooler at the member that takes writes and resumes clients. However the job ends, the timers are disarmed; one that has fired is reported.
 */
export const armDeadMan = <F extends Facts>(of: (facts: F) => DeadManFacts): Effect<F, null, null> => ({
  title: 'Arm a timer on each pooler’s host',
  preview: (facts) => {
    const { hosts, expirySeconds } = of(facts)
    return hosts.length === 0
      ? { sentence: 'No pooler is paused, so no timer is needed.', commands: [] }
      : {
          sentence: hosts.every(asksNobody)
            ? `If nothing of ours gives a sign of life for ${expirySeconds} s, ${hosts.map(({ pooler }) => pooler.address.host.hostname).join(', ')} will resume clients of ${hosts.map(({ pooler, spec }) => `${spec.databases.map(({ name }) => name).join(', ')} on ${pooler.title}`).join('; ')}, wherever they point to.`
            : `If nothing of ours is left ${expirySeconds} s later, ${hosts.map(({ pooler }) => pooler.address.host.hostname).join(', ')} will ask the members who takes writes, point ${hosts.map(({ pooler }) => pooler.title).join(', ')} there and resume clients.`,
          commands: hosts.map(({ pooler }) => `setsid … dead-man timer of ${pooler.title}, ${expirySeconds} s`),
        }
  },
  check: async (facts, ports, { signal }) => {
    const { key, hosts } = of(facts)
    const limits = { timeoutMs: callTimeoutMs, signal }
    const seen = await Promise.all(hosts.map(({ pooler }) => ports.poolers.deadMan(pooler.address, key, limits)))
    if (seen.every(({ state }) => state === 'armed')) return { found: 'done', output: null }
    const over = seen.findIndex(({ state }) => state !== 'armed' && state !== 'absent')
    return over < 0 ? { found: 'ready', before: null } : { found: 'blocked', because: sayTimerOver(hosts[over]!, seen[over]!) }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    const { key, herdId, expirySeconds, hosts } = of(facts)
    const limits = { timeoutMs: callTimeoutMs, signal }
    await Promise.all(
      hosts.map(async ({ pooler, spec }) => {
        const token = await ports.act.inventory.claimPooler(pooler.id, { timeoutMs: commandTimeoutMs, signal })
        await ports.act.poolers.armDeadMan(pooler.address, { ...spec, key, herdId, token, expiryMs: expirySeconds * 1000 }, limits)
        note('info', `${pooler.address.host.hostname} resumes the clients of ${pooler.title} on its own in ${expirySeconds} s`)
      }),
    )
  },
  timeoutMs: 40_000,
  ending: {
    release: async (facts, _before, _output, ports, context) => {
      await disarmIdle(of(facts), ports, context, { ifUnreachable: 'disarm' })
    },
    sentence:
      'However the job ends, the timers are disarmed; one whose pooler still pauses clients keeps running until it may resume them.',
  },
})

/**
 * Ends the timers once the clients go on, long before the job ends. One whose pooler still pauses clients stays armed: it resumes them.
 */
export const disarmDeadMan = <F extends Facts>(of: (facts: F) => DeadManFacts): Effect<F, null, null> => ({
  title: 'Disarm the timers',
  preview: (facts) => ({
    sentence: `Disarm the timer on ${
      of(facts)
        .hosts.map(({ pooler }) => pooler.address.host.hostname)
        .join(', ') || 'no host'
    }.`,
    commands: [],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, context) => {
    await disarmIdle(of(facts), ports, context, { ifUnreachable: 'stays' })
    return null
  },
  proof: 'answer',
  timeoutMs: 40_000,
  ending: { final: 'Clients are resumed.', harmless: true },
})

const disarmIdle = async (
  { key, hosts }: DeadManFacts,
  ports: ActPorts,
  context: StepContext,
  { ifUnreachable }: { ifUnreachable: 'stays' | 'disarm' },
): Promise<void> => {
  const held = await Promise.all(hosts.map((host) => stillHolds(ports, host, context, ifUnreachable === 'stays')))
  await disarmAll({ key, hosts: hosts.filter((_host, index) => !held[index]) }, ports, context)
}

/** One whose console does not say counts as one that does. */
const stillHolds = async (
  ports: ActPorts,
  { pooler, spec }: DeadManPlace,
  { signal }: StepContext,
  ifUnreachable: boolean,
): Promise<boolean> => {
  const { state, databases } = await ports.read.poolers.look(pooler.address, { timeoutMs: callTimeoutMs, signal })
  if (state === 'unreachable') return ifUnreachable
  if (state !== 'online') return state !== 'stopped'
  return databases.some(({ name, isPaused }) => isPaused && spec.databases.some((ours) => ours.name === name))
}

/** A host that does not answer delays no job: its timer points to the member that takes writes, or went down with it. */
const disarmAll = async (
  { key, hosts }: Pick<DeadManFacts, 'key' | 'hosts'>,
  ports: ActPorts,
  { signal, note }: StepContext,
): Promise<void> => {
  await Promise.all(
    hosts.map(async ({ pooler, spec }) => {
      try {
        const seen = await ports.act.poolers.disarmDeadMan(pooler.address, key, { timeoutMs: callTimeoutMs, signal })
        if (seen.state === 'firing' || seen.state === 'fired') note('warning', sayFired({ pooler, spec }, seen))
        if (seen.log.trim() !== '' && seen.state !== 'disarmed') note('stdout', seen.log.trim())
      } catch (error) {
        if (!isFault(error) || !error.code.startsWith('shell.') || signal.aborted) throw error
        note(
          'warning',
          `The timer on the host of ${pooler.title} could not be disarmed, and resumes its clients on its own: ${error.message}`,
        )
      }
    }),
  )
}

const asksNobody = ({ spec }: Pick<DeadManPlace, 'spec'>): boolean => spec.members.length === 0

const sayFired = ({ pooler, spec }: Pick<DeadManPlace, 'pooler' | 'spec'>, { ledTo, resumed }: DeadManSeen): string => {
  const pointed = asksNobody({ spec }) ? '' : `pointed the pooler at ${ledTo ?? 'nobody yet'} and `
  return `The timer on the host of ${pooler.title} has fired: it ${pointed}resumed the clients of ${resumed.join(', ') || 'no database'}.`
}

export const sayTimerOver = (place: DeadManPlace, seen: DeadManSeen): string =>
  seen.state === 'fired' || seen.state === 'firing'
    ? sayFired(place, seen)
    : `The timer on the host of ${place.pooler.title} is ${seen.state}: nobody would resume its clients.`

/**
 * Restarts the time: to be called right before clients are paused, with the token under which the job writes each pooler's file, so that its own
 * writing shuts no timer out. Nothing that must not be interrupted is begun once that time is nearly up, by the worker's own clock. Throws `step.blocked` when one of them is not armed any more.
 */
export const restartDeadMan = async (
  ports: ActPorts,
  { key, expirySeconds, hosts }: DeadManFacts,
  tokenOf: (poolerId: string) => number,
  signal: AbortSignal,
): Promise<void> => {
  const seen = await Promise.all(
    hosts.map(({ pooler }) => {
      const extension = { key, expiryMs: expirySeconds * 1000, token: tokenOf(pooler.id) }
      return ports.act.poolers.extendDeadMan(pooler.address, extension, { timeoutMs: callTimeoutMs, signal })
    }),
  )
  const over = seen.findIndex(({ state }) => state !== 'armed')
  if (over >= 0) throw new Fault('step.blocked', { isOver: true, because: sayTimerOver(hosts[over]!, seen[over]!) })
}

/** To be called before a pooler's file is written under another token, or its timer would take that for a later writer and leave the clients where they are. */
export const carryDeadMan = async (
  ports: ActPorts,
  { key, expirySeconds, hosts }: DeadManFacts,
  { poolerId, token }: { poolerId: string; token: number },
  signal: AbortSignal,
): Promise<void> => {
  const host = hosts.find(({ pooler }) => pooler.id === poolerId)
  if (host === undefined) return
  const extension = { key, expiryMs: expirySeconds * 1000, token }
  await ports.act.poolers.extendDeadMan(host.pooler.address, extension, { timeoutMs: callTimeoutMs, signal })
}
