import type { HerdAtRisk } from '@/db/evictions/threatened'
import type { Acting } from '@/lib/domain/evictions/recovery'
import type { PlanQuestion } from '@/lib/shapes/plan'

const operations = { switchover: 'switchover', 'zero-gap': 'patroni-zero-gap', failover: 'failover' } as const

/** A primary that goes anyway takes its open transactions with it: none of them holds the switchover up. */
const hurried = { blockers: 'cut', holdUps: 'terminate', terminateSeconds: 1, pauseSeconds: 2, pauseTries: 2, pauseBackoffSeconds: 1 }

/** What a worker is asked to plan, and what the run says of why. */
export const questionOf = (herd: HerdAtRisk, next: Acting): { question: PlanQuestion; reason: string } => {
  if ('member' in next) {
    const { id } = next.member
    return {
      question: { operation: 'leave-names', targets: [id], input: {} },
      reason: `${whatGoes(herd, id)} Nobody is to read from it then.`,
    }
  }
  if ('lost' in next && next.way === 'move')
    return {
      question: { operation: 'replace-machine', targets: [next.blueprintId], input: { member: next.lost.title } },
      reason: `${whatGoes(herd, next.lost.id)} No standby can take over: its volume moves to another machine.`,
    }
  if ('lost' in next) {
    const why = next.way === 'clone' ? 'No standby can take over: one is launched for it.' : 'A standby is launched in its place.'
    return {
      question: { operation: 'launch-standby', targets: [next.blueprintId], input: {} },
      reason: `${whatGoes(herd, next.lost.id)} ${why}`,
    }
  }
  const { from, to, way } = next
  const input = way === 'failover' ? { candidate: to.id, mode: 'emergency', override: herd.name } : { candidate: to.id, ...hurried }
  const why = `${to.title} takes over${to.zone === null ? '' : ` in ${to.zone}`}.`
  return { question: { operation: operations[way], targets: [herd.id], input }, reason: `${whatGoes(herd, from.id)} ${why}` }
}

const whatGoes = ({ members }: HerdAtRisk, id: string): string => {
  const { title, threat, machine } = members.find((one) => one.id === id)!
  const name = machine.instanceId === null ? title : `${title} (${machine.instanceId})`
  if (threat === 'gone') return `AWS has taken the spot machine of ${name}.`
  return `AWS takes the spot machine of ${name}${machine.dueAt === null ? '' : ` at ${machine.dueAt.slice(11, 19)} UTC`}.`
}
