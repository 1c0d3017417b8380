import { z } from 'zod'
import type { LeaderChange } from '@/lib/domain/managers/manager'
import { judgeUnordered, type OldPrimary, sayPosition, type UnorderedMove } from '@/lib/domain/managers/unordered'
import { sayAims } from '@/lib/domain/poolers/pgbouncer-ini'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect, GatherContext } from '@/lib/kernel/operation/operation'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { InventoryInstance, InventoryPooler, Probe, ReadPorts } from '@/lib/ports'
import { commandsOf, type Place, type Plain, probeTimeoutMs } from '../facts/instance'
import { movesTo, type NameMove } from '../facts/names'
import { orNull } from '../facts/or-null'
import { aimAt, partOf } from '../facts/pooler-part'
import { moveNames, standbyNames } from '../steps/dns/move-name'
import { herdAim, keepPoolersAimed } from '../steps/poolers/aim'
import { stillLeads } from '../steps/postgres/still'

/** `probe` null: it had not answered when it was decided. */
type Seen = { place: Plain<InventoryInstance>; probe: Plain<Probe> | null }

export type FollowLeaderFacts = {
  herd: { id: string; name: string; environmentId: string; environmentName: string }
  /** As the report of a failover names them. */
  mode: 'unordered'
  primary: { title: string } | null
  candidate: Place | null
  old: Plain<OldPrimary> | null
  lossBytes: number | null
  members: Seen[]
  why: string | null
  report: Plain<UnorderedMove> & { reason: string | null; timeline: number | null; forkLsn: string | null }
  heardAt: string
  poolers: Plain<InventoryPooler>[]
  /** Those that the console does not write. */
  unmanaged: string[]
  names: NameMove[]
  readers: NameMove[]
  problems: string[]
}

const lookTimeoutMs = 8_000
/** A host that is off says nothing for many seconds, and clients wait: once one member has answered as the primary, the others have so long. */
const othersMs = 250

export const followLeader = defineOperation({
  name: 'follow-leader',
  on: 'dr-pair',
  role: 'operator',
  title: 'Follow a leader that moved',
  verb: 'Follow the leader',
  danger: 'routine',
  input: z.strictObject({
    from: z.string().max(200).default('').meta({ title: 'Old primary', description: 'As it was known before. Empty: not known.' }),
    heardAt: z
      .string()
      .max(40)
      .default('')
      .meta({ title: 'Promoted at', description: 'ISO time at which the promotion was heard of. Empty: now.' }),
  }),
  help: [
    'For a primary that moved though nobody here ordered it: a failover by Patroni, or a switchover by patronictl. Points the herd’s managed poolers and DNS names at the member that takes writes now, and writes a report with what is known of the gap and of the loss.',
    'The console submits it by itself within two seconds of such a promotion in a herd that Patroni manages. It touches no server.',
  ],
  gather: (ports, input, context) => gatherFollowing(ports, input, context),
  about: ({ herd }) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null }),
  firm: ({ candidate, poolers, names, readers }) => ({
    candidate: candidate?.id ?? null,
    poolers: poolers.map(({ id }) => id),
    names: names.map(({ nameId }) => nameId),
    readers: readers.map(({ nameId }) => nameId),
  }),
  managed: { harmless: 'It acts on poolers and DNS alone, and follows whoever is primary.' },
  locks: ({ herd }) => [`herd:${herd.id}`],
  // Whatever that job planned, the manager has chosen meanwhile: clients must not wait for a person. Each step about poolers and names looks again.
  overtakesWaiting: true,
  now: ({ primary, candidate, report, members }) => [
    { label: 'Old primary', value: primary?.title ?? 'not known' },
    { label: 'New primary', value: candidate?.title ?? 'not known' },
    { label: 'Gap', value: report.gap },
    { label: 'Loss', value: report.loss },
    ...(report.reason === null ? [] : [{ label: 'Patroni says', value: `timeline ${report.timeline}: ${report.reason}` }]),
    {
      label: 'Members',
      value: members
        .map(({ place, probe }) => `${place.title}: ${probe === null ? 'no answer' : `${probe.role}, ${probe.state}`}`)
        .join('; '),
    },
  ],
  neverAsksPhrase: true,
})
  .gate('primary', 'One member takes writes', ({ why, candidate }) =>
    why === null ? passBecause(`It is ${candidate?.title}.`) : refuse(why),
  )
  .gate('members', 'Every member is seen', ({ members }) => {
    const silent = members
      .filter(({ probe }) => probe === null || probe.state === 'unreachable' || probe.state === 'unknown')
      .map(({ place }) => place.title)
    return silent.length === 0 ? pass : warn(`${silent.join(', ')} cannot be seen. Patroni gives the leader key to one member at a time.`)
  })
  .gate('poolers', 'Every pooler is managed', ({ unmanaged }) =>
    unmanaged.length === 0 ? pass : warn(`${unmanaged.join(', ')}: the console does not write the file. Use Repoint once.`),
  )
  .gate('names', 'Every name can hold it', ({ problems }) => (problems.length === 0 ? pass : warn(`${problems.join('; ')}.`)))
  .effect('report', writeReport())
  .effect(
    'aim',
    keepPoolersAimed(
      ({ poolers, herd, candidate }: FollowLeaderFacts) =>
        poolers.map((pooler) => herdAim(pooler as InventoryPooler, herd, aimAt(candidate as InventoryInstance))),
      ({ candidate }) => candidate!,
    ),
  )
  .effect(
    'move-names',
    moveNames(
      ({ names }: FollowLeaderFacts) => names,
      stillLeads(({ candidate }: FollowLeaderFacts) => candidate!),
      { stays: { final: 'The names stay with the new primary.', harmless: true } },
    ),
  )
  .effect(
    'move-readers',
    moveNames(
      ({ readers }: FollowLeaderFacts) => readers,
      stillLeads(({ candidate }: FollowLeaderFacts) => candidate!),
      standbyNames,
    ),
  )
  .build()

