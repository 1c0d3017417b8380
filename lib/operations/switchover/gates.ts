import { predictGap } from '@/lib/domain/replication/switchover-gap'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import { lagBytes } from '@/lib/domain/values/lsn'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { sayThrough } from '../facts/canary'
import { poolerAnswers } from '../facts/poolers'
import { hostsCanTell } from '../facts/timers'
import { awaitsSlots } from '../failover/gates'
import { shedSaid } from '../failover/steps/shed-receivers'
import type { SwitchoverFacts } from './facts'
import type { Blocker } from './sessions'

/** Both sides are alive, or it is no switchover. */
export const primaryAnswers = ({ primary, primaryProbe }: SwitchoverFacts): Verdict => {
  if (primary === null) return refuse('It is not known which member is the primary, so there is nothing to switch over from.')
  const state = primaryProbe?.state ?? 'unknown'
  return state === 'online'
    ? passBecause(`${primary.title} answers: nothing will be lost.`)
    : refuse(`${primary.title} is ${state}: a switchover needs a primary that answers. If it does not come back, fail over.`)
}

const blockerWords = ({ pid, user, database, application, client, seconds, query }: Blocker): string =>
  `${user} in ${database} (pid ${pid}${application === '' ? '' : `, ${application}`}, from ${client}) for ${formatDuration(seconds)}: ${query}`

/** Waiting for it would take as long as it takes; a fast stop rolls it back. */
export const noBlockers = ({ sessions, limits, primary }: SwitchoverFacts): Verdict => {
  if (primary === null) return pass
  if (sessions === null) return unknown(`The open transactions on ${primary.title} could not be read; they will be rolled back.`)
  const long = sessions.blockers.filter(({ seconds }) => seconds > limits.blockerSeconds)
  const [oldest] = sessions.blockers
  if (oldest === undefined) return passBecause('No transaction is open.')
  if (long.length === 0) return passBecause(`The oldest transaction is ${formatDuration(oldest.seconds)} old.`)
  const said = `${counted(long.length, 'transaction')} older than ${formatDuration(limits.blockerSeconds)}: ${long.map(blockerWords).join('; ')}.`
  return limits.blockers === 'cut'
    ? warn(`${said} They are rolled back when the primary stops.`)
    : refuse(`${said} Let them end, or choose cut.`)
}

/** A fast shutdown waits for every reader of WAL, and nobody is served meanwhile. Who replays late and has all of it on the disk, holds nothing up. */
export const readersStream = (
  facts: Pick<SwitchoverFacts, 'senders' | 'primaryProbe' | 'primary' | 'readiness'> & {
    limits: Pick<SwitchoverFacts['limits'], 'lagBytesMax'>
  },
): Verdict => {
  const { senders, primaryProbe, limits } = facts
  const awaits = awaitsSlots(facts)
  if (awaits !== null) return awaits
  const slow = senders.filter(({ state }) => state !== 'streaming')
  if (slow.length > 0)
    return refuse(
      `${slow.map((one) => `${one.name} is in ${one.state}`).join(', ')}: the shutdown would wait for it. Let it catch up or stop it first.`,
    )
  const behind = (primaryProbe?.standbys ?? []).flatMap(({ applicationName, flushLsn }) => {
    const bytes = lagBytes(flushLsn, primaryProbe!.currentLsn)
    return bytes !== null && bytes > limits.lagBytesMax ? [`${applicationName} still has to receive ${formatBytes(bytes)}`] : []
  })
  return behind.length === 0 ? pass : warn(`${behind.join(', ')}. ${shedSaid}`)
}

