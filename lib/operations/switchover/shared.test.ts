import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { adoptFile } from '@/lib/domain/poolers/template'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { switchover } from '.'

const title = 'shop pooler on front'
const primaries = { shop: 'shop on n1', crm: 'crm on c1' }
type Herd = keyof typeof primaries

/** One pooler in front of two herds. `adopted`: the herds that its template repoints. */
const newFleet = (adopted: readonly Herd[] = ['shop', 'crm']): MemoryFleet => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'shop', hosts: ['n1', 'n2'], poolers: ['front'] },
    { environment: 'prod', name: 'crm', hosts: ['c1', 'c2'], sharedPoolers: ['front'] },
  ])
  const { inventory, file } = fleet.pooler(title)
  const aimOf = (herd: Herd) => ({ host: addressOf(fleet, primaries[herd]), port: 5432 })
  const template = adopted.reduce((text, herd) => adoptFile(text, aimOf(herd), herd === 'shop' ? null : herd)!, file!.text)
  Object.assign(inventory, { isManaged: true, template })
  return fleet
}
const addressOf = (fleet: MemoryFleet, instance: string) => fleet.instance(instance).inventory.address.host.address
const herdId = (fleet: MemoryFleet, herd: Herd) => fleet.instance(primaries[herd]).inventory.herdId
const signal = new AbortController().signal
const input = switchover.input.parse({ canary: false }) as JsonObject
const planOf = (fleet: MemoryFleet, herd: Herd) => makeTargetPlan(switchover, fleet.read, input, herdId(fleet, herd), signal)

const submit = async (fleet: MemoryFleet, herd: Herd) => {
  const { digest, reason } = await planOf(fleet, herd)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: herd, targetId: herdId(fleet, herd), input, digest }
  return () => drive(switchover, job, journal.open(), fleet, { driver: 'test', signal, isCancelRequested: () => false, clock: fleet.clock })
}
const shown = (fleet: MemoryFleet) =>
  Object.fromEntries([...fleet.pooler(title).databases].map(([name, { host, isPaused }]) => [name, { host, isPaused }]))
const actsOn = (fleet: MemoryFleet, herd: Herd) => fleet.pooler(title).applied.filter((act) => act.endsWith(` ${herd}`))

test('a switchover of each herd of a pooler moves its own databases and lines; a database of the other that somebody holds back stays so', async () => {
  const fleet = newFleet()
  const before = fleet.pooler(title).file!.text
  fleet.pooler(title).databases.get('crm')!.isPaused = true
  expect(await (await submit(fleet, 'shop'))()).toBe('done')
  expect(shown(fleet)).toEqual({
    shop: { host: addressOf(fleet, 'shop on n2'), isPaused: false },
    crm: { host: addressOf(fleet, 'crm on c1'), isPaused: true },
  })
  expect(actsOn(fleet, 'crm')).toEqual([])
  expect(fleet.pooler(title).file!.text).toBe(before.replace(addressOf(fleet, 'shop on n1'), addressOf(fleet, 'shop on n2')))
  fleet.pooler(title).databases.get('crm')!.isPaused = false
  expect(await (await submit(fleet, 'crm'))()).toBe('done')
  expect(shown(fleet).crm).toEqual({ host: addressOf(fleet, 'crm on c2'), isPaused: false })
  expect(actsOn(fleet, 'shop')).toEqual(['pause shop', 'resume shop'])
})

test('two switchovers at the same time write one file without losing either’s lines, each with a timer of its own; what both planned before stands', async () => {
  const fleet = newFleet()
  const runs = [await submit(fleet, 'shop'), await submit(fleet, 'crm')]
  expect(await Promise.all(runs.map((run) => run()))).toEqual(['done', 'done'])
  expect(shown(fleet)).toEqual({
    shop: { host: addressOf(fleet, 'shop on n2'), isPaused: false },
    crm: { host: addressOf(fleet, 'crm on c2'), isPaused: false },
  })
  const { file, timers } = fleet.pooler(title)
  expect(file!.text).toContain(`shop = host=${addressOf(fleet, 'shop on n2')} `)
  expect(file!.text).toContain(`crm = host=${addressOf(fleet, 'crm on c2')} `)
  expect(timers.map(({ outcome, arming }) => `${arming.herdId === herdId(fleet, 'shop') ? 'shop' : 'crm'} ${outcome}`).sort()).toEqual([
    'crm disarmed',
    'shop disarmed',
  ])
  expect(fleet.world.violations).toEqual([])
})

test('a herd that the pooler serves by an address that its template does not manage is refused, by database and with what to do', async () => {
  const fleet = newFleet(['shop'])
  expect((await planOf(fleet, 'crm')).reason).toContain(
    'crm on shop pooler on front points to crm on c1, but the template does not make that line follow',
  )
  expect((await planOf(fleet, 'shop')).reason).toBeNull()
})
