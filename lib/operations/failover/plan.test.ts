import { expect, test } from 'vitest'
import { memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '.'

const planOf = async (off: boolean, raw: JsonObject) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'], virtualHost: 'demo' }])
  Object.assign(fleet.instance('demo on n1'), { clients: 7, activeTransactions: 2 })
  if (off) fleet.host('n1').power = 'off'
  const input = failover.input.parse(raw) as JsonObject
  const plan = await makeTargetPlan(
    failover,
    fleet.read,
    input,
    fleet.instance('demo on n1').inventory.herdId,
    new AbortController().signal,
  )
  expect(fleet.calls.made).toEqual([])
  return `${JSON.stringify(plan, null, 2)}\n`
}

test('plans of a planned and of an emergency failover read as these snapshots say, and change nothing', async () => {
  await expect(await planOf(false, {})).toMatchFileSnapshot('../__snapshots__/plans/failover-planned.txt')
  await expect(await planOf(true, { override: 'demo' })).toMatchFileSnapshot('../__snapshots__/plans/failover-emergency.txt')
})

test('what the last look offers: nothing without a candidate or in a split brain, a warning when the primary is lost', () => {
  const offered = ['ready', 'lagging', 'stale', 'primary-lost', 'no-candidate', 'split-brain'].map(
    (verdict) => failover.offered({ verdict }).verdict,
  )
  expect(offered).toEqual(['pass', 'pass', 'pass', 'warn', 'refuse', 'refuse'])
})
