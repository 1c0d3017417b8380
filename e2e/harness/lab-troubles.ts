import type { Points } from '@/lib/kernel/crash-driver'
import { Fault } from '@/lib/kernel/errors'
import type { JournalPort } from '@/lib/kernel/journal-port'
import type { ActPorts } from '@/lib/ports'
import { type Cast, mendHost } from './lab-canon'
import type { LabHerd } from './lab-herd'
import type { Measured, Scenario } from './lab-matrix'

/** kill: the worker dies at a point before or after a journal line or a deed; `isLate`: the next one comes only when the timers on the poolers’ hosts have rung. fail / lose-answer: of one deed. The others: of one host, once a step was intended. */
export type Trouble =
  | { how: 'none' }
  | { how: 'kill'; at: number; isLate?: true }
  | { how: 'fail' | 'lose-answer'; nth: number }
  | { how: 'power-off' | 'freeze' | 'cut'; who: keyof Cast; step: string }

/** A host is lost for this long, or until the job has stopped moving. */
const lostMs = 20_000

export const sayTrouble = (trouble: Trouble): string => {
  if (trouble.how === 'none') return 'clean'
  if (trouble.how === 'kill') return `worker killed at point ${trouble.at}${trouble.isLate ? ', the next one late' : ''}`
  return 'nth' in trouble ? `deed ${trouble.nth}: ${trouble.how}` : `${trouble.who}: ${trouble.how} during ${trouble.step}`
}

/** Loses a host once a step was intended and before its deed, or once it was found to be so already, and mends it later. */
export const lossOf = (lab: LabHerd, cast: Cast, trouble: Trouble) => {
  let mending: Promise<void> = Promise.resolve()
  let endEarly = () => {}
  let isLost = false
  const lose = async (host: string, how: Trouble['how']): Promise<void> => {
    isLost = true
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
      if (!('step' in trouble) || isLost) return
      if (entries.some((entry) => (entry.kind === 'intended' || entry.kind === 'finished') && entry.step === trouble.step))
        await lose(cast[trouble.who], trouble.how)
    },
  })
  return {
    watch,
    /** The job has stopped: nobody waits for the host any longer. */
    mended: async () => {
      endEarly()
      await mending
    },
  }
}

/** The nth deed fails without having happened, or happens and its answer is lost. */
export const disturbed = (ports: ActPorts, trouble: Trouble): ActPorts => {
  if (trouble.how !== 'fail' && trouble.how !== 'lose-answer') return ports
  let count = 0
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const act: unknown = Reflect.get(target, name)
        if (typeof act !== 'function') return act
        return async (...args: unknown[]) => {
          count += 1
          const isIt = count === trouble.nth
          if (isIt && trouble.how === 'fail')
            throw new Fault('shell.failed', { because: `${String(name)} failed: exit status 1.`, isOver: true })
          const answer: unknown = await Reflect.apply(act, target, args)
          if (isIt) throw new Fault('shell.unreachable', { because: 'The connection was lost.' })
          return answer
        }
      },
    })
  const acting = Object.entries(ports).map(([name, port]) => [name, name.endsWith('Act') ? wrap(port as object) : port])
  return Object.fromEntries(acting) as ActPorts
}

/** Every case that follows from the declaration and a clean run of it. */
export const casesOf = ({ operation, losable }: Scenario, { passed, acts, held }: Measured): Trouble[] => [
  ...Array.from({ length: passed }, (_, index): Trouble => ({ how: 'kill', at: index + 1 })),
  ...Array.from({ length: held.to - held.from }, (_, index): Trouble => ({ how: 'kill', at: held.from + index + 1, isLate: true })),
  ...Array.from({ length: acts }, (_, index) => index + 1).flatMap((nth): Trouble[] => [
    { how: 'fail', nth },
    { how: 'lose-answer', nth },
  ]),
  ...operation.effects.flatMap(({ name: step }) =>
    losable.flatMap((who): Trouble[] => (['power-off', 'freeze', 'cut'] as const).map((how) => ({ how, who, step }))),
  ),
]

/** Notes between which points the step runs that holds clients back. */
export const noteHeld = (journal: JournalPort, points: Points, held: Measured['held']): JournalPort => ({
  ...journal,
  append: async (entries, firstSeq) => {
    await journal.append(entries, firstSeq)
    for (const entry of entries) {
      if (!('step' in entry) || entry.step !== 'hand-over') continue
      if (entry.kind === 'intended') held.from = points.passed
      if (entry.kind === 'finished') held.to = points.passed
    }
  },
})

/** At most `count` of them, spread evenly over all, the same ones each time. */
export const spreadOver = <T>(all: readonly T[], count: number): T[] =>
  all.length <= count ? [...all] : Array.from({ length: count }, (_, index) => all[Math.floor(((index + 0.5) * all.length) / count)]!)
