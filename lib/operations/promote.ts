import { z } from 'zod'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import { lagBytes } from '@/lib/domain/values/lsn'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { asMember, gatherHerd, type HerdFacts, isDown, isUp, type Place } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, lockHerd } from './facts/instance-head'
import { gatherPeers, oldSlotOf } from './facts/peers'
import { type Readiness, readReadiness } from './facts/readiness'
import { oldPrimaryOf, writesReplaced } from './failover/old-primary'
import { isFedByUnseen } from './gates/other-primary'
import { acceptsConnections, seenRow } from './gates/seen'
import { promotePostgres } from './steps/postgres/promote'
import { dropOldSlot, type OldSlot } from './steps/replication/drop-old-slot'
import { recordReplaced } from './steps/replication/record-replaced'

type PromoteFacts = HerdFacts & {
  input: { detach: boolean }
  readiness: Readiness | null
  /** The slot it leaves behind on its upstream; null: none. */
  oldSlot: OldSlot | null
  /** A failover would have somebody to fail over from. */
  canFailOver: boolean
  /** It is down and would take writes as soon as anything starts it; null: there is none. */
  oldPrimary: Place | null
}

const already = 'It is a primary already.'

const self = (facts: PromoteFacts) => facts.instance
const oldSlot = (facts: PromoteFacts) => facts.oldSlot

export const promote = defineOperation({
  name: 'promote',
  on: 'instance',
  role: 'dba',
  title: 'Promote a standby',
  verb: 'Promote',
  danger: 'destructive',
  input: z.strictObject({
    detach: z.boolean().default(false).meta({
      title: 'Detach it',
      description:
        'Promote although the herd has a primary: the standby leaves the herd’s history and takes writes of its own, for a test. Only a rebuild brings it back.',
    }),
  }),
  help: [
    'Makes a standby take writes on a new timeline. Refused while the herd has a primary, or may have one that cannot be seen: then use Fail over, which stops and fences the old primary, moves the DNS names and repoints the other standbys.',
    'Use it when the primary is known to be down for good, or, with “Detach it”, to try out a copy. The old primary is barred from starting read-write, and fenced if something starts it. The slot that the standby used is dropped. Nothing else changes: no DNS name is moved and no other standby is repointed.',
  ],
  gather: async (ports, input, context): Promise<PromoteFacts> => {
    const facts = await gatherHerd(ports, context)
    const readiness = facts.probe.state === 'online' ? await readReadiness(ports, facts.instance, context) : null
    const { members } = await ports.inventory.herdStanding(facts.instance.herdId)
    const peers = await gatherPeers(ports, facts.instance.herdId, members, context)
    const found = oldPrimaryOf(peers)
    const self = peers.find(({ place }) => place.id === facts.instance.id)
    const oldPrimary = peers.find((peer) => peer !== self && isDown(peer.probe.state) && peer.probe.hasStandbySignal === false)
    return {
      input,
      ...facts,
      readiness,
      canFailOver: found.old !== null && found.old !== self && !writesReplaced(found),
      oldSlot: self === undefined || facts.probe.role === 'primary' ? null : oldSlotOf(self, peers),
      oldPrimary: oldPrimary?.place ?? null,
    }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), others: facts.others.map(({ id, state, role }) => ({ id, state, role })) }),
  managed: { deed: 'promote', servers: 'instance' },
  locks: lockHerd,
  interrupts: ({ instance, probe, input }) => [{ place: instance, probe, isPromoted: !input.detach }],
  now: herdNow,
  affected: (facts) => [leftAlone(facts)],
  offered: (row) => {
    const seen = seenRow(row)
    return seen.role === 'primary' ? refuse(already) : acceptsConnections(seen)
  },
})
  .gate('standby', 'Answers as a standby', ({ probe }) => (probe.role === 'primary' ? refuse(already) : acceptsConnections(probe)))
  .gate('no-primary', 'No primary of the herd is alive', noPrimary)
  .gate('unseen', 'Every other member is reachable', allSeen)
  .gate('replay', 'Replay is neither paused nor delayed', mayReplay)
  .gate('replayed', 'Received WAL is replayed first', replayed)
  .effect(
    'record',
    recordReplaced({
      of: ({ oldPrimary }) => oldPrimary,
      by: self,
      timeline: ({ probe }) => (probe.timeline ?? 0) + 1,
      because: ({ instance }) => `${instance.title} was promoted in its place.`,
    }),
    {
      when: ({ input, oldPrimary }) => oldPrimary !== null && !input.detach,
      otherwise: notNeeded('No stopped member would take writes when started.'),
    },
  )
  .effect('promote', promotePostgres(self, { isDetached: ({ input }) => input.detach }))
  .effect('old-slot', dropOldSlot(oldSlot))
  .build()

function noPrimary(facts: PromoteFacts): Verdict {
  const { others, instance, probe, input } = facts
  // Others may stream from the standby itself, and it from a primary that is no member.
  const members = [...others, asMember(instance, probe)]
  const primary = others.find((one) => one.role === 'primary' && isUp(one.state))
  const fed = members.find((one) => one.state === 'online' && isFedByUnseen(one, members))
  if (primary === undefined && fed === undefined) return pass
  const alive =
    primary === undefined
      ? `${fed!.title} streams from ${fed!.upstream?.host}:${fed!.upstream?.port}, which the console cannot see: a primary is alive there`
      : `${primary.title} is the primary of ${instance.herdName}, and alive`
  return input.detach
    ? warn(
        `${alive}. Detached, this one is a second server with the same data that takes writes: no client of ${instance.herdName} may connect to it.`,
      )
    : refuse(`${alive}. To swap roles, use Switch over or Fail over; to try out this copy by itself, choose “Detach it”.`)
}

function allSeen({ others, input, canFailOver }: PromoteFacts): Verdict {
  const unseen = others.filter((one) => one.state === 'unreachable' || one.state === 'unknown' || one.state === 'refused')
  if (unseen.length === 0 || input.detach) return pass
  const said = `${unseen.map((one) => one.title).join(', ')} cannot be seen, and may take writes.`
  return refuse(
    canFailOver
      ? `${said} Fail the herd over instead: that checks for a live primary, and fences it.`
      : `${said} Bring ${unseen.length === 1 ? 'its host' : 'their hosts'} back; or delete the members that are gone for good here, then promote.`,
  )
}

function mayReplay({ readiness }: PromoteFacts): Verdict {
  if (readiness === null) return unknown('Whether its replay is paused or delayed could not be read.')
  if (readiness.isReplayPaused === true)
    return refuse('Its replay is paused, so it would not promote. Resume replay first: select pg_wal_replay_resume().')
  if ((readiness.applyDelayMs ?? 0) > 0)
    return refuse(
      `It delays replay by ${formatDuration(readiness.applyDelayMs! / 1000)} (recovery_min_apply_delay). Set it to 0 and reload first.`,
    )
  return pass
}

function replayed({ probe }: PromoteFacts): Verdict {
  const bytes = lagBytes(probe.replayedLsn, probe.receivedLsn)
  if (bytes === null || bytes === 0) return pass
  return passBecause(`${formatBytes(bytes)} received and not yet replayed: replayed before it takes writes.`)
}

function leftAlone({ others, instance }: PromoteFacts): Affected {
  const standbys = others.filter((one) => one.role === 'standby' && isUp(one.state))
  return {
    kind: 'redundancy',
    count: standbys.length,
    sentence:
      standbys.length === 0
        ? `No other standby of ${instance.herdName} is running.`
        : `${standbys.map((one) => one.title).join(', ')} will not follow ${instance.title} until repointed.`,
  }
}
