import { leadLines, partLines } from '@/lib/domain/poolers/lines'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { DeadManSpec, DeadManTrial, InventoryInstance, ReadPorts } from '@/lib/ports'
import type { Plain } from './instance'
import { aimAt, partOf } from './pooler-part'
import type { PoolerPlace } from './poolers'

const trialTimeoutMs = 20_000

export type DeadManPlace = {
  pooler: PoolerPlace
  spec: Plain<DeadManSpec>
  /** What the pooler's host found when it tried; `problem` too when it could not be reached. */
  trial: Plain<DeadManTrial>
}

/** Timers of one job, made when its facts are gathered, so that every driver knows their key. */
export type DeadManFacts = { key: string; herdId: string; expirySeconds: number; hosts: DeadManPlace[] }

/** Whose clients are paused on a pooler: its databases with their names on the server. `file`: what its file says; null: there is none. */
export type HeldPooler = { pooler: PoolerPlace; databases: readonly { name: string; database: string }[]; file: string | null }

type About = {
  herd: { id: string; name: string }
  members: readonly Plain<InventoryInstance>[]
  systemIdentifier: string | null
  expirySeconds: number
}

/** Has each pooler's host try, with the script of the timer itself, whether it could tell who takes writes. */
export const gatherDeadMan = async (
  ports: ReadPorts,
  held: readonly HeldPooler[],
  about: About,
  signal: AbortSignal,
): Promise<DeadManFacts> => ({
  key: crypto.randomUUID(),
  herdId: about.herd.id,
  expirySeconds: about.expirySeconds,
  hosts: await Promise.all(
    held.map(async (one) => {
      const spec = specFor(one, about)
      return { pooler: one.pooler, spec, trial: await tryDeadMan(ports, one.pooler, spec, signal) }
    }),
  ),
})

const specFor = ({ pooler, databases, file }: HeldPooler, { herd, members, systemIdentifier }: About): Plain<DeadManSpec> => {
  const part = partOf(pooler, herd.name)
  return {
    systemIdentifier,
    databases: databases.map(({ name, database }) => ({ name, database })),
    foreignLines: part === null ? [] : partLines(part).foreign,
    members: members.map((member) => ({
      instanceId: member.id,
      title: member.title,
      address: member.address.host.address,
      port: member.address.port,
      socketDirectory: member.serverId === pooler.serverId ? member.address.socketDirectory : null,
      text: part === null || file === null ? null : leadLines(file, part, aimAt(member)),
    })),
  }
}

/** What its host found when it tried; one that cannot be reached is a problem, too. */
export const tryDeadMan = async (
  ports: ReadPorts,
  { address }: PoolerPlace,
  spec: Plain<DeadManSpec>,
  signal: AbortSignal,
): Promise<DeadManTrial> => {
  try {
    return await ports.poolers.tryDeadMan(address, spec, { timeoutMs: trialTimeoutMs, signal })
  } catch (error) {
    signal.throwIfAborted()
    return { problem: error instanceof Error ? error.message : String(error), answers: [] }
  }
}

/**
 * A host that cannot tell who takes writes would keep its clients paused for as long as nobody comes. `primary` and `candidate` are the ids of the two that
 * it must be able to tell apart.
 */
export const hostsCanTell = ({ hosts }: DeadManFacts, { primary, candidate }: { primary: string; candidate: string }): Verdict => {
  if (hosts.length === 0) return pass
  const refused = hosts.flatMap((host) => troubleOf(host, primary, candidate))
  if (refused.length > 0) return refuse(`${refused.join(' ')} Correct that, or choose to go without timers.`)
  const silent = hosts.flatMap(({ pooler, trial }) =>
    trial.answers
      .filter(({ answer }) => answer === 'silent')
      .map(({ title, because }) => `${hostOf(pooler)} cannot ask ${title}: ${because}.`),
  )
  return silent.length > 0
    ? warn(silent.join(' '))
    : passBecause(`${hosts.map(({ pooler }) => hostOf(pooler)).join(', ')} can tell who takes writes.`)
}

const hostOf = ({ address }: PoolerPlace): string => address.host.hostname

const troubleOf = ({ pooler, trial }: DeadManPlace, primary: string, candidate: string): string[] => {
  if (trial.problem !== null) return [`No timer can be left on ${hostOf(pooler)}: ${trial.problem.replace(/\.$/, '')}.`]
  const wrong = (id: string, wanted: 'writable' | 'standby') => {
    const seen = trial.answers.find(({ instanceId }) => instanceId === id)
    if (seen?.answer === wanted) return []
    const what =
      seen === undefined || seen.answer === 'silent'
        ? `cannot ask ${seen?.title ?? id} (${seen?.because ?? 'not asked'})`
        : `sees ${seen.title} as ${seen.answer}`
    return [
      `${hostOf(pooler)} ${what}${seen?.answer === 'silent' ? `: give it a login there, with its password in the auth_file of ${pooler.title} or in ~/.pgpass of ${pooler.address.host.user}` : ''}.`,
    ]
  }
  return [...wrong(primary, 'writable'), ...wrong(candidate, 'standby')]
}
