import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, notNeeded, type When } from '@/lib/kernel/operation/only-when'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import { isDown, isUp } from '../facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd } from '../facts/instance-head'
import { clientsWarned, gained, lossOf, standbysWarned } from '../gates/impact'
import { keepsPassword, seenRow, wasSeen } from '../gates/seen'
import { checkpointPostgres } from '../steps/postgres/checkpoint'
import { fencePostgres } from '../steps/postgres/fence'
import { recoverPostgres } from '../steps/postgres/recover'
import { stillNoPrimary } from '../steps/postgres/still'
import { stopPostgres } from '../steps/postgres/stop'
import { dropOldSlot } from '../steps/replication/drop-old-slot'
import { forgetReplaced } from '../steps/replication/forget-replaced'
import { makeSlot } from '../steps/replication/make-slot'
import { rewindPostgres } from '../steps/replication/rewind'
import { saveTail } from '../steps/replication/save-tail'
import { startFollowing } from '../steps/replication/start-following'
import { writeFollowing } from '../steps/replication/write-following'
import { clearLeftover } from './clear-leftover'
import { copyData } from './copy-data'
import { makeCopySlot } from './copy-slot'
import { gatherRebuild, type RebuildFacts } from './facts'
import { beginInPlace, fillInPlace } from './fill-in-place'
import {
  hasRoom,
  hasSpace,
  hasStrategy,
  hasUpstream,
  isAllowed,
  isLetIn,
  isNoPrimary,
  isSaved,
  isSeen,
  isTidy,
  keepsConfiguration,
  mayWorkInPlace,
  savesWal,
  titles,
} from './gates'
import { rebuildInput } from './input'
import { removeOld } from './remove-old'
import { swapData } from './swap-data'
import { copies, isInPlace, whereCopied, whereHeld } from './where-copied'

const stopTimeoutMs = 300_000
const moment = 'while it is down'
const noRewind = 'The strategy is not a rewind.'
const notInPlace = 'The strategy is not in-place.'
const staysStandby = 'It stays a standby: the safe state for a member being rebuilt.'

const slotName = (facts: RebuildFacts) => facts.following!.slotName
const following = (facts: RebuildFacts) => facts.following!
const upstream = (facts: RebuildFacts) => facts.upstream!
const self = (facts: RebuildFacts) => facts.instance
const ifRewinds: When<RebuildFacts> = { when: rewinds, otherwise: notNeeded(noRewind) }
const oldSlot = (facts: RebuildFacts) => facts.oldSlot

