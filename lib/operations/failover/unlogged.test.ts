import { expect, test } from 'vitest'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '.'

const gateOf = async (change: (fleet: MemoryFleet) => void, raw: JsonObject = {}) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
  const asked = new Set<string>()
  const other = fleet.world.sql
  fleet.world.sql = (instance, sql, isWriting) => {
    const said = sql.includes('"databaseNames"')
      ? ['postgres', 'shop']
      : sql.includes('"unloggedTables"')
        ? { unlogged: 2, extensions: [] }
        : null
    if (said === null) return other(instance, sql, isWriting)
    asked.add(instance.inventory.title)
    return { columns: ['said'], rows: [[JSON.stringify(said)]], rowCount: 1, isCut: false, command: 'SELECT', tookMs: 1 }
  }
  change(fleet)
  const input = failover.input.parse(raw) as JsonObject
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const plan = await makeTargetPlan(failover, fleet.read, input, targetId, new AbortController().signal)
  return { ...plan.gates.find(({ name }) => name === 'unlogged')!, asked: [...asked] }
}

test('a planned failover says which tables will be empty on the new primary, and on the old one after it', async () => {
  expect(await gateOf(() => {})).toMatchObject({
    verdict: 'warn',
    because:
      'Unlogged: 2 tables of postgres, 2 tables of shop. They are empty on demo on n2, and on the old primary too once it has followed.',
    asked: ['demo on n1'],
  })
})

test('in an emergency the standby that takes over is asked, since it knows the same tables', async () => {
  const off = (fleet: MemoryFleet) => {
    fleet.host('n1').power = 'off'
  }
  expect(await gateOf(off, { override: 'demo' })).toMatchObject({
    verdict: 'warn',
    because: 'Unlogged: 2 tables of postgres, 2 tables of shop. They are empty on demo on n2.',
    asked: ['demo on n2'],
  })
})