async function gatherFollowing(
  ports: ReadPorts,
  { from, heardAt }: { from: string; heardAt: string },
  { targetId, signal }: GatherContext,
): Promise<FollowLeaderFacts> {
  const [standing, instances, poolers] = await Promise.all([
    ports.inventory.herdStanding(targetId),
    ports.inventory.herdInstances(targetId),
    ports.inventory.herdPoolers(targetId),
  ])
  const members = await lookAtMembers(ports, instances, signal)
  const primaries = members.filter(({ probe }) => isPrimary(probe))
  const candidate = primaries.length === 1 ? primaries[0]!.place : null
  const { herdId, name, environmentId, environmentName } = standing
  const herd = { id: herdId, name, environmentId, environmentName }
  const old = standing.members.find(({ id }) => instances.some((one) => one.id === id && one.title === from))
  const { change, isSynchronous } =
    candidate === null ? { change: null, isSynchronous: false } : await patroniSays(ports, candidate, signal)
  const at = heardAt || ports.now().toISOString()
  const known = from === '' ? null : { title: from, lsn: old?.lastLsn ?? null, seenAt: old?.seenAt ?? null }
  const report = judgeUnordered(known, change, { promotedAt: at, isSynchronous })
  // One that is only slow is a standby as it was: it must not vanish from a name of standbys for that.
  const standbys = members
    .filter(({ place, probe }) => place !== candidate && (probe === null ? place.title !== from : isStandby(probe)))
    .map(({ place }) => place)
  const moves = candidate === null ? null : await movesTo(ports, targetId, candidate, standbys, signal)
  const isManaged = (pooler: InventoryPooler) => partOf(pooler, name) !== null
  return {
    herd,
    mode: 'unordered',
    primary: from === '' ? null : { title: from },
    candidate: candidate === null ? null : { ...candidate, commands: commandsOf(ports.postgres, candidate, 'fast') },
    old: known,
    lossBytes: report.lossBytes,
    members: members as unknown as Seen[],
    why: candidate !== null ? null : whyNone(primaries.map(({ place }) => place.title)),
    report: {
      ...report,
      reason: change?.reason ?? null,
      timeline: change?.timeline ?? null,
      forkLsn: change === null ? null : sayPosition(change.lsn),
    },
    heardAt: at,
    poolers: poolers.filter(isManaged) as Plain<InventoryPooler>[],
    unmanaged: poolers.filter((one) => !isManaged(one)).map(({ title }) => title),
    names: moves?.names.moves ?? [],
    readers: moves?.readers.moves ?? [],
    problems: moves === null ? [] : [...moves.names.problems, ...moves.readers.problems],
  }
}

