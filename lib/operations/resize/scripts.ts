import { type HookMoment, type MoveAction, machineArguments, moveArguments } from '@/lib/domain/hooks/hook'
import { classOfType } from '@/lib/domain/machines/classes'
import { vcpusOf } from '@/lib/domain/machines/vcpus'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { InventoryDnsEntry, InventoryHook, InventoryInstance, InventoryMachine, ReadPorts } from '@/lib/ports'
import type { HerdFacts, Plain } from '../facts/instance'
import { orNull } from '../facts/or-null'
import type { ScriptCall } from '../steps/scripts/run-calls'
import type { DbSize } from './db'
import type { ResizeInput } from './input'

/** What is asked of the facts of a resize here. */
type OfScripts = Pick<HerdFacts, 'instance' | 'probe'> & {
  machine: Plain<InventoryMachine> | null
  now: { type: string } | null
  types: readonly { type: string; vcpus: number }[]
  db: DbSize | null
  input: Pick<ResizeInput, 'type'>
  scripts: ResizeScripts
}

/** What scripts of the operator’s do at a resize. */
export type ResizeScripts = {
  hooks: Plain<InventoryHook>[]
  /** Why the worker that looked would not run one of them. */
  unready: string[]
  entries: Plain<InventoryDnsEntry>[]
  /** The member’s address as scripts are given it; null: not known, or not needed. */
  address: string | null
  /** Where clients go meanwhile; null: no primary was seen, or none is needed. */
  primary: { member: Plain<InventoryInstance>; address: string } | null
}

const askTimeoutMs = 15_000

/** As scripts are given it: what the cloud says now, for it may change when a machine stops; the public one where it has one. */
export const scriptAddress = async (
  ports: ReadPorts,
  machine: Plain<InventoryMachine> | null,
  { address: { host } }: Pick<Plain<InventoryInstance>, 'address'>,
  signal: AbortSignal,
): Promise<string | null> => {
  const options = { timeoutMs: askTimeoutMs, signal }
  if (machine === null) return host.address
  if (machine.kind === 'rds') return (await ports.cloud.dbInstance(machine, options)).address
  const { publicAddress, privateAddress } = await ports.cloud.machine(machine, options)
  return publicAddress ?? privateAddress
}

export const gatherScripts = async (
  ports: ReadPorts,
  { instance, probe, others }: Pick<HerdFacts, 'instance' | 'probe' | 'others'>,
  members: readonly InventoryInstance[],
  machine: Plain<InventoryMachine> | null,
  signal: AbortSignal,
): Promise<ResizeScripts> => {
  const { hooks, entries } = await ports.inventory.instanceHooks(instance.id)
  const isMoved = probe.role !== 'primary' && entries.length > 0 && hooks.some(({ moment }) => moment === 'move-clients')
  const taken = hooks.filter(({ moment }) => moment !== 'move-clients' || isMoved)
  const unready = await whyNotReady(ports, taken)
  const seen = {
    hooks: taken.map((one) => ({ ...one })),
    unready,
    entries: entries.map((one) => ({ ...one })),
  }
  if (!isMoved) return { ...seen, address: null, primary: null }
  const lead = others.find(({ role }) => role === 'primary')
  const member = members.find(({ id }) => id === lead?.id) ?? null
  const address = await orNull(scriptAddress(ports, machine, instance, signal), signal)
  const there = member === null ? null : await orNull(addressOf(ports, member, signal), signal)
  return { ...seen, address, primary: member === null || there === null ? null : { member: { ...member }, address: there } }
}

/** Why this worker would not run one of them. */
const whyNotReady = async (ports: ReadPorts, hooks: readonly Pick<InventoryHook, 'file'>[]): Promise<string[]> => {
  const whys = await Promise.all([...new Set(hooks.map(({ file }) => file))].map((file) => ports.scripts.whyNot(file)))
  return whys.flatMap((why) => why ?? [])
}

/** The same of any hook of an instance. */
export const lookAtHooks = async (ports: ReadPorts, { id }: Pick<InventoryInstance, 'id'>): Promise<string[]> =>
  whyNotReady(ports, (await ports.inventory.instanceHooks(id)).hooks)

const addressOf = async (ports: ReadPorts, member: InventoryInstance, signal: AbortSignal): Promise<string | null> =>
  scriptAddress(ports, await ports.inventory.serverMachine(member.serverId), member, signal)

const hooksOf = ({ scripts }: OfScripts, moment: HookMoment) => scripts.hooks.filter((one) => one.moment === moment)

