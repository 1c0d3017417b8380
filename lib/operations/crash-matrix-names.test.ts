import { expect, test } from 'vitest'
import { heldIn, type MemoryFleet, MemoryJournal, memoryFleet, putRecords } from '@/lib/adapters/memory'
import { recordSet, sameRecords } from '@/lib/domain/dns/records'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState } from '@/lib/kernel/ground/journal'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { checkZone } from './check-zone'
import { refreshDns } from './refresh-dns'

const name = 'orders.prod.test'
const alias = (host: string) => [recordSet(name, 'CNAME', [`${host}.prod.test`], 60)]

const openFleet = () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], virtualHost: 'orders' }])
  return { fleet, zone: fleet.zone('prod.test') }
}

/** A name that somebody pointed at the standby: the job is to point it at the primary again. */
const stageOf = async (
  operation: typeof refreshDns,
  targetId: (fleet: MemoryFleet) => string,
  broken: (fleet: MemoryFleet, state: JobState) => string[],
) => {
  const { fleet, zone } = openFleet()
  putRecords(zone, name, alias('n2'))
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, {}, targetId(fleet), new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  return {
    operation,
    job: { id: 'job', targetId: targetId(fleet), input: {}, digest },
    ports: fleet,
    clock: fleet.clock,
    journal: new MemoryJournal(fleet.clock),
    disturb: (nth: number, how: Disturbance) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => JSON.stringify([heldIn(zone, name), zone.applied]),
    broken: (state: JobState) => broken(fleet, state),
  } satisfies Stage
}

const nameId = (fleet: MemoryFleet) => [...fleet.world.names.values()][0]!.id

test('refresh-dns ends as it says wherever drivers die and however updates go wrong, and changes nothing twice', {
  timeout: 300_000,
}, async () => {
  const results = await crashMatrix(() =>
    stageOf(refreshDns, nameId, (fleet, state) => {
      const zone = fleet.zone('prod.test')
      const held = heldIn(zone, name)
      return [
        ...(zone.applied.length > 1 ? [`the name was changed ${zone.applied.length} times`] : []),
        ...(state === 'done' && !sameRecords(held, alias('n1')) ? ['done, and the name is wrong'] : []),
        ...(sameRecords(held, alias('n1')) || sameRecords(held, alias('n2'))
          ? []
          : ['the name is neither what it was nor what it should be']),
        ...(state === 'failed' && zone.applied.length > 0 ? ['failed without a question, and the name was changed'] : []),
      ]
    }),
  )
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['cancelled', 'done', 'failed'])
})

test('check-zone ends as it says and changes nothing', { timeout: 300_000 }, async () => {
  const zoneId = (fleet: MemoryFleet) => fleet.zone('prod.test').inventory.id
  const results = await crashMatrix(() => stageOf(checkZone, zoneId, (fleet) => fleet.zone('prod.test').applied))
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['cancelled', 'done'])
})
