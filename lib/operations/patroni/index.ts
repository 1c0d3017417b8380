import { z } from 'zod'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { InputPick } from '@/lib/kernel/operation/input-pick'
import type { Interrupted } from '@/lib/kernel/operation/own-database'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import { gatherPatroni, type PatroniFacts } from './facts'
import { allFollow, switchLeader } from './steps'

/** Patroni’s own default for maximum_lag_on_failover. */
const lagBytesMax = 1_048_576

export const patroniSwitchover = defineOperation({
  name: 'patroni-switchover',
  on: 'dr-pair',
  role: 'dba',
  title: 'Switch over through Patroni',
  verb: 'Switch over through Patroni',
  danger: 'disruptive',
  input: z.strictObject({
    candidate: z
      .string()
      .max(80)
      .default('auto')
      .meta({
        title: 'Candidate',
        picks: 'candidate' satisfies InputPick,
        description: 'auto: the standby with the least lag that Patroni would take. Otherwise the id of the standby to promote.',
      }),
  }),
  help: [
    'Asks Patroni to hand the leader key to one of its replicas (POST /switchover), and proves the result by looking: the candidate holds the key and takes writes, and every other member follows it.',
    'Patroni stops the old leader with a checkpoint and promotes the candidate only when it has received everything, so no commit is lost. Clients are disconnected for as long as that takes, usually a few seconds.',
    'The REST API is asked on a member’s own host, with the login and certificates of Patroni’s own configuration there: none of them reaches the console.',
    'If Patroni does not say how it ended, its members are asked until it is known. Poolers and DNS names are not moved: the plan names them.',
  ],
  gather: (ports, input, context) => gatherPatroni(ports, input, context),
  about: ({ herd }) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null }),
  firm: ({ cluster, leader, candidate }) => ({ cluster, leader: leader?.name ?? null, candidate: candidate?.name ?? null }),
  // Scheduled days ahead, another standby may be the best one then.
  lasting: ({ cluster, leader }) => ({ cluster, leader: leader?.name ?? null }),
  managed: { harmless: 'It goes through Patroni.' },
  through: 'patroni',
  interrupts,
  locks: ({ herd }) => [`herd:${herd.id}`],
  now: ({ cluster, leader, candidate, members, isPaused }) => [
    { label: 'Patroni cluster', value: cluster ?? 'none' },
    { label: 'Leader', value: leader?.place.title ?? 'not known' },
    { label: 'Candidate', value: candidate?.place.title ?? 'none' },
    {
      label: 'Members',
      value: members.map((one) => `${one.name}: ${one.role.replaceAll('_', ' ')}, ${one.state}`).join('; ') || 'not seen',
    },
    ...(isPaused ? [{ label: 'Maintenance mode', value: 'paused' }] : []),
  ],
  affected,
  offered: ({ verdict }) => (verdict === 'split-brain' ? refuse('Two members answer as primary: end the split brain first.') : pass),
})
  .gate('patroni', 'One Patroni cluster that answers', ({ why, cluster }) =>
    why === null ? passBecause(`It is ${cluster}.`) : refuse(why),
  )
  .gate('leader', 'Patroni and PostgreSQL agree who is primary', leaderAgreed)
  .gate('candidate', 'A candidate that Patroni would take', ({ why, noCandidate }) =>
    noCandidate === null || why !== null ? pass : refuse(noCandidate),
  )
  .gate('lag', 'The candidate is close to the leader', lagWithin)
  .gate('members', 'Every other member is well', othersWell)
  .gate('pause', 'Patroni is not paused', ({ isPaused }) =>
    isPaused ? warn('It is in maintenance mode: the switchover is done, and nothing fails over by itself before or after it.') : pass,
  )
  .gate('pointing', 'Nothing else points to the leader', ({ pointing }) =>
    pointing.length === 0 ? pass : warn(`Patroni does not move ${pointing.join(', ')}: point them at the new primary afterwards.`),
  )
  .effect('switch-over', switchLeader())
  .effect('follow', allFollow())
  .build()

function interrupts({ leader, candidate }: PatroniFacts): Interrupted[] {
  return [
    ...(leader === null ? [] : [{ place: leader.place, probe: leader.probe }]),
    ...(candidate === null ? [] : [{ place: candidate.place, probe: candidate.probe, isPromoted: true }]),
  ]
}

function leaderAgreed({ why, leaders, leader }: PatroniFacts): Verdict {
  if (why !== null) return pass
  if (leaders.length === 0) return refuse('Patroni has no leader now: it elects one by itself, or fail over with `patronictl failover`.')
  if (leaders.length > 1) return refuse(`Its members do not agree who leads: ${leaders.join(', ')}. Look again in some seconds.`)
  if (leader === null) return refuse(`The leader ${leaders[0]} is not registered as a member of this herd.`)
  const { probe, place } = leader
  if (probe.state === 'online' && probe.role === 'primary') return pass
  return refuse(
    `Patroni says that ${place.title} leads, and its server ${probe.role === 'standby' ? 'is a standby' : `is ${probe.state}`}.`,
  )
}

function lagWithin({ candidate }: PatroniFacts): Verdict {
  const lag = candidate?.member?.lagBytes
  if (candidate === null) return pass
  if (lag === null || lag === undefined) return warn(`Patroni does not say how far ${candidate.place.title} lags.`)
  return lag > lagBytesMax
    ? refuse(
        `${candidate.place.title} is ${formatBytes(lag)} behind; Patroni takes no candidate further behind than ${formatBytes(lagBytesMax)} by default.`,
      )
    : pass
}

function othersWell({ members, candidate, leader }: PatroniFacts): Verdict {
  const ill = members.filter(
    (one) => one.name !== candidate?.name && one.name !== leader?.name && one.state !== 'running' && one.state !== 'streaming',
  )
  return ill.length === 0 ? pass : warn(`${ill.map((one) => `${one.name} is ${one.state}`).join(', ')}: the job does not wait for it.`)
}

function affected({ leader }: PatroniFacts): Affected[] {
  const clients = leader?.probe.clients ?? 0
  return clients === 0
    ? []
    : [{ kind: 'clients', count: clients, sentence: `${counted(clients, 'client')} of the old primary will be disconnected.` }]
}
