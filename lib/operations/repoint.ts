import { z } from 'zod'
import { refusalText } from '@/lib/domain/replication/refusal'
import { whyNotFollow } from '@/lib/domain/replication/who-may-follow'
import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { InputPick } from '@/lib/kernel/operation/input-pick'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { Following, Fork, Probe, ReadPorts, ReplicationAnswer } from '@/lib/ports'
import { gatherHerd, type HerdFacts, type Place, type Plain, probeTimeoutMs } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, lockHerd } from './facts/instance-head'
import { asFollower, followingTo, gatherPeers, oldSlotOf } from './facts/peers'
import { acceptsConnections, keepsPassword, seenRow } from './gates/seen'
import { dropOldSlot, type OldSlot } from './steps/replication/drop-old-slot'
import { followUpstream } from './steps/replication/follow-upstream'
import { makeSlot } from './steps/replication/make-slot'

export type RepointFacts = HerdFacts & {
  upstream: Place | null
  upstreamProbe: Plain<Probe> | null
  /** The slot it leaves behind; null: none. */
  oldSlot: OldSlot | null
  following: Plain<Following> | null
  before: Plain<Following> | null
  holdsPassword: boolean
  /** Whether the upstream lets it replicate, asked from its own host; null: not asked. */
  reach: Plain<ReplicationAnswer> | null
  /** Where the standby’s timeline ended in the upstream’s history; null: they are on the same one, or it could not be read. */
  forkLsn: string | null
  why: string | null
}

const slotName = (facts: RepointFacts) => facts.following!.slotName
const following = (facts: RepointFacts) => facts.following!
const upstream = (facts: RepointFacts) => facts.upstream!
const self = (facts: RepointFacts) => facts.instance
const oldSlot = (facts: RepointFacts) => facts.oldSlot

export const repoint = defineOperation({
  name: 'repoint',
  on: 'instance',
  role: 'dba',
  title: 'Repoint standby',
  verb: 'Repoint',
  danger: 'routine',
  input: z.strictObject({
    upstream: z
      .string()
      .min(1)
      .max(80)
      .meta({
        title: 'Upstream',
        picks: 'herd-member' satisfies InputPick,
        examples: ['demo on n3'],
        description:
          'The member of its herd to follow, by title or id: the primary, or another standby (a cascade). The herd’s page offers it by dragging.',
      }),
  }),
  help: [
    'Makes a standby follow another member of its herd. A replication slot is created there first. From PostgreSQL 13 on a reload is enough; older versions are restarted. If the standby does not stream from the new upstream, it follows the former one again.',
    'The upstream must have the same system identifier, and the standby’s WAL must be part of its history; a cascade in a circle is refused. The slot on the former upstream is dropped at the end; if that upstream cannot be reached, the plan names the slot.',
    'A standby that should follow this upstream already but does not stream can be repointed to it: its slot is created and primary_conninfo rewritten.',
  ],
  gather: (ports, input, context) => gatherRepoint(ports, input.upstream, context),
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), upstream: facts.upstream?.id ?? null, following: facts.following }),
  managed: { deed: 'repoint', servers: 'instance' },
  locks: lockHerd,
  now: (facts) => [...herdNow(facts), { label: 'New upstream', value: facts.upstream?.title ?? 'none' }],
  offered: (row) => {
    const seen = seenRow(row)
    return seen.role === 'primary'
      ? refuse('It is a primary, which has no upstream. To swap roles, use Switch over or Fail over.')
      : acceptsConnections(seen)
  },
})
  .gate('standby', 'Answers as a standby', ({ probe }) =>
    probe.role === 'primary'
      ? refuse('It is a primary, which has no upstream. To swap roles, use Switch over or Fail over.')
      : acceptsConnections(probe),
  )
  .gate('upstream', 'The upstream can send WAL to this standby', ({ why, upstream }) =>
    why === null ? passBecause(`${upstream?.title}.`) : refuse(why),
  )
  .gate('history', 'The standby’s WAL is part of the upstream’s history', inHistory)
  .gate('wal', 'The upstream still has the WAL', ({ upstreamProbe, following }) =>
    upstreamProbe?.slots.some(({ name }) => name === following?.slotName)
      ? pass
      : warn(
          'It has no slot there yet: if the WAL it needs is already gone, it will not stream, and is pointed back at the former upstream.',
        ),
  )
  .gate('reach', 'The upstream accepts the replication connection', ({ reach, upstream, instance, following }) =>
    reach === null || reach.works || upstream === null || following === null
      ? pass
      : refuse(
          refusalText(reach.because, { upstream: upstream.title, host: instance.address.host.hostname, conninfo: following.conninfo }),
        ),
  )
  .gate('password', 'primary_conninfo can be rewritten', ({ instance, holdsPassword }) =>
    keepsPassword({ title: instance.title, holdsPassword }),
  )
  .effect('slot', makeSlot(upstream, slotName))
  .effect(
    'follow',
    followUpstream({
      of: self,
      upstream,
      next: following,
      before: ({ before }) => before,
      version: ({ probe }) => probe.version,
    }),
  )
  .effect('old-slot', dropOldSlot(oldSlot))
  .build()

