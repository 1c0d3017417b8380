import { z } from 'zod'
import { sayRecords } from '@/lib/domain/dns/records'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Affected } from '@/lib/kernel/operation/plan'
import { pass, warn } from '@/lib/kernel/operation/verdict'
import { gatherHerd, type HerdFacts } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, lockHerd } from './facts/instance-head'
import type { NameMove } from './facts/names'
import { acceptsConnections, seenRow } from './gates/seen'
import { gatherLeaving, targetsAmong } from './resize/facts'
import { isStandby, namesLeft, othersLeft } from './resize/gates'
import { gatherReaders, type Readers } from './resize/readers'
import { moveNames } from './steps/dns/move-name'
import { watchResolvers } from './steps/dns/watch-resolvers'
import { stillNoPrimary } from './steps/postgres/still'

type LeaveFacts = HerdFacts & {
  leave: NameMove[]
  /** Names that would hold nobody without it. */
  alone: string[]
  readers: Readers
}

/** What AWS is about to take is out of the names before it is gone, so that no client is sent there. Nothing else of it is touched. */
export const leaveNames = defineOperation({
  name: 'leave-names',
  on: 'instance',
  role: 'operator',
  title: 'Take a standby out of its DNS names',
  verb: 'Leave DNS names',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Takes a standby out of the DNS names that standbys or all members share, and waits until resolvers have forgotten it, so that no new client is sent there. It keeps running, streams and serves who is connected.',
    'For a machine that is about to go: a spot machine that AWS takes back, a host that is repaired. Refresh DNS puts it back.',
  ],
  gather: async (ports, _input, context): Promise<LeaveFacts> => {
    const herd = await gatherHerd(ports, context, 'fast')
    const members = await ports.inventory.herdInstances(herd.instance.herdId)
    const [names, readers] = await Promise.all([
      gatherLeaving(ports, herd.instance.herdId, targetsAmong(members, herd.others), context.signal),
      gatherReaders(ports, herd, context.signal),
    ])
    return { ...herd, ...names, readers }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), leave: facts.leave }),
  managed: { harmless: 'DNS names decide nothing that a manager decides.' },
  locks: lockHerd,
  now: herdNow,
  affected: ({ leave }): Affected[] =>
    leave.map(({ name, next }) => ({ kind: 'names', count: 1, sentence: `${name} holds ${sayRecords(next)} then.` })),
  offered: (row) => acceptsConnections(seenRow(row)),
})
  .gate('standby', 'A standby that answers', ({ probe }) => isStandby(probe))
  .gate('others', 'Another standby is left', othersLeft)
  .gate('names', 'It can leave its DNS names', namesLeft)
  .gate('readers', 'No pooler points to it by its address', ({ readers: { targets, unseen } }) => {
    const pointing = targets.map(({ pooler, databases }) => `${databases.join(', ')} of ${pooler.title}`)
    const said = [
      ...(pointing.length === 0 ? [] : [`${pointing.join('; ')} point to it by its address, and go on doing so.`]),
      ...(unseen.length === 0 ? [] : [`${unseen.join(', ')} cannot be seen.`]),
    ]
    return said.length === 0 ? pass : warn(said.join(' '))
  })
  .effect(
    'leave-names',
    moveNames<LeaveFacts>(
      ({ leave }) => leave,
      stillNoPrimary(({ instance }) => instance),
      { title: 'Leave the DNS names', none: 'It shares no DNS name with other members.' },
    ),
  )
  .effect(
    'watch-left',
    watchResolvers<LeaveFacts>(({ leave }) => leave),
  )
  .build()
