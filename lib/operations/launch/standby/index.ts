import { z } from 'zod'
import { blueprintTag } from '@/lib/domain/blueprints/launch/tags'
import { formatBytes } from '@/lib/domain/values/bytes'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import { letIn } from '../../create/let-in'
import { makeReplicator } from '../../create/make-replicator'
import { handOver } from '../../create/register-member'
import { copyData } from '../../rebuild/copy-data'
import { dropOnceLeft, makeCopySlot } from '../../rebuild/copy-slot'
import { removeOld } from '../../rebuild/remove-old'
import { swapData } from '../../rebuild/swap-data'
import { makeSlot } from '../../steps/replication/make-slot'
import { startFollowing } from '../../steps/replication/start-following'
import { writeFollowing } from '../../steps/replication/write-following'
import { memberName } from '../facts'
import { firmLaunch, ifVolume } from '../firm'
import { canBeFollowed, hasChoices, isAnswered } from '../gates'
import { launchMachine } from '../machine'
import { sayMonth, sayPrices, sayVolumes } from '../say'
import { createCluster, installPackages, makeKeys, mountVolume, writeFiles } from '../server'
import { trustHost } from '../trust'
import { gatherStandby, type StandbyFacts } from './facts'
import { hasHerd, hasUpstream, isSpread } from './gates'
import { onMachine, type PlacedFacts } from './on-machine'
import { letMembersIn } from './reach'
import { registerStandby } from './register'

const upstream = (facts: Pick<StandbyFacts, 'upstream'>) => facts.upstream!
const self = (facts: PlacedFacts) => facts.instance

export const launchStandby = defineOperation({
  name: 'launch-standby',
  on: 'blueprint',
  role: 'dba',
  title: 'Launch a standby of a launched herd',
  verb: 'Launch standby',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Launches one more machine for the herd of the blueprint, in a zone where the herd has none yet if EC2 has one to give, and makes a standby on it: copied from the primary with pg_basebackup through a slot, over TLS, as the replication role with its SCRAM password.',
    'It must stream before it is registered. Then it is a member as any other: a switchover may make it the primary.',
    'If the job fails or is cancelled, the machine, its volumes and the slot on the primary are taken away again. The herd itself is not touched.',
  ],
  gather: gatherStandby,
  about: ({ launch }) => ({ title: launch.title, environmentId: launch.environmentId, herdId: launch.herd?.id ?? null, serverId: null }),
  firm: (facts) => ({
    ...firmLaunch(facts),
    number: facts.number,
    upstream: facts.upstream?.id ?? null,
    following: facts.following,
  }),
  managed: { deed: 'create', servers: ({ launch }) => (launch.herd === null ? [] : [{ herdId: launch.herd.id }]) },
  locks: ({ launch }) => [`blueprint:${launch.id}`, ...(launch.herd === null ? [] : [`herd:${launch.herd.id}`])],
  now: (facts) => [
    { label: 'Herd', value: facts.launch.herd?.name ?? 'none was launched' },
    { label: 'Members now', value: facts.members.join(', ') || 'none' },
    { label: 'Becomes', value: `${memberName(facts)}, a standby of ${facts.upstream?.title ?? 'nobody'}` },
    ...(facts.totalBytes === null ? [] : [{ label: 'To copy', value: formatBytes(facts.totalBytes) }]),
    ...sayPrices(facts),
    { label: 'Volumes', value: sayVolumes(facts) },
    { label: 'Per month', value: sayMonth(facts) },
    { label: 'Tag', value: `${blueprintTag}=${facts.launch.id}` },
  ],
  offered: (row) =>
    row.herdId === null || row.herdId === undefined ? { verdict: 'refuse', because: 'No herd was launched from it.' } : { verdict: 'pass' },
})
  .gate('herd', 'A herd was launched from it', hasHerd)
  .gate('upstream', 'There is a primary to copy from', hasUpstream)
  .gate('blueprint', 'The blueprint can be followed', canBeFollowed)
  .gate('choices', 'A machine type fits', hasChoices)
  .gate('zone', 'Another zone than the herd’s', isSpread)
  .gate('aws', 'EC2 would launch it', isAnswered)
  .effect('replicator', makeReplicationRole())
  .effect('slot', heldSlot())
  .effect('copy-slot', makeCopySlot)
  .effect('machine', launchMachine())
  .effect('trust', trustHost())
  .effect('reach', letMembersIn(), {
    when: ({ launch }) => launch.blueprint.securityGroupIds.length === 0,
    otherwise: notNeeded('The blueprint names security groups: they must let its members reach each other.'),
  })
  .effect('volume', mountVolume(), ifVolume)
  .effect('packages', installPackages())
  .effect('keys', makeKeys())
  .effect('cluster', createCluster())
  .effect('files', writeFiles())
  .effect('let-in', onMachine(letIn))
  .effect(
    'copy',
    onMachine(copyData, {
      title: 'Copy the primary',
      preview: (facts) => ({
        sentence: `Copy ${facts.upstream?.title}${facts.totalBytes === null ? '' : `, ${formatBytes(facts.totalBytes)},`} with pg_basebackup into a directory beside ${facts.instance.address.dataDirectory}.`,
        commands: ['pg_basebackup -c fast -X stream …'],
      }),
    }),
  )
  .effect(
    'swap',
    onMachine(swapData, {
      title: 'Move the copy into the cluster',
      preview: (facts) => ({
        sentence: `Move the copy into ${facts.instance.address.dataDirectory}; the configuration of the cluster stays.`,
        commands: [],
      }),
    }),
  )
  .effect('follow', onMachine(writeFollowing<PlacedFacts>(self, ({ following }) => following!)))
  .effect('stream', onMachine(startFollowing<PlacedFacts>(self, upstream)))
  .effect(
    'remove-old',
    onMachine(removeOld, {
      title: 'Remove the empty cluster',
      preview: () => ({ sentence: 'Remove the empty cluster that the copy replaced.', commands: [] }),
    }),
  )
  .effect('hand-over', onMachine(handOver))
  .effect('register', registerStandby())
  .build()

/** Functions, since the operation above is built before these lines are reached. */
function slotName({ following }: StandbyFacts): string | null {
  return following?.slotName ?? null
}

/** Made before the machine is, so that it is dropped once nothing on the machine reads from it any more. */
function heldSlot(): Effect<StandbyFacts, null, null> {
  return {
    ...makeSlot<StandbyFacts>(upstream, slotName),
    ending: {
      undo: async (facts, _before, _output, ports, context) => {
        const name = slotName(facts)
        if (name !== null) await dropOnceLeft(upstream(facts), name, ports, context)
      },
      sentence: 'If the job fails later, the slot is dropped once the machine is gone.',
      timeoutMs: 180_000,
    },
  }
}

/** On the primary, where it may be there already. */
function makeReplicationRole(): Effect<StandbyFacts, null, null> {
  const { title, proof, preview, check, run } = makeReplicator
  const on = (facts: StandbyFacts) => ({
    instance: upstream(facts),
    herd: { replicationUser: facts.following?.conninfo.user ?? '' },
    server: { title: upstream(facts).address.host.hostname },
  })
  return {
    title,
    ...(proof && { proof }),
    preview: (facts) => preview(on(facts)),
    check: (facts, ports, context) => check(on(facts), ports, context),
    run: (facts, before, ports, context) => run(on(facts), before, ports, context),
    timeoutMs: 40_000,
    ending: { final: 'The role stays for the next standby.', harmless: true },
  }
}
