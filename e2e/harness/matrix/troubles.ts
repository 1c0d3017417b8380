import type { Points, Stop } from '@/lib/kernel/engine/crash-driver'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JournalPort } from '@/lib/kernel/ground/journal-port'
import { passedOf } from '@/lib/operations/switchover/hand-over/parts'
import { type ActPorts, eachPort } from '@/lib/ports'
import { type Cast, mendHost } from './canon'
import type { LabHerd } from './herd'
import type { Measured, Scenario } from './scenario'
import { type Loss, losses, type Trouble } from './trouble'

/** A host is lost for this long, or until the job has stopped moving. */
const lostMs = 20_000

/** Loses a host once a step was intended and before its action, or once it was found to be so already, or after an action, and mends it later. Asks for a cancel likewise. */
export const lossOf = (lab: LabHerd, cast: Cast, trouble: Trouble) => {
  let mending: Promise<void> = Promise.resolve()
  let endEarly = () => {}
  let isOver = false
  let isPassed = false
  let wasServing = false
  const poolers = [...lab.poolers.values()].map(({ address }) => address.host.hostname)
  const strike = async (): Promise<void> => {
    if (isOver) return
    isOver = true
    const lost = trouble.how === 'kill' ? trouble.and : trouble
    if (lost === undefined || !('who' in lost)) return
    const members = new Set<string>(Object.values(cast))
    const host = lost.who === 'pooler' ? poolers.find((one) => !members.has(one))! : cast[lost.who]
    wasServing = poolers.includes(host) || host === (isPassed ? cast.candidate : cast.primary)
    await lose(host, lost.how)
  }
  const lose = async (host: string, how: Loss): Promise<void> => {
    if (how === 'power-off') await lab.lab.powerOff(host)
    if (how === 'freeze') lab.lab.hosts.signal(host, 'SIGSTOP')
    if (how === 'cut') await lab.lab.network.cut(host)
    const over = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lostMs)
      endEarly = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    mending = over.then(() => mendHost(lab, host))
  }
  const watch = (journal: JournalPort): JournalPort => ({
    ...journal,
    append: async (entries, firstSeq) => {
      await journal.append(entries, firstSeq)
      isPassed ||= entries.some((entry) => entry.kind === 'marked' && passedOf(entry.mark) !== null)
      if (!('step' in trouble)) return
      if (
        entries.some(
          (entry) => (entry.kind === 'intended' || entry.kind === 'finished' || entry.kind === 'left-out') && entry.step === trouble.step,
        )
      )
        await strike()
    },
  })
  return {
    watch,
    strike,
    isCancelled: () => trouble.how === 'cancel' && isOver,
    /** Clients were served by the host that was lost: by its pooler, or by the primary that it had at that moment. */
    wasServing: () => wasServing,
    /** The job has stopped: nobody waits for the host any longer. */
    mended: async () => {
      endEarly()
      await mending
    },
  }
}

export const aroundActs = (ports: ActPorts, around: (name: string, act: () => Promise<unknown>) => Promise<unknown>): ActPorts => {
  const wrap = (port: object): object =>
    new Proxy(port, {
      get: (target, name) => {
        const act: unknown = Reflect.get(target, name)
        if (typeof act !== 'function') return act
        return (...args: unknown[]) => around(String(name), async () => Reflect.apply(act, target, args))
      },
    })
  return { read: ports.read, act: eachPort(ports.act, wrap) }
}

/** The nth action fails without having happened, or happens and its answer is lost; counted where it `counts`. */
const failing = (ports: ActPorts, how: 'fail' | 'lose-answer', nth: number, counts = () => true): ActPorts => {
  let count = 0
  return aroundActs(ports, async (name, act) => {
    if (counts()) count += 1
    const isIt = counts() && count === nth
    if (isIt && how === 'fail') throw new Fault('shell.failed', { because: `${name} failed: exit status 1.`, isOver: true })
    const answer = await act()
    if (isIt) throw new Fault('shell.unreachable', { because: 'The connection was lost.' })
    return answer
  })
}

