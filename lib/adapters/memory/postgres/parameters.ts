import { isSameValue, valueProblem } from '@/lib/domain/settings/judge'
import type { Parameter } from '@/lib/domain/settings/parameter'
import { standbyLimits } from '@/lib/domain/settings/parameter'
import { maskSetting } from '@/lib/domain/settings/secret'
import { storedValue } from '@/lib/domain/settings/value'
import { Fault } from '@/lib/kernel/ground/errors'
import type { ServerSettingsAct, ServerSettingsRead } from '@/lib/ports'
import type { Calls } from '../world/calls'
import { isStreaming } from '../world/wal'
import type { MemoryInstance, World } from '../world/world'
import { actingOn, reached } from './instances'
import { isServing, pendingRestart, standbysOf } from './probe'

type Kind = Pick<Parameter, 'name' | 'context' | 'type' | 'unit' | 'defaultValue' | 'min' | 'max' | 'choices'>

const kind = (name: string, context: string, type: Kind['type'], defaultValue: string, more: Partial<Kind> = {}): Kind => ({
  ...{ name, context, type, defaultValue, unit: null, min: null, max: null, choices: null },
  ...more,
})

/** What a server of this world can be told, as PostgreSQL 15 has it. */
const kinds: readonly Kind[] = [
  kind('archive_command', 'sighup', 'string', ''),
  kind('autovacuum', 'sighup', 'bool', 'on'),
  kind('block_size', 'internal', 'integer', '8192', { min: '8192', max: '8192' }),
  kind('max_connections', 'postmaster', 'integer', '100', { min: '1', max: '262143' }),
  kind('max_wal_senders', 'postmaster', 'integer', '10', { min: '0', max: '262143' }),
  kind('primary_conninfo', 'sighup', 'string', ''),
  kind('random_page_cost', 'user', 'real', '4', { min: '0', max: '1.79769e+308' }),
  kind('shared_buffers', 'postmaster', 'integer', '16384', { unit: '8kB', min: '16', max: '1073741823' }),
  kind('synchronous_commit', 'user', 'enum', 'on', { choices: ['local', 'remote_write', 'remote_apply', 'on', 'off'] }),
  kind('work_mem', 'user', 'integer', '4096', { unit: 'kB', min: '64', max: '2147483647' }),
]

const byName = new Map(kinds.map((one) => [one.name, one]))
const wantedOf = ({ altered, files }: MemoryInstance, { name, defaultValue }: Kind): string | null =>
  altered[name] ?? files[name] ?? defaultValue
const file = '/etc/postgresql/postgresql.conf'
const autoFile = 'postgresql.auto.conf'

const mustServe = (instance: MemoryInstance): MemoryInstance => {
  if (isServing(instance) && !instance.refusesLogin) return instance
  throw new Fault('sql.unreachable', { because: `${instance.inventory.title} does not accept the connection.`, isOver: true })
}

/** Of a name that was taken out, what was loaded does not tell from where it came: it is the default. */
const parameterOf = (instance: MemoryInstance, one: Kind): Parameter => {
  const { name } = one
  const text = instance.active[name] ?? one.defaultValue!
  const isPendingRestart = pendingRestart(instance).includes(name)
  const isIn = (held: Record<string, string>) => held[name] !== undefined && isSameValue(one, held[name], text)
  const from = isIn(instance.altered) ? autoFile : isIn(instance.files) ? file : instance.active[name] === undefined ? null : autoFile
  const mask = (value: string | null) => maskSetting(name, value)
  const altered = instance.altered[name] ?? null
  const filed =
    instance.files[name] === undefined ? null : { value: instance.files[name], file, line: Object.keys(instance.files).indexOf(name) + 1 }
  return {
    ...one,
    value: mask(storedValue(text, one) ?? text),
    ...{ source: from === null ? 'default' : 'configuration file', file: from, line: from === null ? null : (filed?.line ?? 1) },
    isPendingRestart,
    altered: mask(altered),
    filed: filed && { ...filed, value: mask(filed.value)! },
    problem: instance.fileProblems.find((problem) => problem.name === name)?.error ?? null,
    elsewhere: [],
    holdsSecret: [text, altered, filed?.value ?? null].some((value) => mask(value) !== value),
  }
}

export const memoryParameters =
  (world: World): ServerSettingsRead['parameters'] =>
  async (address, names, options) => {
    const instance = mustServe(await reached(world, address, options))
    const asked = new Set(names.map((name) => name.toLowerCase()))
    return { mayAlter: true, parameters: kinds.filter(({ name }) => asked.has(name)).map((one) => parameterOf(instance, one)) }
  }

export const memoryParametersAct = (world: World, calls: Calls): ServerSettingsAct => {
  const act = actingOn(world, calls)
  return {
    alter: (address, edits, options) =>
      act(address, 'alter system', options, (instance) => {
        mustServe(instance)
        for (const { name, value } of edits) {
          const known = byName.get(name.toLowerCase())
          const problem = known === undefined ? 'unrecognized configuration parameter' : valueProblem(known, value)
          if (known === undefined || problem !== null) throw new Fault('sql.failed', { because: `${name}: ${problem}`, isOver: true })
          const { [known.name]: _old, ...others } = instance.altered
          instance.altered = value === null ? others : { ...others, [known.name]: value }
          instance.applied.push(value === null ? `reset ${known.name}` : `set ${known.name} = ${value}`)
        }
      }),
  }
}

/** At a reload, what neither file says any more is the default again. */
export const forgetTakenOut = (instance: MemoryInstance): void => {
  for (const { name, context } of kinds)
    if (context !== 'postmaster' && instance.files[name] === undefined && instance.altered[name] === undefined) delete instance.active[name]
}

const limits = kinds.filter(({ name }) => standbyLimits.includes(name))
const limitOf = (instance: MemoryInstance, one: Kind): number => Number(instance.active[one.name] ?? one.defaultValue)

/** Why a standby does not start beside its primary as that runs; null: it does. */
export const limitProblem = (world: World, instance: MemoryInstance): string | null => {
  const upstream = instance.hasStandbySignal && instance.upstreamId !== null ? world.instances.get(instance.upstreamId) : undefined
  if (upstream === undefined || upstream.state !== 'running') return null
  const low = limits.find((one) => Number(wantedOf(instance, one)) < limitOf(upstream, one))
  return low === undefined ? null : `recovery aborted because of insufficient parameter settings: ${low.name}`
}

/** A primary that started with more than a standby runs with: that one stops replaying. */
export const watchLimits = (world: World, primary: MemoryInstance): void => {
  if (primary.hasStandbySignal) return
  for (const standby of standbysOf(world, primary))
    for (const one of limits)
      if (isStreaming(world, standby) && limitOf(standby, one) < limitOf(primary, one))
        world.violations.push(`${standby.inventory.title} stopped replaying: ${one.name} is lower than on ${primary.inventory.title}`)
}
