import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, notNeeded, type When } from '@/lib/kernel/operation/only-when'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import { isDown, isUp } from '../facts/instance'
import { aboutInstance, firmInstance, herdNow, lockHerd } from '../facts/instance-head'
import { clientsWarned, gained, lossOf, standbysWarned } from '../gates/impact'
import { keepsPassword, seenRow, wasSeen } from '../gates/seen'
import { checkpointPostgres } from '../steps/postgres/checkpoint'
import { fencePostgres } from '../steps/postgres/fence'
import { recoverPostgres } from '../steps/postgres/recover'
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
const noRewind = 'Nothing is rewound.'
const notInPlace = 'Nothing is done in place.'
const staysStandby = 'It stays a standby: that is the safe state of one that is rebuilt.'

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
    'Brings a broken, lagging or diverged standby, or a former primary that was replaced, back to streaming. The plan chooses the cheapest way that works and says why: nothing, if it streams; follow again, if its data are good and the upstream still has the WAL; pg_rewind, if it wrote what the upstream does not have; else a copy with pg_basebackup; and where that has no room beside the old directory, rsync in that directory itself.',
    'A copy goes into a fresh directory beside the old one, while the old server goes on. Only when it is complete the old server is stopped, the directories are swapped and the new one must stream; then the old one is removed. Whatever fails before that, the old directory is put back. Of one that is down and wrote what the upstream does not have, that WAL is saved aside first, unless that is not wanted. Symbolic links of pg_wal, tablespaces and the configuration in the data directory are kept.',
    'A rewind works in place, since a second copy of the old directory would cost what a fresh copy costs. From its first change to its end the server cannot start, so nothing comes up torn, a reboot of its host included. The WAL that it takes back is saved aside before. If it fails, a copy is made in the same job, unless you chose that it stops and asks. Where the role that replicates may not run it, a copy is chosen.',
    'rsync compares every file with the upstream’s, block by block, and moves only what differs. The console carries the bytes between the two hosts, in a backup of the upstream’s that is over with it, whatever becomes of the console. There is nothing to go back to: from the first change to the end the server cannot start, one that is broken off is begun again and completes it, and configuration, links of pg_wal and tablespaces stay.',
    'A primary is refused before anything is touched, and looked for again after a long copy. Nothing is needed between the database hosts but the replication connection that a standby uses anyway.',
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
  locks: lockHerd,
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
  .gate('seen', 'It can be seen', isSeen)
  .gate('no-primary', 'It is no primary', isNoPrimary, { again: true })
  .gate('upstream', 'There is an upstream', hasUpstream)
  .gate('reach', 'It reaches the upstream', isLetIn)
  .gate('room', 'The upstream has a sender and a slot for it', hasRoom)
  .gate('password', 'Its primary_conninfo can be rewritten', ({ instance, disk }) =>
    keepsPassword({ title: instance.title, holdsPassword: disk?.holdsPassword === true }),
  )
  .gate('strategy', 'How it is rebuilt', hasStrategy)
  .gate('role', 'Its role may run pg_rewind', isAllowed)
  .gate('rsync', 'rsync can work in place', mayWorkInPlace)
  .gate('saveable', 'What it wrote is saved', isSaved)
  .gate('space', 'There is room for a copy', hasSpace)
  .gate('tidy', 'No earlier rebuild left anything', isTidy)
  .gate('configuration', 'Its configuration is kept', keepsConfiguration)
  .gate('standbys', 'No standby streams from it', (facts) => standbysWarned(facts, moment))
  .gate('clients', 'Nobody is connected', (facts) => clientsWarned(facts, 'cut when it is stopped'))
  .effect('clear', clearLeftover, {
    when: ({ sight }) => sight !== null && sight.copy.stage !== 'none',
    otherwise: notNeeded('An earlier rebuild left nothing.'),
  })
  .effect('slot', makeSlot(upstream, slotName))
  .effect('stop', stopPostgres(self, { mode: () => 'fast', timeoutMs: () => stopTimeoutMs }), {
    when: (facts) => !copies(facts) && isUp(facts.probe.state),
    otherwise: notNeeded('Nothing has to be stopped yet.'),
  })
  .effect('fence', fencePostgres(self, staysStandby), { when: rewinds, otherwise: notNeeded('Nothing has to be fenced.') })
  .effect('recover', recoverPostgres(self), { when: recovers, otherwise: notNeeded('It need not recover first.') })
  .effect('checkpoint', checkpointPostgres(upstream), ifRewinds)
  .effect('tail', saveTail({ of: self, fork: ({ tailFrom }) => tailFrom!, place: ({ rewind }) => rewind.tail }), {
    when: savesWal,
    otherwise: notAsked('Nothing past a fork is saved.'),
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
    stopPostgres(self, { mode: () => 'immediate', timeoutMs: () => stopTimeoutMs }),
    { when: (facts) => copies(facts) && isUp(facts.probe.state), otherwise: notNeeded('It is down at that point.') },
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
