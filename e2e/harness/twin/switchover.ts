import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { adoptFile } from '@/lib/domain/poolers/template'
import { type DriveOptions, drive } from '@/lib/kernel/engine/engine'
import type { Decision } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { switchover } from '@/lib/operations/switchover'
import type { Sessions } from '@/lib/operations/switchover/sessions'

/** `poolers`: hosts with one in front, whose files the console writes. */
export const newFleet = ({ hosts = ['n1', 'n2', 'n3'], poolers = [] }: { hosts?: string[]; poolers?: string[] } = {}): MemoryFleet => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts, virtualHost: 'demo', poolers }])
  const { host, port } = fleet.instance('demo on n1').inventory.address
  for (const { inventory, file } of fleet.world.poolers.values())
    Object.assign(inventory, { isManaged: true, template: adoptFile(file!.text, { host: host.address, port }) })
  return fleet
}
const herdId = (fleet: MemoryFleet) => fleet.instance('demo on n1').inventory.herdId

const quiet: Sessions = { blockers: [], clients: [], libraries: '' }

/** What the members say of their sessions; every other statement is answered as before. */
export const say = (fleet: MemoryFleet, sessions: Partial<Sessions>, candidate: Partial<Sessions> = {}) => {
  const other = fleet.world.sql
  fleet.world.sql = (instance, sql, isWriting) =>
    sql.includes('blockers')
      ? {
          columns: ['sessions'],
          rows: [[JSON.stringify({ ...quiet, ...(instance.hasStandbySignal ? candidate : sessions) })]],
          rowCount: 1,
          isCut: false,
          command: 'SELECT',
          tookMs: 1,
        }
      : other(instance, sql, isWriting)
}

export const planOf = (fleet: MemoryFleet, raw: JsonObject = {}, operation: Operation = switchover) =>
  makeTargetPlan(operation, fleet.read, operation.input.parse(raw) as JsonObject, herdId(fleet), new AbortController().signal)

/** A job that drivers take up one after the other; `signal` ends one at once. `goOn`, `giveUp`: after a person has said so. Throws when its plan refuses. */
export const jobOf = async (
  fleet: MemoryFleet,
  raw: JsonObject = {},
  options: Partial<DriveOptions> = {},
  operation: Operation = switchover,
) => {
  const plan = await planOf(fleet, raw, operation)
  if (plan.reason !== null) throw new Error(plan.reason)
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: herdId(fleet), input: operation.input.parse(raw) as JsonObject, digest: plan.digest }
  const on = (signal = new AbortController().signal) =>
    drive(operation, job, journal.open(), fleet, {
      driver: 'test',
      signal,
      isCancelRequested: () => false,
      clock: fleet.clock,
      ...options,
    })
  const decide = (decision: Decision) => {
    journal.write([{ kind: 'decided', decision, by: 'ada' }])
    return on()
  }
  return { journal, on, goOn: () => decide('resume'), giveUp: () => decide('abandon') }
}

/** To the end of the job, or until it asks. */
export const run = async (fleet: MemoryFleet, raw: JsonObject = {}) => {
  const { journal, on, goOn } = await jobOf(fleet, raw)
  return { state: await on(), journal, goOn }
}

export const roles = (fleet: MemoryFleet) =>
  [...fleet.world.instances.values()].map((one) => `${one.inventory.title} ${one.hasStandbySignal ? 'standby' : 'primary'} ${one.timeline}`)
