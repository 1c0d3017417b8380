import { type ActPorts, eachPort } from '@/lib/ports'
import { type Clock, systemClock } from '../ground/clock'
import type { JournalLine } from '../ground/journal'
import type { JournalPort } from '../ground/journal-port'

/** Where a driver is stopped: killed for good, put to sleep until it is woken as a zombie, or asked to hand over. */
export interface Stop {
  at: number
  how: 'kill' | 'sleep' | 'hand-over'
}

/** Counted over all drivers of a case. */
export interface Points {
  passed: number
  acts: number
  broken: string[]
}

const never = new Promise<never>(() => {})

/**
 * Journal, ports and clock for one driver that can be stopped at a point: before and after each journal write and each act. A killed driver's calls never
 * answer again; a sleeping one goes on where it was when it is woken. It is never put to sleep between the proof of its lease and the act: that moment
 * no console can close, and it is why an act must be one that a second driver notices.
 */
export const deadly = (
  journal: { open: () => JournalPort; lines: readonly JournalLine[] },
  ports: ActPorts,
  points: Points,
  stop: Stop | null,
  clock: Clock = systemClock,
) => {
  let isDead = false
  let wake = () => {}
  let tellStopped: (how: 'stopped') => void = () => {}
  const stopped = new Promise<'stopped'>((resolve) => {
    tellStopped = resolve
  })
  const point = async (isSleepy = true) => {
    points.passed += 1
    if (stop === null || stop.how === 'hand-over' || points.passed !== stop.at) return
    if (stop.how === 'sleep' && !isSleepy) return
    const awake = new Promise<void>((resolve) => {
      wake = resolve
    })
    isDead = stop.how === 'kill'
    tellStopped('stopped')
    await (isDead ? never : awake)
  }
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) return never
    try {
      const answer = await work()
      return isDead ? never : answer
    } catch (error) {
      if (isDead) return never
      throw error
    }
  }
  const pointed = <T>(work: () => Promise<T>): Promise<T> =>
    alive(async () => {
      const answer = await work()
      await point()
      return answer
    })
  const wrap = (port: object, isAct: boolean): object =>
    new Proxy(port, {
      get: (target, name) => {
        const call: unknown = Reflect.get(target, name)
        if (typeof call !== 'function') return call
        const invoke = (args: unknown[]) => Reflect.apply(call, target, args) as Promise<unknown>
        if (!isAct) return (...args: unknown[]) => alive(() => invoke(args))
        return (...args: unknown[]) => pointed(() => act(String(name), () => invoke(args)))
      },
    })
  const act = async (name: string, work: () => Promise<unknown>) => {
    await point(false)
    // What a killed process had not sent yet is never sent; several acts may be on their way at once.
    if (isDead) return never
    points.acts += 1
    if (!isIntended(journal.lines)) points.broken.push(`${name} ran without an intent in the journal`)
    return work()
  }
  const session = journal.open()
  const mortal: JournalPort = {
    lines: () => alive(() => session.lines()),
    append: (entries, firstSeq) =>
      pointed(async () => {
        await point()
        return session.append(entries, firstSeq)
      }),
    confirmLease: () =>
      alive(async () => {
        await point()
        return session.confirmLease()
      }),
  }
  const acting: ActPorts = {
    read: eachPort(ports.read, (port) => wrap(port, false)),
    act: eachPort(ports.act, (port) => wrap(port, true)),
  }
  // What a dead driver waits for never comes: or its loops would keep the clock of its world going for ever, long after the case is over.
  const mortalClock: Clock = { now: clock.now, sleep: (ms, signal) => alive(() => clock.sleep(ms, signal)) }
  return { journal: mortal, ports: acting, clock: mortalClock, stopped, wake: () => wake() }
}

const opening = { finished: 'intended', undone: 'undo-intended', released: 'release-intended' } as const

/** A step is under way: its intent is durable and its end is not written yet. */
const isIntended = (lines: readonly JournalLine[]): boolean => {
  const open = new Set<string>()
  for (const line of lines) {
    if (line.kind === 'intended' || line.kind === 'undo-intended' || line.kind === 'release-intended') open.add(`${line.kind} ${line.step}`)
    if (line.kind === 'finished' || line.kind === 'undone' || line.kind === 'released') open.delete(`${opening[line.kind]} ${line.step}`)
  }
  return open.size > 0
}
