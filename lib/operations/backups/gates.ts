import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import { parseLsn } from '@/lib/domain/values/lsn'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { wasSeen } from '../gates/seen'
import { known } from './facts'
import { sayTarget } from './input'
import type { RestoreFacts } from './restore-facts'

const notAsked = 'Nothing could be asked: see the checks above.'

/** One without a data directory may be restored as well. */
export const isSeen = ({ probe }: RestoreFacts): Verdict => {
  if (probe.state === 'absent') return passBecause('There is no data directory: it will be created.')
  if (probe.state === 'starting' || probe.state === 'stopping') return refuse(`It is ${probe.state}.`)
  return wasSeen(probe)
}

/** Their history would be another one from then on. */
export const isAlone = ({ others, instance }: RestoreFacts): Verdict => {
  const up = others.filter(({ state }) => state !== 'stopped' && state !== 'crashed' && state !== 'absent').map(({ title }) => title)
  if (up.length === 0)
    return others.length === 0
      ? pass
      : warn(
          `${others.map(({ title }) => title).join(', ')}: to be rebuilt from ${instance.title} afterwards, since their history is another one.`,
        )
  return refuse(
    `${up.join(', ')} ${up.length === 1 ? 'runs, or cannot' : 'run, or cannot'} be seen. Stop every other member first, and rebuild them afterwards.`,
  )
}

export const hasBackup = ({ seen, backup, target, probe }: RestoreFacts): Verdict => {
  if (seen === null) return unknown('Its host could not be asked.')
  const found = known(seen)
  if (found === null) return refuse(`${seen.because}.`)
  if (probe.systemIdentifier !== null && found.systemIdentifier !== probe.systemIdentifier)
    return refuse(`The stanza ${found.stanza} belongs to another cluster (system identifier ${found.systemIdentifier ?? 'none'}).`)
  if (found.isBusy) return refuse('pgBackRest is at work on this stanza. Wait for its end.')
  if (backup !== null) return passBecause(`${backup.label} (${backup.type}), ended ${backup.endedAt}.`)
  const first = found.backups.find(({ hasErrors }) => !hasErrors)
  return refuse(
    first === undefined
      ? `The stanza ${found.stanza} has no backup: ${found.status}.`
      : `No backup ended before ${sayTarget(target)}: the first, ${first.label}, ended ${first.endedAt} at ${first.stopLsn}.`,
  )
}

/** WAL from the backup to the target, as far as names in the archive tell. */
export const hasWal = ({ backup, run, hasGap, target, probe, now }: RestoreFacts): Verdict => {
  if (backup === null) return unknown(notAsked)
  if (run === null)
    return refuse(`The archive does not hold the WAL that ${backup.label} begins with (${backup.startWal}): it cannot be restored.`)
  if (parseLsn(run.toLsn)! < parseLsn(backup.stopLsn)!)
    return refuse(`The archive ends at ${run.toLsn}, before ${backup.label} is consistent (${backup.stopLsn}): it cannot be restored.`)
  if (target.kind === 'time' && Date.parse(target.time) > Date.parse(now)) return refuse(`${target.time} is still to come.`)
  if (hasGap) {
    const words = `a segment is missing in the archive after ${run.toLsn}`
    if (target.kind === 'lsn' && parseLsn(target.lsn)! <= parseLsn(run.toLsn)!) return warn(`It is reached; ${words}.`)
    return refuse(
      `WAL is not there: ${words}. Recovery comes as far as that position and no further: give it, or one before it, as the target.`,
    )
  }
  if (target.kind === 'lsn' && parseLsn(target.lsn)! > parseLsn(run.toLsn)!)
    return isLastArchived(probe)
      ? warn(`The archive ends at ${run.toLsn} now; the rest is archived when the server is stopped.`)
      : refuse(`The archive ends at ${run.toLsn}, before ${target.lsn}.`)
  const words = `No segment is missing from ${backup.startWal} to ${run.toLsn}.`
  return target.kind === 'lsn' || isLastArchived(probe)
    ? passBecause(words)
    : warn(
        `${words} Its server is down, and what it had not archived is not there: if recovery does not come to ${sayTarget(target)}, the old directory is put back.`,
      )
}

/** A clean shutdown ends with everything in the archive. */
export const isLastArchived = ({ state }: Pick<RestoreFacts['probe'], 'state'>): boolean => state === 'online' || state === 'stopped'

/** Said before it is done. */
export const whatIsLost = ({ target, now, probe }: RestoreFacts): Verdict => {
  if (target.kind === 'time') {
    const seconds = Math.max(0, (Date.parse(now) - Date.parse(target.time)) / 1000)
    return warn(
      `Every transaction that was committed after ${target.time} is lost: the last ${formatDuration(seconds)}, and what is written until the server is stopped.`,
    )
  }
  if (target.kind === 'lsn')
    return warn(
      `Every transaction whose commit lies after ${target.lsn} is lost${probe.currentLsn === null ? '' : `; the server is at ${probe.currentLsn} now`}.`,
    )
  return isLastArchived(probe)
    ? passBecause('What was written until the server is stopped is archived then, and comes back.')
    : warn('What it wrote and had not archived is lost.')
}

export const hasSpace = ({ sight, backup }: RestoreFacts): Verdict => {
  if (sight === null || backup === null) return unknown(notAsked)
  const other = sight.places.find(({ what }) => what !== 'data')
  if (other !== undefined)
    return refuse(
      `${other.what === 'wal' ? 'pg_wal' : 'A tablespace'} lies elsewhere (${other.path}): restoring beside it is not done yet. Restore by hand.`,
    )
  const [place] = sight.places
  if (place === undefined || place.because !== null)
    return refuse(`Nothing can be put beside the data directory: ${place?.because ?? 'it could not be looked at'}.`)
  if (place.freeBytes === null) return unknown('How much space is free is not known.')
  const words = `${formatBytes(place.freeBytes)} free, and the backup takes ${formatBytes(backup.bytes)} beside the old directory`
  return place.freeBytes < backup.bytes * 1.05 ? refuse(`Not enough: ${words}.`) : passBecause(`${words}.`)
}

export const isTidy = ({ sight }: RestoreFacts): Verdict => {
  if (sight === null) return unknown(notAsked)
  const { stage, paths } = sight.copy
  return stage === 'none' ? pass : refuse(`A copy of an earlier job is still there (${paths.join(', ')}). Remove it, or resume that job.`)
}
