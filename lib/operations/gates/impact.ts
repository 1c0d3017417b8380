import { capital } from '@/lib/domain/values/capital'
import { counted } from '@/lib/domain/values/counted'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { pass, warn } from '@/lib/kernel/operation/verdict'
import type { StopMode } from '@/lib/ports'
import { type HerdFacts, isUp } from '../facts/instance'

interface Loss {
  mode: StopMode
  /** "while it restarts" */
  moment: string
  /** It runs again afterwards. */
  isBack: boolean
}

/** Who notices when this server goes away, and what the herd has left. */
export const lossOf = (facts: HerdFacts, { mode, moment, isBack }: Loss): Affected[] => {
  const { probe, instance } = facts
  const affected: Affected[] = []
  if (probe.clients !== null && probe.clients > 0)
    affected.push({
      kind: 'clients',
      count: probe.clients,
      sentence: `${counted(probe.clients, 'client')} connected to ${instance.title} ${mode === 'smart' ? 'must leave first' : 'will be cut'}.`,
    })
  if (probe.activeTransactions !== null && probe.activeTransactions > 0)
    affected.push({
      kind: 'transactions',
      count: probe.activeTransactions,
      sentence: `${counted(probe.activeTransactions, 'open transaction')} ${mode === 'smart' ? 'must end first' : 'will be rolled back'}.`,
    })
  if (probe.standbys.length > 0)
    affected.push({
      kind: 'standbys',
      count: probe.standbys.length,
      sentence: `${probe.standbys.map((one) => one.applicationName).join(', ')} ${probe.standbys.length === 1 ? 'loses its' : 'lose their'} upstream ${moment}.`,
    })
  affected.push(redundancy(facts, moment, isBack))
  return affected
}

const redundancy = ({ probe, instance, others }: HerdFacts, moment: string, isBack: boolean): Affected => {
  const standbys = others.filter((one) => one.role === 'standby' && isUp(one.state)).length
  if (probe.role === 'primary') {
    const writers = others.filter((one) => one.role === 'primary' && isUp(one.state)).length
    const left =
      writers > 0
        ? `${counted(writers, 'other primary answers', 'other primaries answer')}`
        : `no member of ${instance.herdName} takes writes`
    return {
      kind: 'redundancy',
      count: standbys,
      sentence: `${capital(moment)}, ${left}; ${counted(standbys, 'standby', 'standbys')} can read.`,
    }
  }
  const now = standbys + (isUp(probe.state) ? 1 : 0)
  const after = isBack ? `, ${now} after` : ''
  return {
    kind: 'redundancy',
    count: standbys,
    sentence: `${counted(now, 'standby', 'standbys')} of ${instance.herdName} now, ${standbys} ${moment}${after}.`,
  }
}

export const clientsWarned = ({ probe }: HerdFacts, what: string): Verdict =>
  probe.clients !== null && probe.clients > 0 ? warn(`${counted(probe.clients, 'client')} connected; ${what}.`) : pass

export const transactionsWarned = ({ probe }: HerdFacts, what: string): Verdict => {
  if (probe.activeTransactions === null || probe.activeTransactions === 0) return pass
  const longest = probe.longestTransactionSeconds
  return warn(
    `${counted(probe.activeTransactions, 'open transaction')}${longest === null ? '' : `, the longest open for ${Math.round(longest)} s`}; ${what}.`,
  )
}

export const standbysWarned = ({ probe }: HerdFacts, moment: string): Verdict =>
  probe.standbys.length > 0 ? warn(`${probe.standbys.map((one) => one.applicationName).join(', ')}: without an upstream ${moment}.`) : pass

export const primaryWarned = ({ probe, instance }: HerdFacts, moment: string): Verdict =>
  probe.role === 'primary' ? warn(`It is the primary of ${instance.herdName}: nothing can be written ${moment}.`) : pass

/** What the herd gains when a stopped server runs again. */
export const gained = ({ probe, instance, others }: HerdFacts): Affected[] => {
  const standbys = others.filter((one) => one.role === 'standby' && isUp(one.state)).length
  if (probe.hasStandbySignal !== true)
    return [
      {
        kind: 'redundancy',
        count: standbys,
        sentence: `${instance.herdName} has a primary again, and ${counted(standbys, 'standby', 'standbys')}.`,
      },
    ]
  const after = standbys + 1
  return [
    {
      kind: 'redundancy',
      count: after,
      sentence: `${counted(standbys, 'standby', 'standbys')} of ${instance.herdName} now, ${after} after.`,
    },
  ]
}
