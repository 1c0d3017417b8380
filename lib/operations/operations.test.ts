import { describe, expect, test } from 'vitest'
import { memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { checkOperations } from '@/lib/kernel/operation/selfcheck-operations'
import { resources } from '@/lib/resources'
import { describeOperation, operationByName, operations, operationsOn } from '.'

const states = ['online', 'starting', 'stopping', 'stopped', 'crashed', 'absent', 'refused', 'unreachable', 'unknown'] as const
const samples: Record<string, JsonObject> = {
  'run-sql': { sql: 'select 1' },
  repoint: { upstream: 'demo on n3' },
  'drop-slot': { slot: 'n2' },
}

test('every declaration is sound and acts on a registered resource', () => {
  expect(checkOperations(operations, new Set(resources.map((one) => one.name)))).toEqual([])
})

test('the registry finds operations by name and by resource', () => {
  expect(operationByName('restart')?.verb).toBe('Restart')
  expect(operationByName('nothing')).toBeUndefined()
  expect(operationsOn('server').map((one) => one.name)).toEqual(['create', 'check-server'])
})

test('what a browser gets is plain JSON with the schema of the input', () => {
  const described = operations.map(describeOperation)
  expect(JSON.parse(JSON.stringify(described))).toEqual(described)
  expect(described.find((one) => one.name === 'stop')?.input).toMatchObject({
    type: 'object',
    properties: { mode: { enum: ['smart', 'fast', 'immediate'], default: 'fast' } },
  })
})

describe.each(operations.filter((one) => one.on === 'instance'))('$name', (operation) => {
  test('is offered by the last observed state as this table says', async () => {
    const table = states.map((state) => {
      const { verdict, because } = operation.offered({
        state,
        role: 'standby',
        because: state === 'unreachable' ? 'no route to host' : null,
      })
      return `${state.padEnd(12)}${verdict.padEnd(8)}${because ?? ''}`.trimEnd()
    })
    await expect(`${table.join('\n')}\n`).toMatchFileSnapshot(`__snapshots__/offered/${operation.name}.txt`)
  })

  test('plans a healthy primary and a healthy standby as these snapshots say', async () => {
    const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
    fleet.instance('demo on n1').clients = 7
    fleet.instance('demo on n1').activeTransactions = 2
    const input = operation.input.parse(samples[operation.name] ?? {}) as JsonObject
    const titles = ['demo on n1', 'demo on n2']
    if (operation.name === 'start') for (const title of titles) fleet.instance(title).state = 'stopped'
    const targets = titles.map((title) =>
      makeTargetPlan(operation, fleet.read, input, fleet.instance(title).inventory.id, new AbortController().signal),
    )
    const { environmentId } = fleet.instance('demo on n1').inventory
    const prod = { id: environmentId, name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [] }
    const made = { at: fleet.clock.now(), inMs: 0 }
    const plan = composePlan(operation, input, defaultPolicy, await Promise.all(targets), [prod], { medianSeconds: 3, count: 12 }, made)
    await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot(`__snapshots__/plans/${operation.name}.txt`)
    expect(fleet.calls.made).toEqual([])
  })
})

test('an operation that is offered nothing by an unknown state never gets one: unknown is untouchable', () => {
  // A directory that is gone was seen to be gone: what makes it anew may do so.
  for (const operation of operationsOn('instance'))
    for (const state of ['refused', 'unreachable', 'unknown', 'absent'])
      if (operation.name !== 'rebuild' || state !== 'absent')
        expect(operation.offered({ state }).verdict, `${operation.name} ${state}`).toBe('refuse')
})
