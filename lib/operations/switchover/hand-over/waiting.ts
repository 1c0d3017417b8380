import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import { lookTimeoutMs } from '../../facts/poolers'
import type { SwitchoverFacts } from '../facts'

/** A refusal says besides which clients are paused meanwhile, and what resumes them. */
export const sayingWho = async (
  facts: SwitchoverFacts,
  ports: ActPorts,
  context: StepContext,
  look: () => Promise<void>,
): Promise<void> => {
  try {
    await look()
  } catch (error) {
    const waiting = isFault(error, 'step.blocked') ? await sayWaiting(facts, ports, context) : null
    if (waiting === null || !isFault(error)) throw error
    throw new Fault(error.code, { ...error.facts, because: `${error.message} ${waiting}` }, { cause: error })
  }
}

/** null: no client is paused. */
const sayWaiting = async (facts: SwitchoverFacts, { read }: ActPorts, { signal }: StepContext): Promise<string | null> => {
  const { front, timers, herd } = facts
  const seen = await Promise.all(front.map(({ pooler }) => read.poolers.look(pooler.address, { timeoutMs: lookTimeoutMs, signal })))
  const waiting = front.filter(({ databases }, index) =>
    seen[index]!.databases.some(({ name, isPaused }) => isPaused && databases.includes(name)),
  )
  if (waiting.length === 0) return null
  const titles = waiting.map(({ pooler }) => pooler.title).join(', ')
  const specs = waiting.map(({ pooler }) => timers.hosts.find((host) => host.pooler.id === pooler.id)?.spec)
  if (specs.includes(undefined)) return `Clients of ${titles} are paused, and no timer resumes them: ${byHand}`
  const members = await read.inventory.herdInstances(herd.id)
  const strangers = members.filter(({ id }) => !specs.every((spec) => spec!.members.some(({ instanceId }) => instanceId === id)))
  const timed = `Clients of ${titles} are paused; the timer on its host points it at the one member that takes writes and resumes them`
  if (strangers.length === 0) return `${timed}.`
  return `${timed}, but knows nothing of ${strangers.map(({ title }) => title).join(', ')}, registered since. If that is the one: ${byHand}`
}

const byHand = 'resume them on the pooler’s page once the job is abandoned.'
