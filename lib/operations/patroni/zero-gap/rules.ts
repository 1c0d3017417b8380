import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, InventoryInstance } from '@/lib/ports'
import type { Plain } from '../../facts/instance'
import { probeTimeoutMs } from '../../facts/instance'
import { aimAt } from '../../facts/pooler-part'
import { aimPooler, herdAim } from '../../steps/poolers/aim'
import { budgetMs } from '../../switchover/hand-over/budget'
import { aimBack, resumeAll } from '../../switchover/hand-over/front'
import type { Rules } from '../../switchover/hand-over/rules'
import type { ZeroGapFacts } from './facts'
import { endPause, isPausedByUs, leaderNow, pauseFor } from './pause'

const decideTimeoutMs = 90_000
const lookEveryMs = 300
const recordTimeoutMs = 15_000
/** An order to start the old primary is sent this long before Patroni may decide, at the latest. */
const marginMs = 6_000
/** Besides the pause of the clients and their wait, for what is done around them. */
const slackMs = 4_000

/** How long Patroni holds still from right before each pause of the clients, seconds. */
export const heldSeconds = ({ limits }: Pick<ZeroGapFacts, 'limits'>): number =>
  limits.pauseSeconds * 2 + Math.ceil((budgetMs + slackMs) / 1000)

/**
 * As long as Patroni is paused by this job nobody but this driver starts or promotes a server, and this driver does so only within the time of its own pause. As soon
 * as that cannot be relied on, Patroni decides: its pause is ended, and whoever then holds the leader key and takes writes is the primary.
 */
export const patroniRules: Rules<ZeroGapFacts> = {
  hold: async (facts, ports, context) => {
    // Another one has begun this job, and has perhaps not ended: what it sent may still be on its way, and would not be promoted past. Nobody has noticed anything yet.
    if (!context.isUnbroken) throw new Fault('step.blocked', { isOver: true, because: 'Another worker began this job. Make a new plan.' })
    const began = ports.read.now().getTime()
    await pauseFor(facts, { seconds: heldSeconds(facts), isRenewed: true }, ports, context)
    return began + heldSeconds(facts) * 1000
  },
  goOn: async (facts, ports, context) => {
    const candidate = facts.candidate!
    const { state, role } = await ports.read.postgres.probe(candidate.address, { timeoutMs: probeTimeoutMs, signal: context.signal })
    if (state === 'online' && role === 'primary') return
    const leader = await untilDecided(facts, ports, context)
    if (leader.id === candidate.id) return
    await resumeAt(leader, facts, ports, context)
    throw moved(leader)
  },
  rollBack: async (facts, { heldUntil, undo }, ports, context) => {
    const mayStart = async () => {
      if (
        context.isUnbroken &&
        heldUntil !== null &&
        ports.read.now().getTime() < heldUntil - marginMs &&
        (await isPausedByUs(facts, ports, context))
      )
        return
      throw new Fault('step.blocked', { isOver: true, because: patroniDecides })
    }
    try {
      const { state, role } = await ports.read.postgres.probe(facts.primary!.address, { timeoutMs: probeTimeoutMs, signal: context.signal })
      if (!context.isUnbroken && !(state === 'online' && role === 'primary')) await mayStart()
      return await undo(mayStart)
    } catch (error) {
      if (!isFault(error, 'step.blocked') || error.facts.because !== patroniDecides) throw error
    }
    context.note('info', patroniDecides)
    const leader = await untilDecided(facts, ports, context)
    await resumeAt(leader, facts, ports, context)
    if (leader.id !== facts.primary!.id) {
      const names = facts.names.moves.map(({ name }) => name)
      context.note('warning', `${sayMoved(leader)}${names.length === 0 ? '' : ` ${names.join(', ')} did not follow: use Refresh DNS.`}`)
    }
    // It is Patroni that starts it, and as what it decides.
    await ports.act.inventory.restore(facts.primary!.id, { timeoutMs: recordTimeoutMs, signal: context.signal })
  },
  decideTimeoutMs,
}

const patroniDecides = 'Patroni decides who leads: its pause is ended.'

const sayMoved = ({ title }: { title: string }): string =>
  `Patroni has made ${title} the leader meanwhile; the poolers point there, and clients are served.`

const moved = (leader: { title: string }): Fault =>
  new Fault('step.blocked', {
    isOver: true,
    because: sayMoved(leader),
    question: 'Abandon the job: clean-up runs, and the herd stays as Patroni has made it.',
  })

/** Ends the pause, and waits for whoever leads then. */
const untilDecided = async (facts: ZeroGapFacts, ports: ActPorts, context: StepContext): Promise<Plain<InventoryInstance>> => {
  await endPause(facts, ports, context)
  const endsAt = ports.read.now().getTime() + decideTimeoutMs
  for (;;) {
    const leader = await leaderNow(facts, ports.read, context.signal)
    if (leader !== null) return leader
    context.signal.throwIfAborted()
    if (ports.read.now().getTime() >= endsAt)
      throw new Fault('step.unknown', { because: `Patroni has had no leader that takes writes for ${decideTimeoutMs / 1000} s.` })
    await context.pause(lookEveryMs)
  }
}

const resumeAt = async (leader: Plain<InventoryInstance>, facts: ZeroGapFacts, ports: ActPorts, context: StepContext): Promise<void> => {
  for (const one of facts.front)
    if (leader.id === facts.primary!.id) await aimBack(one, facts.timers, ports, context)
    else await aimPooler(ports, herdAim(one.pooler, one.herd, aimAt(leader)), context)
  await resumeAll(facts.front, ports, context)
}