/** An extension whose library is not loaded fails in the first transaction that needs it. */
export const librariesFit = ({ sessions, candidateLibraries, candidate, primary }: SwitchoverFacts): Verdict => {
  if (sessions === null || candidateLibraries === null)
    return primary === null || candidate === null
      ? pass
      : unknown(`What ${(sessions === null ? primary : candidate).title} loads (shared_preload_libraries) could not be read.`)
  const [theirs, ours] = [sessions.libraries, candidateLibraries].map((list) => list.split(/[\s,"]+/).filter((name) => name !== ''))
  const missing = theirs!.filter((name) => !ours!.includes(name))
  return missing.length === 0
    ? pass
    : warn(
        `${candidate?.title} does not load ${missing.join(', ')}, and ${primary?.title} does (shared_preload_libraries): whatever uses ${missing.length === 1 ? 'it' : 'them'} will fail there. Add ${missing.length === 1 ? 'it' : 'them'} and restart the candidate first.`,
      )
}

/** Clients that are connected other than through a pooler; null: not known. The poolers' own server connections are not among them. */
export const directClients = ({ primaryProbe, front }: SwitchoverFacts): number | null => {
  const pooled = front.flatMap(({ seen, databases }) => seen.databases.filter(({ name }) => databases.includes(name)))
  const count = primaryProbe?.clients ?? null
  return count && Math.max(0, count - pooled.reduce((sum, { serversBusy, serversIdle }) => sum + serversBusy + serversIdle, 0))
}

/** Clients that are connected are cut and must reconnect. */
export const clientsSaid = (facts: SwitchoverFacts): Verdict => {
  const { sessions, front } = facts
  const count = directClients(facts)
  if (!count) return pass
  const who = (sessions?.clients ?? []).map(
    (one) => `${one.count} × ${one.user}${one.application === '' ? '' : ` (${one.application})`} from ${one.client}`,
  )
  return warn(
    `${counted(count, 'client')} connected${front.length === 0 ? '' : ' directly, bypassing the poolers'}; they are disconnected${who.length === 0 ? '' : `: ${who.join(', ')}`}. They must reconnect.`,
  )
}

/** A pooler that cannot be paused with the others would send its clients to a stopped server. */
export const poolersAnswer = ({ front, leftOut }: SwitchoverFacts): Verdict => {
  for (const { pooler, seen, databases } of front) {
    const { verdict, because } = poolerAnswers(seen)
    if (verdict === 'refuse') return refuse(`${pooler.title}: ${because} Or leave it out.`)
    const held =
      seen.isPausedWhole === true
        ? ['as a whole']
        : seen.databases.filter((one) => one.isPaused && databases.includes(one.name)).map(({ name }) => name)
    if (held.length > 0) return refuse(`${pooler.title} is already paused (${held.join(', ')}). Resume it first.`)
  }
  if (leftOut.length > 0)
    return warn(
      `${leftOut.join(', ')} ${leftOut.length === 1 ? 'is' : 'are'} left out: its clients get errors until somebody points it at the new primary.`,
    )
  return front.length === 0
    ? pass
    : passBecause(`${front.map(({ pooler }) => pooler.title).join(', ')}: their clients are paused meanwhile.`)
}

/** The first write by the console is done at leisure, with its difference shown, and not while clients wait. */
export const poolersManaged = ({ front, primary, candidate }: SwitchoverFacts): Verdict => {
  if (primary === null || candidate === null) return pass
  const strange = front.filter(({ file }) => file === null)
  if (strange.length > 0)
    return refuse(
      `${strange.map(({ pooler }) => pooler.title).join(', ')}: ${strange.length === 1 ? 'its file is' : 'their files are'} not managed by the console yet, or changed by hand. Use Repoint on ${strange.length === 1 ? 'its page' : 'their pages'} first: its plan shows the difference.`,
    )
  const straying = front.filter(({ strays }) => strays.length > 0)
  if (straying.length > 0)
    return refuse(
      `${straying.map(({ pooler, strays }) => `${strays.join(', ')} on ${pooler.title}`).join('; ')} ${straying.length === 1 && straying[0]!.strays.length === 1 ? 'points' : 'point'} to ${primary.title}, but the template does not make that line follow the herd: its clients would get errors. Use Repoint on the pooler first, or name the herd in that line of the template.`,
    )
  const elsewhere = front.filter(({ databases }) => databases.length === 0)
  return elsewhere.length === 0
    ? pass
    : warn(
        `No database of ${elsewhere.map(({ pooler }) => pooler.title).join(', ')} points to ${primary.title}: no client is paused there.`,
      )
}

export const timersTell = ({ timers, primary, candidate, front, limits }: SwitchoverFacts): Verdict => {
  if (primary === null || candidate === null || front.length === 0) return pass
  return limits.timers
    ? hostsCanTell(timers, { primary: primary.id, candidate: candidate.id })
    : warn('No timers on the poolers’ hosts: if every worker is lost meanwhile, somebody has to resume by hand.')
}

/** A client in session mode keeps its server until it leaves, so that holding it back would never end. */
export const sessionsFree = ({ front }: SwitchoverFacts): Verdict => {
  const held = front.flatMap(({ pooler, seen, databases }) =>
    seen.databases
      .filter((one) => databases.includes(one.name) && one.poolMode === 'session' && one.clientsActive > 0)
      .map((one) => ({ pooler, one })),
  )
  if (held.length === 0) return pass
  const who = front.flatMap(({ sessionClients }) => sessionClients)
  return refuse(
    `${held.map(({ pooler, one }) => `${one.name} on ${pooler.title} uses session pooling, and ${counted(one.clientsActive, 'client')} ${one.clientsActive === 1 ? 'holds' : 'hold'} a server connection`).join('; ')}: ${who.join(', ')}. Pausing would wait until they disconnect. Disconnect them, or use transaction pooling.`,
  )
}

/** Whether somebody sees the move as a client does. */
export const canarySaid = ({ canary, noCanary }: SwitchoverFacts): Verdict => {
  if (noCanary !== null) return warn(`No canary writes, so what a client sees is not measured. ${noCanary}`)
  if (canary === null) return passBecause('None was asked for.')
  return canary.noDoor === null
    ? passBecause(`A canary writes through ${sayThrough(canary)}.`)
    : warn(`The canary connects to the members directly, not as clients do. ${canary.noDoor}`)
}

export const gapSaid = (facts: SwitchoverFacts): Verdict => {
  const words = gapWords(facts)
  return words === null ? unknown('The lag of the candidate, or the round trip to its host, could not be measured.') : passBecause(words)
}

/** null: what it depends on could not be seen. */
export const gapWords = ({ roundTripMs, candidateProbe, primaryProbe, front }: SwitchoverFacts): string | null => {
  const behind = lagBytes(candidateProbe?.replayedLsn ?? null, primaryProbe?.currentLsn ?? null)
  if (roundTripMs === null || behind === null) return null
  const { ms, parts } = predictGap({ roundTripMs, lagBytes: behind, poolers: front.length })
  return `About ${formatDuration(ms / 1000)} without a writer: ${parts.map((part) => `${part.what} ${part.ms} ms`).join(', ')}.`
}
