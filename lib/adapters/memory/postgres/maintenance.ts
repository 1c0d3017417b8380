import { matches } from '@/lib/domain/maintenance/names'
import { type MaintenanceWork, maintenanceStatement, type QualifiedName } from '@/lib/domain/maintenance/work'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Maintained, MaintenanceAct, MaintenanceRead, MaintenanceSight } from '@/lib/ports'
import type { Calls } from '../world/calls'
import type { MemoryInstance, World } from '../world/world'
import { actingOn, reached } from './instances'
import { isServing } from './probe'

const takesMs = 1_200
const major = 15

const mustServe = (instance: MemoryInstance, database: string): MemoryInstance => {
  if (!isServing(instance) || instance.refusesLogin)
    throw new Fault('sql.unreachable', { because: `${instance.inventory.title} does not accept the connection.`, isOver: true })
  if (database === 'postgres') return instance
  throw new Fault('sql.unreachable', { because: `database "${database}" does not exist`, sqlstate: '3D000', isOver: true })
}

const isSame = (a: QualifiedName, b: QualifiedName) => a.schema === b.schema && a.name === b.name

const seen = <T extends QualifiedName>(world: World, all: readonly T[], { chosen, max }: MaintenanceSight): Maintained<T> => {
  const found = all.filter((one) =>
    'exactly' in chosen ? chosen.exactly.some((other) => isSame(one, other)) : chosen.patterns.some((pattern) => matches(pattern, one)),
  )
  return { at: world.clock.stamp(), found: structuredClone(found.slice(0, max)), leftOut: Math.max(0, found.length - max) }
}

export const memoryMaintenanceRead = (world: World): MaintenanceRead => ({
  tables: async (address, sight, options) => seen(world, mustServe(await reached(world, address, options), sight.database).tables, sight),
  indexes: async (address, sight, options) => {
    const { indexes, sessions } = mustServe(await reached(world, address, options), sight.database)
    // One whose statement was cancelled a moment ago builds nothing any more.
    const isAtWork = sessions.some(({ state, statement }) => state === 'active' && statement?.startsWith('REINDEX') === true)
    return seen(
      world,
      indexes.map((one) => ({ ...one, isBuilding: one.isBuilding && isAtWork })),
      sight,
    )
  },
})

const failed = (because: string, sqlstate: string) => new Fault('sql.failed', { because, sqlstate, isOver: true })

/** What is there while it runs, and stays when it does not end. */
const begin = (instance: MemoryInstance, { deed }: MaintenanceWork, object: QualifiedName): void => {
  const index = instance.indexes.find((one) => isSame(one, object))
  if (deed === 'reindex' || deed === 'drop-index') {
    if (index === undefined) throw failed(`relation "${object.schema}.${object.name}" does not exist`, '42P01')
    if (deed === 'drop-index') index.isValid = false
    else
      instance.indexes.push({
        ...{ ...index, oid: index.oid + 1000, name: `${index.name}_ccnew`, isValid: false, isLeftover: true, isConstraint: false },
        isBuilding: true,
      })
  } else if (!instance.tables.some((one) => isSame(one, object)))
    throw failed(`relation "${object.schema}.${object.name}" does not exist`, '42P01')
}

const finish = (world: World, instance: MemoryInstance, work: MaintenanceWork, object: QualifiedName): void => {
  const copy = instance.indexes.find((one) => isSame(one, { schema: object.schema, name: `${object.name}_ccnew` }) && one.isBuilding)
  const index = instance.indexes.find((one) => isSame(one, object))
  const table = instance.tables.find((one) => isSame(one, object))
  if (work.deed === 'drop-index') instance.indexes = instance.indexes.filter((one) => one !== index)
  else if (work.deed === 'reindex' && copy !== undefined && index !== undefined) {
    Object.assign(index, { oid: copy.oid, bytes: index.neededBytes ?? index.bytes, isValid: true })
    instance.indexes = instance.indexes.filter((one) => one !== copy)
  } else if (table !== undefined) {
    if (work.deed === 'analyze' || (work.deed === 'vacuum' && work.analyze)) table.analyzedAt = world.clock.stamp()
    if (work.deed === 'vacuum') Object.assign(table, { vacuumedAt: world.clock.stamp(), deadRows: 0, age: work.freeze ? 0 : table.age })
  }
}

export const memoryMaintenanceAct = (world: World, calls: Calls): MaintenanceAct => {
  const act = actingOn(world, calls)
  return {
    maintain: (address, { database, work, object }, options) =>
      act(address, work.deed, options, async (instance) => {
        mustServe(instance, database)
        if (instance.hasStandbySignal) throw failed(`cannot execute ${work.deed} during recovery`, '25006')
        begin(instance, work, object)
        const [startedAt, statementAt] = [world.clock.stamp(), world.clock.stamp()]
        const statement = maintenanceStatement(work, object, major)
        const pid = 9000 + calls.made.length
        instance.sessions.push({
          ...{ pid, startedAt, kind: 'client backend', database, user: 'postgres', application: options.session, client: null },
          ...{ state: 'active', waitType: null, wait: null, ageSeconds: 0, transactionSeconds: 0, statementSeconds: 0, stateSeconds: 0 },
          ...{ statementAt, heldBack: null, statement, blockedBy: [] },
        })
        options.onProgress?.({ ...{ pid, command: work.deed, database, phase: 'scanning heap' }, done: 50, total: 100, unit: 'blocks' })
        await world.clock.sleep(Math.min(takesMs, options.timeoutMs), options.signal)
        const session = instance.sessions.find((one) => one.pid === pid)
        instance.sessions = instance.sessions.filter((one) => one !== session)
        for (const one of instance.indexes) if (one.isBuilding && session?.state !== 'active') one.isBuilding = false
        if (options.signal?.aborted || session?.state !== 'active' || options.timeoutMs < takesMs) {
          for (const one of instance.indexes) one.isBuilding = false
          throw options.signal?.aborted
            ? new Fault('shell.cancelled', { because: 'It was cancelled.', isOver: true })
            : new Fault('sql.timeout', { because: 'canceling statement due to user request', sqlstate: '57014', isOver: true })
        }
        finish(world, instance, work, object)
        instance.applied.push(statement)
      }),
  }
}
