import { Fault } from '@/lib/kernel/ground/errors'
import type { DeadManAnswer, DeadManArming, DeadManMember, DeadManSeen, DeadManSpec, PoolersAct, PoolersRead } from '@/lib/ports'
import { type Calls, perform, reach } from '../world/calls'
import { type MemoryDeadMan, type MemoryPooler, servesOthers, type World } from '../world/world'
import { applyFile, digestOf, fenceFor, findPooler, putFile } from './pooler-state'

/** What becomes of every timer by now, whether anybody looked or not. */
export const settleDeadMen = (world: World): void => {
  for (const pooler of world.poolers.values()) settleDeadMan(world, pooler)
}

export const settleDeadMan = (world: World, pooler: MemoryPooler): void => {
  if (pooler.host.power === 'off') return
  for (const timer of pooler.timers.filter(({ outcome }) => outcome === null || outcome === 'firing')) {
    if (timer.arming.members.length === 0) {
      if (world.clock.now().getTime() >= timer.expiresAtMs) letGo(pooler, timer)
      continue
    }
    const leader = world.clock.now().getTime() < timer.expiresAtMs ? null : leaderOf(world, timer.arming)
    if (leader !== null) Object.assign(timer, { outcome: lead(pooler, timer, leader) ? 'fired' : 'firing', ledTo: leader.title })
  }
}

const answerOf = (world: World, { systemIdentifier }: DeadManSpec, { instanceId, title }: DeadManMember): DeadManAnswer => {
  const instance = world.instances.get(instanceId)
  const silent = (because: string): DeadManAnswer => ({ instanceId, title, answer: 'silent', timeline: null, because })
  if (instance?.state === 'running' && !servesOthers(instance)) return silent('timeout expired')
  if (instance?.state !== 'running') return silent('Connection refused')
  if (systemIdentifier !== null && instance.systemIdentifier !== systemIdentifier) return silent('it is of another system')
  return { instanceId, title, answer: instance.hasStandbySignal ? 'standby' : 'writable', timeline: instance.timeline, because: null }
}

const leaderOf = (world: World, spec: DeadManSpec): DeadManMember | null => {
  const answers = spec.members.map((member) => answerOf(world, spec, member))
  const highest = Math.max(0, ...answers.map(({ timeline }) => timeline ?? 0))
  const writable = answers.filter(({ answer, timeline }) => answer === 'writable' && timeline === highest)
  return writable.length === 1 ? spec.members.find(({ instanceId }) => instanceId === writable[0]!.instanceId)! : null
}

/** False: the pooler points elsewhere, and only the writer that did so may change that. */
const lead = (pooler: MemoryPooler, timer: MemoryDeadMan, { text, address, port }: DeadManMember): boolean => {
  const { token, databases, herdId, foreignLines } = timer.arming
  if (!pooler.isRunning) return true
  const isOurs = pooler.file !== null && timer.digests.includes(digestOf(withLines(pooler.file.text, '', foreignLines)))
  if (text !== null && isOurs && token >= fenceFor(pooler, herdId))
    putFile(pooler, withLines(text, pooler.file!.text, foreignLines), { token, herdId })
  applyFile(pooler)
  const ours = databases.flatMap(({ name }) => {
    const pooled = pooler.databases.get(name)
    return pooled === undefined ? [] : [{ name, pooled }]
  })
  if (ours.some(({ pooled }) => pooled.host !== address || pooled.port !== port)) return false
  for (const { name, pooled } of ours.filter(({ pooled }) => pooled.isPaused)) {
    pooled.isPaused = false
    timer.resumed.push(name)
  }
  pooler.applied.push('dead man')
  return true
}

/** Wherever they point to. */
const letGo = (pooler: MemoryPooler, timer: MemoryDeadMan): void => {
  timer.outcome = 'fired'
  if (!pooler.isRunning) return
  for (const { name } of timer.arming.databases) {
    const pooled = pooler.databases.get(name)
    if (!pooled?.isPaused) continue
    pooled.isPaused = false
    timer.resumed.push(name)
  }
  pooler.applied.push('dead man')
}

/** The text with these of its lines as they are in another one. */
const withLines = (text: string, other: string, lines: readonly number[]): string => {
  const others = other.split('\n')
  return text
    .split('\n')
    .map((line, index) => (lines.includes(index) ? (others[index] ?? '') : line))
    .join('\n')
}

