import { expect, test } from 'vitest'
import { memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '@/lib/operations'
import { titleOf } from './start-run'

const titleFor = async (name: string, raw: JsonObject, titles: readonly string[]) => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'shop', hosts: ['a', 'b'] }])
  const operation = operationByName(name)!
  const input = operation.input.parse(raw) as JsonObject
  const { signal } = new AbortController()
  const targets = await Promise.all(
    titles.map((title) => makeTargetPlan(operation, fleet.read, input, fleet.instance(title).inventory.id, signal)),
  )
  return titleOf(composePlan(operation, input, defaultPolicy, targets, [], null, { at: new Date(0), inMs: 0 }))
}

test('in the list of runs a run of SQL is told by its statement, any other by what it does to what', async () => {
  const input = { sql: 'select name,\n  setting from pg_settings' }
  expect(await titleFor('run-sql', input, ['shop on a'])).toBe('Run SQL: select name, setting from pg_settings (shop on a)')
  expect(await titleFor('run-sql', input, ['shop on a', 'shop on b'])).toBe('Run SQL: select name, setting from pg_settings (2 instances)')
  expect(await titleFor('reload', {}, ['shop on a'])).toBe('Reload the configuration: shop on a')
})
