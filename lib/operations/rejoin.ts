import { z } from 'zod'
import { formatBytes } from '@/lib/domain/bytes'
import { lsnBytesBetween } from '@/lib/domain/lsn'
import { defineOperation, type GatherContext } from '@/lib/kernel/operation'
import type { Verdict } from '@/lib/kernel/plan'
import type { DataDirectorySeen, Following, Fork, MemberStanding, ReadPorts } from '@/lib/ports'
import { gatherHerd, type HerdFacts, isDown, type Place, type Plain, probeTimeoutMs } from './facts'
import { followingTo, gatherPeers } from './failover/peers'
import { pass, passBecause, refuse, seenRow, warn, wasSeen } from './gates'
import { gained } from './impact'
import { aboutInstance, firmInstance, herdNow, lockHerd } from './instance-head'
import { forgetReplaced } from './steps/forget-replaced'
import { startFollowing } from './steps/start-following'
import { writeFollowing } from './steps/write-following'

export type RejoinFacts = HerdFacts & {
  primary: Place | null
  following: Plain<Following> | null
  disk: Plain<DataDirectorySeen> | null
  /** Where its timeline ended in the primary's history; null: it did not, or that could not be read. */
  forkLsn: string | null
  standing: Plain<MemberStanding> | null
}

export const rejoin = defineOperation({
  name: 'rejoin',
  on: 'instance',
  title: 'Let a former primary rejoin its herd',
  verb: 'Rejoin',
  danger: 'disruptive',
  input: z.strictObject({}),
  help: [
    'Brings a former primary back as a standby of the one that replaced it: standby.signal and its upstream are written while it is down, then it is started and must stream.',
    'That works where it was shut down before the promotion: its last record is part of the new primary’s history. Where it has written more, the plan says how much, and it is rebuilt instead.',
    'Failing back is this and then a failover with it as the candidate.',
  ],
  gather: (ports, _input, context) => gatherRejoin(ports, context),
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    primary: facts.primary?.id ?? null,
    forkLsn: facts.forkLsn,
    checkpointLsn: facts.disk?.checkpointLsn ?? null,
  }),
  locks: lockHerd,
  now: (facts) => [...herdNow(facts), { label: 'Prediction', value: predict(facts).sentence }],
  affected: gained,
  order: () => 0,
  offered: (row) => {
    const seen = seenRow(row)
    const verdict = wasSeen(seen)
    if (verdict.verdict === 'refuse') return verdict
    return isDown(seen.state) ? pass : refuse('It runs: only a stopped former primary rejoins.')
  },
  asksPhrase: () => false,
})
  .gate('seen', 'It is seen, and it is down', ({ probe }) => {
    const verdict = wasSeen(probe)
    if (verdict.verdict === 'refuse') return verdict
    if (probe.state === 'online' && probe.role === 'primary') return refuse('It takes writes: stop or demote it first.')
    return isDown(probe.state) ? pass : refuse(`It is ${probe.state}.`)
  })
  .gate('primary', 'The herd has one primary to follow', ({ primary, instance }) =>
    primary === null ? refuse(`${instance.herdName} has no primary that answers.`) : passBecause(`${primary.title}.`),
  )
  .gate('history', 'What it wrote is part of the new primary’s history', (facts) => predict(facts).verdict)
  .effect(
    'follow',
    writeFollowing<RejoinFacts>(
      ({ instance }) => instance,
      ({ following }) => following!,
    ),
  )
  .effect(
    'start',
    startFollowing<RejoinFacts>(
      ({ instance }) => instance,
      ({ primary }) => primary!,
    ),
  )
  .effect(
    'restored',
    forgetReplaced<RejoinFacts>(({ instance }) => instance),
  )
  .build()

const gatherRejoin = async (ports: ReadPorts, context: GatherContext): Promise<RejoinFacts> => {
  const facts = await gatherHerd(ports, context)
  const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
  const { members } = await ports.inventory.herdStanding(facts.instance.herdId)
  const peers = await gatherPeers(ports, facts.instance.herdId, members, context)
  const leading = peers.filter(({ probe, place }) => place.id !== facts.instance.id && probe.state === 'online' && probe.role === 'primary')
  const primary = leading.length === 1 ? leading[0]! : null
  const self = peers.find(({ place }) => place.id === facts.instance.id)
  const disk = isDown(facts.probe.state) ? await ports.replication.dataDirectory(facts.instance.address, options) : null
  const forks: Fork[] =
    primary?.probe.timeline == null ? [] : await ports.replication.history(primary.place.address, primary.probe.timeline, options)
  return {
    ...facts,
    primary: primary?.place ?? null,
    following: primary && self ? followingTo(primary.place, self, peers) : null,
    disk,
    forkLsn: forks.find(({ timeline }) => timeline === disk?.timeline)?.forkLsn ?? null,
    standing: members.find(({ id }) => id === facts.instance.id) ?? null,
  }
}

/** Nothing to take back, a rewind, or a fresh copy; with the fork and the bytes past it. */
export const predict = ({ disk, forkLsn, primary, others, instance }: RejoinFacts): { verdict: Verdict; sentence: string } => {
  const say = (verdict: Verdict) => ({ verdict, sentence: 'because' in verdict && verdict.because ? verdict.because : '' })
  if (disk === null || primary === null) return say(warn('Nothing can be said before it is down and a primary answers.'))
  const led = others.find(({ id }) => id === primary.id)
  if (led?.systemIdentifier != null && disk.systemIdentifier !== null && led.systemIdentifier !== disk.systemIdentifier)
    return say(refuse(`${instance.title} has another system identifier than ${primary.title}: it is no copy of this herd.`))
  if (disk.timeline !== null && disk.timeline === led?.timeline)
    return say(passBecause('It is on the primary’s own timeline: nothing has to be taken back.'))
  if (forkLsn === null || disk.checkpointLsn === null)
    return say(refuse('Where its history and the primary’s part could not be read. Rebuild it.'))
  const past = lsnBytesBetween(forkLsn, disk.checkpointLsn)!
  const isClean = disk.controlState === 'shut down' || disk.controlState === 'shut down in recovery'
  if (isClean && past < 0)
    return say(passBecause(`Its last record, at ${disk.checkpointLsn}, is before the fork at ${forkLsn}: nothing has to be taken back.`))
  const wrote = isClean
    ? `${formatBytes(Math.max(0, past))} past the fork at ${forkLsn}`
    : `up to an unknown place past its checkpoint at ${disk.checkpointLsn} (the fork is at ${forkLsn})`
  const how =
    disk.hasChecksums || disk.logsHints
      ? 'pg_rewind can take that back'
      : 'it needs a fresh copy, since it has neither checksums nor wal_log_hints'
  return say(refuse(`It may have written ${wrote}, which ${primary.title} does not have: ${how}. Rebuild it.`))
}