export const hooksCanRun = (facts: OfScripts): Verdict => {
  const { hooks, unready, entries, address, primary } = facts.scripts
  if (unready.length > 0) return refuse(unready.join(' '))
  const names = entries.map(({ dnsName }) => dnsName).join(', ')
  if (facts.probe.role !== 'primary' && entries.length > 0) {
    if (hooksOf(facts, 'move-clients').length === 0)
      return warn(
        `${names}: no hook moves clients by DNS entries, so they are not moved. Add a hook of that moment, or delete the entries.`,
      )
    if (primary === null) return refuse(`${names}: no primary was seen whose address is known, so clients have nowhere to go.`)
    if (address === null)
      return refuse(`${names}: the address of ${facts.instance.title} is not known, so clients could not be moved back.`)
  }
  return hooks.length === 0 ? pass : passBecause(`${[...new Set(hooks.map(({ title }) => title))].join(', ')}.`)
}

/** How many vCPUs it gains, negative where it loses some, as EC2 describes its types; 0 for a type that nobody described. */
const gain = ({ now, db, input, types }: Pick<OfScripts, 'now' | 'db' | 'input' | 'types'>): number => {
  const vcpus = (name: string) => types.find(({ type }) => type === name)?.vcpus ?? vcpusOf(name)
  const [had, gets] = [vcpus(now?.type ?? db?.now?.class ?? ''), vcpus(db === null ? input.type : classOfType(input.type))]
  return had === null || gets === null ? 0 : gets - had
}

export type Outcome = 'under-way' | 'done' | 'undone'

/** What a script knows beside its arguments: enough to tell a repeated call from a new one, which undoing is. */
const environmentOf = (facts: OfScripts, jobId: string, key: string, outcome: Outcome): Record<string, string> => ({
  MATRIARCH_JOB: jobId,
  MATRIARCH_CALL: `${jobId}/${key}`,
  MATRIARCH_OPERATION: 'resize',
  MATRIARCH_OUTCOME: outcome,
  MATRIARCH_HERD: facts.instance.herdName,
  MATRIARCH_MEMBER: facts.instance.title,
  MATRIARCH_TYPE_FROM: facts.now?.type ?? facts.db?.now?.class ?? '',
  MATRIARCH_TYPE_TO: facts.input.type,
})

/** The hooks of a moment, with the id of the machine. `jobId` is of no account for a plan. */
export const hookCalls = (facts: OfScripts, moment: 'before-stop' | 'after-return', jobId: string, outcome: Outcome): ScriptCall[] =>
  hooksOf(facts, moment).map((hook) => {
    const instanceId = facts.machine?.instanceId ?? ''
    const key = `${instanceId}/${moment}/${outcome}/${hook.id}`
    return { key, hook, argv: machineArguments(instanceId), environment: environmentOf(facts, jobId, key, outcome) }
  })

/** Every DNS entry by every hook that moves clients. */
export const moveCalls = (
  facts: OfScripts,
  action: MoveAction,
  memberAddress: string,
  { jobId, outcome, hooks = hooksOf(facts, 'move-clients') }: { jobId: string; outcome: Outcome; hooks?: Plain<InventoryHook>[] },
): ScriptCall[] => {
  const { entries, primary } = facts.scripts
  if (primary === null) return []
  return entries.flatMap(({ number, hostedZone, dnsName }) =>
    hooks.map((hook) => {
      const key = `${facts.machine?.instanceId ?? ''}/${action}/${outcome}/${hook.id}/${number}`
      const target = action === 'SCALE_DOWN' ? primary.address : memberAddress
      const recordType = facts.machine?.kind === 'rds' ? 'CNAME' : 'A'
      const argv = moveArguments({ action, hostedZone, dnsName, target, recordType, member: memberAddress })
      return { key, hook, argv, environment: environmentOf(facts, jobId, key, outcome) }
    }),
  )
}

/** Those that bring clients back. Where they stay away while it is small, that is not after it shrank, nor where it could not grow. */
export const returningHooks = (facts: OfScripts, outcome: Outcome): Plain<InventoryHook>[] => {
  const isSmall = outcome === 'done' ? gain(facts) < 0 : gain(facts) > 0
  return hooksOf(facts, 'move-clients').filter(({ staysAway }) => !staysAway || !isSmall)
}

/** Whether some leave clients away by then. */
export const someStay = (facts: OfScripts, outcome: Outcome): boolean =>
  returningHooks(facts, outcome).length < hooksOf(facts, 'move-clients').length