function isPrimary(probe: Probe | null): boolean {
  return probe?.state === 'online' && probe.role === 'primary'
}

function isStandby({ state, role }: Probe): boolean {
  return state === 'online' && role === 'standby'
}

/** All at once; those that have not answered a moment after the primary did are not waited for. */
async function lookAtMembers(
  ports: ReadPorts,
  instances: readonly InventoryInstance[],
  signal: AbortSignal,
): Promise<{ place: InventoryInstance; probe: Probe | null }[]> {
  const enough = new AbortController()
  const late = new Promise<null>((resolve) => enough.signal.addEventListener('abort', () => resolve(null), { once: true }))
  let timer: NodeJS.Timeout | undefined
  const look = async (place: InventoryInstance) => {
    const asked = ports.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal: AbortSignal.any([signal, enough.signal]) })
    asked.catch(() => {})
    const probe = await Promise.race([asked, late])
    if (isPrimary(probe)) timer ??= setTimeout(() => enough.abort(), othersMs)
    return { place, probe }
  }
  try {
    return await Promise.all(instances.map(look))
  } finally {
    clearTimeout(timer)
  }
}

function whyNone(titles: readonly string[]): string {
  return titles.length === 0 ? 'No member answers as a primary.' : `${titles.join(' and ')} both answer as a primary.`
}

/** The last change of the leader in Patroni’s own history, and whether its cluster is in synchronous mode. */
async function patroniSays(
  ports: ReadPorts,
  { address }: Pick<InventoryInstance, 'address'>,
  signal: AbortSignal,
): Promise<{ change: LeaderChange | null; isSynchronous: boolean }> {
  const seen = await orNull(ports.hosts.managers(address.host, [address.dataDirectory], { timeoutMs: lookTimeoutMs, signal }), signal)
  const own = seen?.managers.find(({ kind, state }) => kind === 'patroni' && state === 'running')
  const last = own?.history.at(-1) ?? null
  return {
    change: last === null ? null : { ...last },
    isSynchronous: own?.members.some(({ role }) => role === 'sync_standby') ?? false,
  }
}

/** What was known when it was submitted, in the journal: the report is made of it. */
function writeReport(): Effect<FollowLeaderFacts, null, { gapMs: number | null; lossBytes: number | null }> {
  return {
    title: 'Write the report',
    preview: ({ report, candidate, poolers }) => ({
      sentence: `Record that ${candidate?.title ?? 'a member'} is primary. ${report.gap} ${report.loss}${poolers.length === 0 ? '' : ` Poolers: ${sayAims([aimAt(candidate as InventoryInstance)])}.`}`,
      commands: [],
    }),
    check: async () => ({ found: 'ready', before: null }),
    run: async ({ report, heardAt, candidate, primary }, _before, _ports, { note }) => {
      note('info', `${candidate!.title} was promoted; heard of at ${heardAt}. The old primary: ${primary?.title ?? 'not known'}.`)
      note('info', `Gap: ${report.gap}`)
      note(report.lossBytes === null || report.lossBytes > 0 ? 'warning' : 'info', `Loss: ${report.loss}`)
      if (report.reason !== null) note('info', `Patroni’s history, timeline ${report.timeline}: ${report.reason}`)
      return { gapMs: report.gapMs, lossBytes: report.lossBytes }
    },
    proof: 'answer',
    timeoutMs: 10_000,
    ending: { final: 'The report stays.', harmless: true },
  }
}
