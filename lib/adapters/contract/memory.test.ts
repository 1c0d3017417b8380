import { type MemoryInstance, memoryFleet } from '@/lib/adapters/memory'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress, SqlGrid } from '@/lib/ports'
import { postgresContract } from './postgres-contract'

const grid = (columns: string[], rows: (string | null)[][], command = 'SELECT'): SqlGrid => ({
  columns,
  rows,
  rowCount: rows.length,
  isCut: false,
  command,
  tookMs: 1,
})

/** As much SQL as the suite speaks. */
const answer = (tables: Set<string>, sql: string, isWriting: boolean): SqlGrid => {
  const [, act, table = ''] = /^(create|drop) table (\w+)/.exec(sql) ?? []
  if (act !== undefined) {
    if (!isWriting) throw new Fault('sql.failed', { because: 'cannot execute CREATE TABLE in a read-only transaction' })
    if (act === 'create') tables.add(table)
    else tables.delete(table)
    return grid([], [], `${act.toUpperCase()} TABLE`)
  }
  const regclass = /to_regclass\('(\w+)'\)/.exec(sql)?.[1]
  if (regclass !== undefined) return grid(['to_regclass'], [[tables.has(regclass) ? regclass : null]])
  if (sql.includes('generate_series(1, 5)')) return grid(['a'], [['1'], ['2'], ['3'], ['4'], ['5']])
  if (sql === 'select 1') return grid(['?column?'], [['1']])
  throw new Fault('sql.failed', { because: `what is “${sql}”?` })
}

postgresContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1', 'n2'] }])
  const tables = new Set<string>()
  fleet.world.sql = (_instance, sql, isWriting) => answer(tables, sql, isWriting)
  const find = ({ instanceId }: InstanceAddress): MemoryInstance => fleet.world.instances.get(instanceId)!
  const initial = { ...fleet.instance('demo on n1').files }
  return {
    ports: fleet,
    primary: fleet.instance('demo on n1').inventory.address,
    standby: fleet.instance('demo on n2').inventory.address,
    configure: async (instance, name, value) => {
      find(instance).files[name] = value ?? initial[name]!
    },
    breakFiles: async (instance) => {
      find(instance).fileProblems = [{ file: '/etc/postgresql/15/demo/postgresql.conf', line: 7, name: null, error: 'syntax error' }]
      return async () => {
        find(instance).fileProblems = []
      }
    },
    cutOff: async (instance) => {
      const { host } = find(instance)
      host.power = 'off'
      return async () => {
        host.power = 'on'
      }
    },
    stop: async () => {},
  }
})