const gatherRepoint = async (ports: ReadPorts, wanted: string, context: GatherContext): Promise<RepointFacts> => {
  const facts = await gatherHerd(ports, context)
  const { members } = await ports.inventory.herdStanding(facts.instance.herdId)
  const peers = await gatherPeers(ports, facts.instance.herdId, members, context)
  const self = peers.find(({ place }) => place.id === facts.instance.id)
  const target = peers.find(({ place }) => place.id === wanted || place.title === wanted) ?? null
  const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
  const isAhead = target?.probe.timeline != null && facts.probe.timeline !== null && target.probe.timeline > facts.probe.timeline
  const forks: Fork[] = isAhead ? await ports.replication.history(target.place.address, target.probe.timeline!, options) : []
  const followers = peers.map((peer) => asFollower(peer, peers))
  const why =
    target === null || self === undefined
      ? `“${wanted}” is no member of ${facts.instance.herdName}.`
      : whyNotFollow(asFollower(self, peers), asFollower(target, peers), followers)
  const following = target && self ? followingTo(target.place, self, peers) : null
  const left = self === undefined ? null : oldSlotOf(self, peers)
  return {
    ...facts,
    upstream: target?.place ?? null,
    upstreamProbe: target?.probe ?? null,
    oldSlot: left?.place?.id === target?.place.id && left?.name === following?.slotName ? null : left,
    following,
    before: self?.following ?? null,
    holdsPassword: self?.holdsPassword === true,
    reach: why === null ? await ports.replication.tryReplication(facts.instance.address, following!, options) : null,
    forkLsn: forks.find(({ timeline }) => timeline === facts.probe.timeline)?.forkLsn ?? null,
    why,
  }
}

/** On a later timeline the upstream must have left the standby’s one behind no earlier than where the standby is. */
function inHistory({ probe, upstreamProbe, forkLsn, upstream }: RepointFacts): Verdict {
  if (upstreamProbe === null || probe.timeline === null || upstreamProbe.timeline === null || upstreamProbe.timeline === probe.timeline)
    return pass
  if (forkLsn === null) return refuse(`Where timeline ${probe.timeline} ended in the history of ${upstream?.title} could not be read.`)
  const past = lsnBytesBetween(forkLsn, probe.receivedLsn ?? probe.replayedLsn)
  return past !== null && past <= 0
    ? passBecause(`Timeline ${probe.timeline} ended there at ${forkLsn}, and it has not gone past that.`)
    : refuse(`It has gone past ${forkLsn}, where ${upstream?.title} left timeline ${probe.timeline}: it has forked. Rebuild it.`)
}
