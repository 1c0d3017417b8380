import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import type { DeadManFacts } from '../../facts/timers'
import { herdAim, untilShown, writeAim } from '../../steps/poolers/aim'
import { carryDeadMan } from '../../steps/poolers/arm-dead-man'
import { commandTimeoutMs, lookAtRunning } from '../../steps/poolers/each-pooler'
import type { FrontPooler } from '../front'

const writeTimeoutMs = 5_000
const lookEveryMs = 10
/** A pooler that does not take its RESUME is asked again so often; then it is left to a later step, and to the timer on its host. */
const resumeTries = 3
const resumeTimeoutMs = 2_000

export type Ready = FrontPooler & { token: number }

/** Opens the sessions and takes a token for each file before anybody waits. */
export const readyAll = (front: readonly FrontPooler[], ports: ActPorts, { signal }: StepContext): Promise<Ready[]> =>
  Promise.all(
    front.map(async (one) => {
      const [token, seen] = await Promise.all([
        ports.act.inventory.claimPooler(one.pooler.id, { timeoutMs: commandTimeoutMs, signal }),
        lookAtRunning(ports.read, one.pooler, signal),
      ])
      const held = seen.databases.filter(({ name, isPaused }) => isPaused && one.databases.includes(name))
      if (seen.isPausedWhole || held.length > 0)
        throw new Fault('step.blocked', { isOver: true, because: `${one.pooler.title} is paused by somebody else; resume it first` })
      return { ...one, token }
    }),
  )

/** Points one pooler where its new file says while its clients wait: after the promotion only RESUME is left. */
export const aimHeld = async (
  { pooler, herd, next, file, token }: Ready,
  ports: ActPorts,
  { signal, note, pause }: StepContext,
): Promise<void> => {
  const { address } = pooler
  const aim = herdAim(pooler, herd, next!)
  await writeAim(ports, aim, { token, timeoutMs: writeTimeoutMs, file: file! }, { signal, note })
  note('command', `RELOAD on ${address.host.hostname}`)
  await ports.act.poolers.reload(address, { timeoutMs: commandTimeoutMs, signal })
  await untilShown(ports.read, aim, { signal, pause }, lookEveryMs)
}

/** Points the herd's lines that the move has written back; where they were not written, or somebody else has changed them, the file is left alone. */
export const aimBack = async (
  { pooler, herd, next, last }: FrontPooler,
  timers: DeadManFacts,
  ports: ActPorts,
  { signal, note }: StepContext,
): Promise<void> => {
  const { address } = pooler
  const [there, back] = [herdAim(pooler, herd, next!), herdAim(pooler, herd, last!)]
  const file = await ports.read.poolers.readFile(address, { timeoutMs: writeTimeoutMs, signal })
  if (file !== null && there.textFrom(file.text) === file.text) {
    const token = await ports.act.inventory.claimPooler(pooler.id, { timeoutMs: commandTimeoutMs, signal })
    await carryDeadMan(ports, timers, { poolerId: pooler.id, token }, signal)
    await writeAim(ports, back, { token, timeoutMs: writeTimeoutMs, file }, { signal, note })
  }
  note('command', `RELOAD on ${address.host.hostname}`)
  await ports.act.poolers.reload(address, { timeoutMs: commandTimeoutMs, signal })
}

/** Each on its own, so that a sick one holds no other up. Answers who could not be resumed, and why. */
export const resumeEach = async (
  front: readonly FrontPooler[],
  ports: ActPorts,
  { signal, note }: StepContext,
  aimed: (one: FrontPooler) => Promise<void> = async () => {},
): Promise<{ title: string; because: string }[]> => {
  const outcomes = await Promise.all(
    front.map(async (one) => {
      const { pooler, databases } = one
      try {
        await aimed(one)
        note('command', `RESUME ${databases.map((name) => `"${name}"`).join(', ')} on ${pooler.title}`)
        await resumeOne(databases, (name) => ports.act.poolers.resume(pooler.address, name, { timeoutMs: resumeTimeoutMs, signal }))
        return null
      } catch (error) {
        if (!isFault(error) || error.code === 'lease.lost') throw error
        note('warning', `${pooler.title} could not be resumed: ${error.message}`)
        return { title: pooler.title, because: error.message }
      }
    }),
  )
  return outcomes.filter((one) => one !== null)
}

/** All databases of one pooler; throws what the first of them met, after all were tried. */
const resumeOne = async (databases: readonly string[], resume: (name: string) => Promise<void>): Promise<void> => {
  const each = await Promise.allSettled(databases.map((name) => persistently(() => resume(name))))
  const failed = each.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
}

const persistently = async (resume: () => Promise<void>): Promise<void> => {
  for (let tried = 1; ; tried += 1) {
    try {
      return await resume()
    } catch (error) {
      // It is not paused, or nothing listens there: nobody waits.
      if (isFault(error, 'pooler.refused') || (isFault(error, 'pooler.unreachable') && error.facts.isRefused === true)) return
      if (tried === resumeTries || !isFault(error) || error.code === 'lease.lost') throw error
    }
  }
}

/** Resumes clients on every pooler. Safe to run twice. */
export const resumeAll = async (front: readonly FrontPooler[], ports: ActPorts, context: StepContext): Promise<void> => {
  const [failed] = await resumeEach(front, ports, context)
  if (failed) throw new Fault('step.unknown', { because: `${failed.title} could not be resumed: ${failed.because}` })
}
