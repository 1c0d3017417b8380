import { costOf, type FaultKind, faultTitles } from '@/lib/domain/drill/faults'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { drillDatabase } from '@/lib/ports'
import { isHealthy, isPrimary, sayState } from '../rolling/facts'
import { chosen, type DrillFacts } from './facts'

export const hasFaults = (facts: DrillFacts): Verdict =>
  chosen(facts).length > 0
    ? passBecause(
        `${chosen(facts)
          .map((kind) => faultTitles[kind])
          .join('; ')}.`,
      )
    : refuse('Choose at least one fault.')

export const allowedHere = ({ allowsDrills, environmentName }: DrillFacts): Verdict =>
  allowsDrills ? pass : refuse(`The environment ${environmentName} does not allow drills: “Allow drills” on its page decides that.`)

export const oneManager = ({ whyNot, manager, isPaused }: DrillFacts): Verdict => {
  if (whyNot !== null) return refuse(whyNot)
  if (isPaused) return refuse('Patroni is in maintenance mode, in which nothing fails over: resume it first.')
  return passBecause(manager === 'patroni' ? 'Patroni.' : 'Matriarch.')
}

export const allHealthy = ({ roll }: DrillFacts): Verdict => {
  const ill = roll.members.filter((member) => !isHealthy(member))
  if (ill.length > 0) return refuse(`${ill.map(sayState).join('; ')}. A drill begins on a healthy herd.`)
  const primaries = roll.members.filter(isPrimary).length
  return primaries === 1 ? pass : refuse(primaries === 0 ? 'No member takes writes.' : 'More than one member takes writes.')
}

export const databaseFree = ({ database }: DrillFacts): Verdict => {
  if (database === null) return refuse('The primary does not say which databases it has.')
  if (!database.isThere) return passBecause(`The drill makes ${drillDatabase} and drops it at the end. No other database is touched.`)
  const whose = database.jobId === null ? 'the console did not make it' : `the drill of job ${database.jobId} left it`
  return refuse(`The database ${drillDatabase} is there already; ${whose}. Drop it first: drop database ${drillDatabase}`)
}

const needsPatroni: ReadonlySet<FaultKind> = new Set(['switchover', 'stop-patroni', 'kill-patroni', 'kill-etcd'])

/** Each fault can be done, and what it stops can be started again. */
export const canStrike = (facts: DrillFacts): Verdict => {
  const { manager, roll, victims, noEtcd } = facts
  const said = chosen(facts).flatMap((kind): Verdict[] => {
    if (needsPatroni.has(kind) && manager !== 'patroni')
      return [
        refuse(
          kind === 'switchover'
            ? 'The herd is Matriarch’s own: use Switch over, whose canary and certificate tell the same. Leave Switchover out.'
            : `No Patroni manages the herd: leave “${faultTitles[kind]}” out.`,
        ),
      ]
    if (kind === 'kill-etcd' && noEtcd !== null) return [refuse(`${noEtcd} Leave “${faultTitles[kind]}” out.`)]
    if (['switchover', 'stop-patroni', 'kill-patroni'].includes(kind) && roll.members.length < 2)
      return [refuse(`The herd has no standby: leave “${faultTitles[kind]}” out.`)]
    if (!(kind in victims)) return []
    const victim = victims[kind] ?? null
    if (victim === null || victim.process === null)
      return [unknown(`The process of “${faultTitles[kind]}” was not found: the job looks again before it does anything.`)]
    return victim.process.whyNot === null ? [] : [refuse(`${faultTitles[kind]}, on ${victim.host.hostname}: ${victim.process.whyNot}.`)]
  })
  return said.find(({ verdict }) => verdict === 'refuse') ?? said[0] ?? pass
}

/** The herd's own databases are on the same servers: what a failover loses is lost to them, too. */
export const applicationsSaid = (facts: DrillFacts): Verdict => {
  const risky = chosen(facts).filter((kind) => costOf(kind, facts.circumstances).lost === null)
  if (risky.length > 0)
    return warn(
      `${risky.map((kind) => faultTitles[kind]).join('; ')}: a failover may lose commits of applications, too, as a real one would. With synchronous replication it does not.`,
    )
  return chosen(facts).every((kind) => kind === 'sessions' || kind === 'kill-etcd')
    ? pass
    : warn('Applications are disconnected as the writers are. None of their data is read or written.')
}
