import { describe, expect, test } from 'vitest'
import { healthyWorld } from '@/e2e/harness/twin/healthy'
import { powerOff } from '@/e2e/harness/twin/resize'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { exampleInput } from '@/lib/kernel/operation/example-input'
import type { Operation } from '@/lib/kernel/operation/operation'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { checkOperations } from '@/lib/kernel/operation/selfcheck-operations'
import { resources } from '@/lib/resources'
import { describeOperation, operationByName, operations, operationsOn } from '.'

/** Those whose plans are snapshots of scenes of their own, with more in them than a healthy world has. */
const staged = new Set([
  'adopt-patroni',
  'build-cluster',
  'rotate-certificates',
  'create',
  'failover',
  'launch-herd',
  'launch-standby',
  'resume-herd',
  'stop-herd',
  'etcd-defragment',
  'etcd-disarm',
  'etcd-snapshot',
  'patroni-configure',
  'patroni-pause',
  'patroni-reinit',
  'patroni-reload',
  'patroni-restart',
  'patroni-resume',
  'patroni-switchover',
  'patroni-zero-gap',
  'rds-promote',
  'replace-machine',
  'rds-reboot',
  'rds-start',
  'rds-stop',
  'resize-herd',
  'rolling-upgrade',
  'rolling-reboot',
  'rolling-restart',
  'set-herd-parameters',
  'switchover',
  'tear-down',
])

/** The states that the target's resource says it can be in. */
const statesOf = ({ on }: Operation): string[] => {
  const field = resources.find(({ name }) => name === on)?.fields.state
  return field?.kind === 'choice' ? field.choices.map(({ value }) => value) : []
}

test('every declaration is sound and acts on a registered resource', () => {
  expect(checkOperations(operations, new Set(resources.map((one) => one.name)))).toEqual([])
})

test('the registry finds operations by name and by resource', () => {
  expect(operationByName('restart')?.verb).toBe('Restart')
  expect(operationByName('nothing')).toBeUndefined()
  expect(operationsOn('server').map((one) => one.name)).toEqual(['create', 'adopt-patroni', 'check-server'])
})

test('what a browser gets is plain JSON with the schema of the input', () => {
  const described = operations.map(describeOperation)
  expect(JSON.parse(JSON.stringify(described))).toEqual(described)
  expect(described.find((one) => one.name === 'stop')?.input).toMatchObject({
    type: 'object',
    properties: { mode: { enum: ['smart', 'fast', 'immediate'], default: 'fast' } },
  })
})

describe.each(operations.filter((one) => statesOf(one).length > 0))('$name', (operation) => {
  test('is offered by the last observed state as this table says', async () => {
    const table = statesOf(operation).map((state) => {
      const { verdict, because } = operation.offered({
        state,
        role: 'standby',
        because: state === 'unreachable' ? 'no route to host' : null,
      })
      return `${state.padEnd(12)}${verdict.padEnd(8)}${because ?? ''}`.trimEnd()
    })
    await expect(`${table.join('\n')}\n`).toMatchFileSnapshot(`__snapshots__/offered/${operation.name}.txt`)
  })
})

describe.each(operations.filter((one) => !staged.has(one.name)))('$name', (operation) => {
  test('plans healthy targets as these snapshots say, and runs nothing for it', async () => {
    const { fleet, targets } = healthyWorld(operation.on)
    if (operation.name === 'start') for (const { id } of targets) fleet.world.instances.get(id)!.state = 'stopped'
    if (operation.name === 'start-machine') powerOff(fleet, 'n2')
    const input = operation.input.parse(exampleInput(operation)) as JsonObject
    const { signal } = new AbortController()
    const planned = await Promise.all(targets.map(({ id }) => makeTargetPlan(operation, fleet.read, input, id, signal)))
    const { environmentId } = planned[0]!
    const prod = { id: environmentId!, name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [] }
    const made = { at: fleet.clock.now(), inMs: 0 }
    const plan = composePlan(operation, input, defaultPolicy, planned, [prod], { medianSeconds: 3, count: 12 }, made)
    await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot(`__snapshots__/plans/${operation.name}.txt`)
    expect(fleet.calls.made).toEqual([])
  })
})

test('an operation that is offered nothing by an unknown state never gets one: unknown is untouchable', () => {
  // A directory that is gone was seen to be gone: what makes it anew may do so.
  for (const operation of operationsOn('instance'))
    for (const state of ['refused', 'unreachable', 'unknown', 'absent'])
      if (!['rebuild', 'restore'].includes(operation.name) || state !== 'absent')
        expect(operation.offered({ state }).verdict, `${operation.name} ${state}`).toBe('refuse')
})