/** The nth action, or the first of a name, happens, and its host or another one is lost before anybody goes on. */
const striking = (ports: ActPorts, after: number | string, strike: () => Promise<void>): ActPorts => {
  let count = 0
  return aroundActs(ports, async (name, act) => {
    count += 1
    const isIt = count === after || name === after
    const answer = await act()
    if (isIt) await strike()
    return answer
  })
}

export interface Disturbed {
  ports: ActPorts
  /** When the first driver dies, and then the one after it. */
  stops: readonly [Stop | null, Stop | null]
}

/** Ports for the drivers of a case, and when they die. `isSecond`: the first one is dead. */
export const disturbed = (
  ports: ActPorts,
  trouble: Trouble,
  points: Points,
  { strike }: { strike: () => Promise<void> },
  isSecond: () => boolean,
): Disturbed => {
  if (trouble.how === 'fail' || trouble.how === 'lose-answer')
    return { ports: failing(ports, trouble.how, trouble.nth), stops: [null, null] }
  if ('after' in trouble) return { ports: striking(ports, trouble.after, strike), stops: [null, null] }
  if (trouble.how !== 'kill') return { ports, stops: [null, null] }
  const { at, and } = trouble
  if (typeof at === 'number') {
    const next: Stop | null = and?.how === 'kill' ? { at: at + and.later, how: 'kill' } : null
    const isFailing = and !== undefined && 'nth' in and
    return { ports: isFailing ? failing(ports, and.how, and.nth, isSecond) : ports, stops: [{ at, how: 'kill' }, next] }
  }
  const stop: Stop = { at: Number.POSITIVE_INFINITY, how: 'kill' }
  const dying = aroundActs(ports, async (name, act) => {
    const answer = await act()
    if (name === at) stop.at = Math.min(stop.at, points.passed + 1)
    return answer
  })
  return { ports: dying, stops: [stop, null] }
}

/** Every case that follows from the declaration and a clean run of it. */
export const casesOf = (
  { operation, losable, losesMidway, givesUp }: Scenario,
  { passed, acts, held }: Pick<Measured, 'passed' | 'acts' | 'held'>,
): Trouble[] => [
  ...Array.from({ length: passed }, (_, index): Trouble => ({ how: 'kill', at: index + 1 })),
  ...Array.from({ length: held.to - held.from }, (_, index): Trouble => ({ how: 'kill', at: held.from + index + 1, isLate: true })),
  ...Array.from({ length: acts }, (_, index) => index + 1).flatMap((nth): Trouble[] => [
    { how: 'fail', nth },
    { how: 'lose-answer', nth },
  ]),
  ...operation.effects.flatMap(({ name: step }) => losable.flatMap((who): Trouble[] => losses.map((how) => ({ how, who, step })))),
  ...(Array.isArray(losesMidway) ? losesMidway : Array.from({ length: losesMidway ? acts : 0 }, (_, index) => index + 1)).flatMap((after) =>
    losable.flatMap((who): Trouble[] => losses.map((how) => ({ how, who, after }))),
  ),
  ...operation.effects.map(({ name: step }): Trouble => ({ how: 'cancel', step })),
  ...(givesUp ? operation.effects : []).map(({ name: step }): Trouble => ({ how: 'power-off', who: losable[0]!, step, isGivenUp: true })),
]

/** Notes when the step ended that fences a primary, in seconds: from then on it may not write. Before, its host may start it again as it was. */
export const noteFenced = (journal: JournalPort, fenced: { at: number }): JournalPort => ({
  ...journal,
  append: async (entries, firstSeq) => {
    if (entries.some((entry) => entry.kind === 'finished' && entry.step === 'fence')) fenced.at = Math.min(fenced.at, Date.now() / 1000)
    await journal.append(entries, firstSeq)
  },
})

/** At most `count` of them, spread evenly over all, the same ones each time. */
export const spreadOver = <T>(all: readonly T[], count: number): T[] =>
  all.length <= count ? [...all] : Array.from({ length: count }, (_, index) => all[Math.floor(((index + 0.5) * all.length) / count)]!)
