import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Probe } from '@/lib/ports'
import type { FirstCommit } from '@/lib/ports/takeover'
import { isDown } from '../../facts/instance'
import { followOutput } from '../../steps/postgres/server'
import type { SwitchoverFacts } from '../facts'
import type { Passed } from './parts'

/** PostgreSQL itself kills after 5 s what does not end by itself. */
const stopTimeoutMs = 15_000
const startTimeoutMs = 60_000
const lookTimeoutMs = 5_000
const tellEveryMs = 200
/** For the commit of one that is primary already. */
const commitTimeoutMs = 10_000

/** What `promoteCandidate` may take besides the time that the candidate is given, in ms. */
export const settleTimeoutMs = stopTimeoutMs + startTimeoutMs + 2 * lookTimeoutMs + commitTimeoutMs

/** leads: it takes writes. led: it is down, and did. never: it is down, and comes back as the standby it was. */
type Standing = 'leads' | 'led' | 'never' | 'unknown'

/**
 * Promotes the candidate. One that is not primary within `leadMs` is stopped at once on its host and looked at. Proven never to have been primary, rollback is
 * possible again and this throws; if it was, it stays primary. Else this throws with the mark as it is, and no other member may be started.
 */
export const promoteCandidate = async (
  facts: SwitchoverFacts,
  passed: Passed,
  leadMs: number,
  ports: ActPorts,
  context: RunContext,
): Promise<FirstCommit> => {
  const { address, title } = facts.candidate!
  // An earlier driver has abandoned it, and its order to stop may still be on its way.
  const answer = passed.isStopped === true ? givenUp(title) : await tell(facts, leadMs, ports, context)
  if (!(answer instanceof Fault)) return answer
  if (await hasLed(facts, passed, answer, ports, context))
    return ports.act.replication.promoteAndCommit(address, { timeoutMs: commitTimeoutMs, signal: context.signal })
  throw new Fault(
    answer.code,
    { because: `${answer.message} It was never primary, and cannot become one any more: ${facts.primary!.title} is primary again.` },
    { cause: answer },
  )
}

const givenUp = (title: string): Fault =>
  new Fault('step.unknown', { because: `${title} was told to promote, and abandoned by an earlier worker.` })

/** Repeats the order for the time that the candidate is given. Answers its first commit, or why it did not say that it is primary. */
const tell = async (
  { candidate }: SwitchoverFacts,
  leadMs: number,
  ports: ActPorts,
  { signal, note, pause }: RunContext,
): Promise<FirstCommit | Fault> => {
  const { address, title } = candidate!
  const endsAt = ports.read.now().getTime() + leadMs
  for (;;) {
    try {
      return await ports.act.replication.promoteAndCommit(address, {
        timeoutMs: Math.max(1, endsAt - ports.read.now().getTime()),
        sendWithinMs: leadMs,
        signal,
      })
    } catch (error) {
      if (!isFault(error) || error.code === 'lease.lost' || signal.aborted) throw error
      const isLate = endsAt - ports.read.now().getTime() <= tellEveryMs
      if (isLate || (await ports.read.postgres.probe(address, { timeoutMs: lookTimeoutMs, signal })).state !== 'online') {
        note('warning', `${title} was told to promote: ${error.message}`)
        return error
      }
    }
    await pause(tellEveryMs)
  }
}

/** False: it never did, and its mark says so. Throws when that cannot be told. */
const hasLed = async (facts: SwitchoverFacts, passed: Passed, fault: Fault, ports: ActPorts, context: RunContext): Promise<boolean> => {
  const place = facts.candidate!
  const look = () => ports.read.postgres.probe(place.address, { timeoutMs: lookTimeoutMs, signal: context.signal })
  let gone = passed
  let probe = await look()
  if (standingOf(probe, facts) === 'leads') return true
  if (!isDown(probe.state)) {
    gone = { ...passed, isStopped: true }
    await context.mark(gone)
    await stopAtOnce(facts, ports, context)
    probe = await look()
  }
  const standing = standingOf(probe, facts)
  if (standing === 'never') {
    await context.mark({ ...gone, isPassed: false })
    return false
  }
  if (standing === 'led')
    await ports.act.postgres.start(place.address, { timeoutMs: startTimeoutMs, ...followOutput(context, place.commands.start) })
  else if (standing !== 'leads')
    throw new Fault(
      fault.code,
      {
        because: `${fault.message} Whether ${place.title} was primary is not known: it is ${probe.state}${probe.because === null ? '' : `: ${probe.because}`}`,
      },
      { cause: fault },
    )
  return true
}

/** The look afterwards says whether it was stopped. */
const stopAtOnce = async ({ candidate }: SwitchoverFacts, ports: ActPorts, context: RunContext): Promise<void> => {
  const place = candidate!
  try {
    await ports.act.postgres.stop(place.address, 'immediate', {
      timeoutMs: stopTimeoutMs,
      ...followOutput(context, ports.read.postgres.commands.stop(place.address, 'immediate')),
    })
  } catch (error) {
    if (!isFault(error) || error.code === 'lease.lost' || context.signal.aborted) throw error
    context.note('warning', `Stopping ${place.title}: ${error.message}`)
  }
}

/** A promotion takes standby.signal away, on the disk, before the first write on its timeline is accepted. */
const standingOf = ({ state, role, hasStandbySignal, controlState, timeline }: Probe, { candidateProbe }: SwitchoverFacts): Standing => {
  if (state === 'online' && role === 'primary') return 'leads'
  if (!isDown(state) || controlState === null) return 'unknown'
  const wasStandby = controlState === 'in archive recovery' || controlState === 'shut down in recovery'
  if (hasStandbySignal === true && wasStandby && timeline === candidateProbe?.timeline) return 'never'
  return hasStandbySignal === false && !wasStandby ? 'led' : 'unknown'
}