export const rebuild = defineOperation({
  name: 'rebuild',
  on: 'instance',
  role: 'dba',
  title: 'Rebuild standby',
  verb: 'Rebuild',
  danger: 'destructive',
  input: rebuildInput,
  help: [
    'Brings a broken, lagging or diverged standby, or a replaced former primary, back to streaming. The plan chooses the cheapest strategy that works and says why. A standby that streams is left alone.',
    'Follow: the data are good and the upstream still has the WAL. The standby is pointed at the upstream and started; nothing is copied.',
    'Rewind: it wrote WAL that the upstream does not have. pg_rewind discards that WAL, which is archived first, and copies only what differs. It works in place: the server cannot start until it is complete, even after a reboot. If it fails, the same job makes a copy, unless you turn that off. If the replication role may not run pg_rewind, a copy is chosen.',
    'Copy: pg_basebackup fills a fresh directory beside the old one while the old server keeps running. Then the old server is stopped, the directories are swapped, and the old one is removed once the new one streams. After a failure the old directory is put back. Links of pg_wal and tablespaces, and configuration files in the data directory, are kept.',
    'In place: there is no disk space for a copy. rsync compares every file with the upstream’s, block by block, and transfers only what differs; the console carries the bytes between the hosts, during a backup on the upstream. The server cannot start until it is complete, and the old data cannot be restored; an interrupted run is started again and completes it. Links and configuration files are kept.',
    'A primary is refused before anything is touched, and checked for again after a long copy. Apart from the replication connection that every standby uses, the database hosts need no connection to each other.',
  ],
  gather: (ports, input, context) => gatherRebuild(ports, input, context),
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    upstream: facts.upstream?.id ?? null,
    following: facts.following,
    strategy: facts.choice.strategy,
    tail: facts.rewind.tail?.path ?? null,
  }),
  managed: { deed: 'rebuild', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: (facts) => [
    ...herdNow(facts),
    { label: 'New upstream', value: facts.upstream?.title ?? 'none' },
    ...(facts.choice.strategy === null ? [] : [{ label: 'Strategy', value: titles[facts.choice.strategy] }]),
    ...(facts.parting?.parts === 'at' ? [{ label: 'Timelines diverge at', value: facts.parting.lsn }] : []),
  ],
  affected: (facts) => (isDown(facts.probe.state) ? gained(facts) : lossOf(facts, { mode: 'fast', moment, isBack: true })),
  order: () => 0,
  offered: (row) => {
    const seen = seenRow(row)
    if (seen.state === 'online' && seen.role === 'primary') return refuse('It is a primary: others are copies of it.')
    return seen.state === 'absent' ? pass : wasSeen(seen)
  },
})
  .gate('seen', 'Reachable', isSeen)
  .gate('no-primary', 'Not a primary', isNoPrimary, { again: true })
  .gate('upstream', 'There is an upstream', hasUpstream)
  .gate('reach', 'The upstream accepts the replication connection', isLetIn)
  .gate('room', 'The upstream has a free WAL sender and slot', hasRoom)
  .gate('password', 'primary_conninfo can be rewritten', ({ instance, disk }) =>
    keepsPassword({ title: instance.title, holdsPassword: disk?.holdsPassword === true }),
  )
  .gate('strategy', 'Strategy', hasStrategy)
  .gate('role', 'The replication role may run pg_rewind', isAllowed)
  .gate('rsync', 'rsync can work in place', mayWorkInPlace)
  .gate('saveable', 'Discarded WAL is archived', isSaved)
  .gate('space', 'Disk space for a copy', hasSpace)
  .gate('tidy', 'Nothing left by an earlier rebuild', isTidy)
  .gate('configuration', 'Configuration is kept', keepsConfiguration)
  .gate('standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, moment))
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'cut when it is stopped'))
  .effect('clear', clearLeftover, {
    when: ({ sight }) => sight !== null && sight.copy.stage !== 'none',
    otherwise: notNeeded('An earlier rebuild left nothing.'),
  })
  .effect('slot', makeSlot(upstream, slotName))
  .effect('stop', stopPostgres(self, { mode: () => 'fast', timeoutMs: () => stopTimeoutMs, still: stillNoPrimary(self) }), {
    when: (facts) => !copies(facts) && isUp(facts.probe.state),
    otherwise: notNeeded('It does not have to be stopped at this point.'),
  })
  .effect('fence', fencePostgres(self, staysStandby), { when: rewinds, otherwise: notNeeded('It does not have to be fenced.') })
  .effect('recover', recoverPostgres(self), { when: recovers, otherwise: notNeeded('No crash recovery is needed.') })
  .effect('checkpoint', checkpointPostgres(upstream), ifRewinds)
  .effect('tail', saveTail({ of: self, fork: ({ tailFrom }) => tailFrom!, place: ({ rewind }) => rewind.tail }), {
    when: savesWal,
    otherwise: notAsked('Archiving was turned off, or there is nothing to archive.'),
  })
  .effect(
    'rewind',
    rewindPostgres({
      of: self,
      source: following,
      timeline: ({ upstreamProbe }) => upstreamProbe?.timeline ?? null,
      fork: ({ parting }) => (parting?.parts === 'at' ? parting.lsn : null),
      orCopy: ({ rewindKey }) => rewindKey,
    }),
    ifRewinds,
  )
  .effect('copy-slot', whereHeld(makeCopySlot))
  .effect('bar', beginInPlace, { when: isInPlace, otherwise: notNeeded(notInPlace) })
  .effect('fill', fillInPlace, { when: isInPlace, otherwise: notNeeded(notInPlace) })
  .effect('copy', whereCopied(copyData))
  .effect(
    'stop-old',
    // What is about to be replaced needs no clean end, and a broken one may not come to it.
    stopPostgres(self, { mode: () => 'immediate', timeoutMs: () => stopTimeoutMs, still: stillNoPrimary(self) }),
    { when: (facts) => copies(facts) && isUp(facts.probe.state), otherwise: notNeeded('It is stopped at that point.') },
  )
  .effect('swap', whereCopied(swapData))
  .effect('follow', {
    ...writeFollowing(self, following),
    isRedone: (facts) => copies(facts) || isInPlace(facts),
  })
  .effect('start', {
    ...startFollowing(self, upstream),
    isRedone: ({ probe }) => isUp(probe.state),
  })
  .effect('remove-old', whereCopied(removeOld))
  .effect('old-slot', dropOldSlot(oldSlot))
  .effect('restored', forgetReplaced(self))
  .build()

/** Functions, since the operation above is built before these lines are reached. */
function rewinds({ choice }: RebuildFacts): boolean {
  return choice.strategy === 'rewind'
}

/** pg_rewind needs a clean shutdown. */
function recovers({ choice, probe }: RebuildFacts): boolean {
  return choice.strategy === 'rewind' && probe.state === 'crashed'
}