const seenOf = (world: World, pooler: MemoryPooler, key: string): DeadManSeen => {
  const timer = timerOf(pooler, key)
  if (timer === undefined) return { state: 'absent', leftMs: null, ledTo: null, resumed: [], log: '' }
  const leftMs = timer.outcome === null ? Math.max(0, timer.expiresAtMs - world.clock.now().getTime()) : null
  return { state: timer.outcome ?? 'armed', leftMs, ledTo: timer.ledTo, resumed: [...timer.resumed], log: '' }
}

export const memoryDeadManRead = (world: World): Pick<PoolersRead, 'tryDeadMan' | 'deadMan'> => ({
  tryDeadMan: async (address, spec, options) => {
    const pooler = findPooler(world, address)
    await reach(world.clock, pooler.host, options)
    if (pooler.timerProblem !== null) return { problem: pooler.timerProblem, answers: [] }
    return { problem: null, answers: spec.members.map((member) => answerOf(world, spec, member)) }
  },
  deadMan: async (address, key, options) => {
    const pooler = findPooler(world, address)
    await reach(world.clock, pooler.host, options)
    settleDeadMan(world, pooler)
    return seenOf(world, pooler, key)
  },
})

export const memoryDeadManAct = (world: World, calls: Calls): Pick<PoolersAct, 'armDeadMan' | 'extendDeadMan' | 'disarmDeadMan'> => {
  const act = <T>(
    address: Parameters<PoolersAct['armDeadMan']>[0],
    name: string,
    options: Parameters<PoolersAct['armDeadMan']>[2],
    action: (pooler: MemoryPooler) => T,
  ): Promise<T> => {
    const pooler = findPooler(world, address)
    return perform(calls, world.clock, pooler.host, { act: name, target: pooler.inventory.title }, options, () => {
      settleDeadMan(world, pooler)
      return action(pooler)
    })
  }
  return {
    armDeadMan: (address, arming, options) => act(address, 'arm dead man', options, (pooler) => arm(world, pooler, arming)),
    extendDeadMan: (address, { key, expiryMs, token }, options) =>
      act(address, 'extend dead man', options, (pooler) => {
        const timer = timerOf(pooler, key)
        if (timer?.outcome === null) {
          timer.expiresAtMs = world.clock.now().getTime() + expiryMs
          timer.arming.token = Math.max(timer.arming.token, token)
        }
        return seenOf(world, pooler, key)
      }),
    disarmDeadMan: (address, key, options) =>
      act(address, 'disarm dead man', options, (pooler) => {
        const timer = timerOf(pooler, key)
        if (timer) timer.outcome = endedAs(timer, 'disarmed')
        return seenOf(world, pooler, key)
      }),
  }
}

const arm = (world: World, pooler: MemoryPooler, arming: DeadManArming): void => {
  const own = timerOf(pooler, arming.key)
  if (own && own.outcome !== null)
    throw new Fault('pooler.refused', { isOver: true, because: `The timer of this job is over (${own.outcome}), and is not armed again.` })
  if (own) return
  const [theirs, others] = [true, false].map((is) => pooler.timers.filter((one) => (one.arming.herdId === arming.herdId) === is))
  const waiting = theirs!.filter(({ outcome, arming: { members } }) => outcome === null && members.length === 0)
  const earlier = theirs!.findLast((one) => !waiting.includes(one))
  if (arming.token < fenceFor(pooler, arming.herdId) || (earlier?.outcome === null && arming.token < earlier.arming.token))
    throw new Fault('pooler.fenced', { isOver: true, because: 'A later writer is at the file: no timer was armed.' })
  if (earlier) earlier.outcome = endedAs(earlier, 'overtaken')
  const texts = [pooler.file?.text, ...arming.members.map(({ text }) => text)].filter((text) => typeof text === 'string')
  const timer: MemoryDeadMan = {
    arming: structuredClone(arming),
    expiresAtMs: world.clock.now().getTime() + arming.expiryMs,
    digests: texts.map((text) => digestOf(withLines(text, '', arming.foreignLines))),
    outcome: null,
    ledTo: null,
    resumed: [],
  }
  pooler.timers = [...others!, ...waiting, ...(earlier ? [earlier] : []), timer]
}

/** One that is firing has made its last try. */
const endedAs = ({ outcome }: MemoryDeadMan, otherwise: 'disarmed' | 'overtaken') =>
  outcome === 'firing' ? 'fired' : (outcome ?? otherwise)

const timerOf = ({ timers }: MemoryPooler, key: string): MemoryDeadMan | undefined => timers.find(({ arming }) => arming.key === key)
