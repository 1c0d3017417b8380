import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { databaseLines } from '@/lib/domain/poolers/pgbouncer-ini'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { followPrimary } from './follow'

const lead = (fleet: MemoryFleet, host: string) => {
  for (const one of fleet.world.instances.values()) {
    const isIt = one.inventory.title === `orders on ${host}`
    Object.assign(one, { hasStandbySignal: !isIt, ...(isIt ? { upstreamId: null, timeline: one.timeline + 1 } : {}) })
  }
}

/** A pooler that is pointed from n1, where its file says, at `primary`, by a job that fails right after; `meanwhile` somebody else acts. */
const failed = async (primary: string, meanwhile: (fleet: MemoryFleet) => void = () => {}) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2', 'n3'], poolers: ['front'] }])
  const pooler = fleet.pooler('orders pooler on front')
  pooler.inventory.template =
    '[databases]\norders = host={{host}} port={{port}} dbname=orders\n\n[pgbouncer]\nlisten_port = 6432\nserver_lifetime = 60\n'
  if (primary !== 'n1') lead(fleet, primary)
  const before = pooler.file!.text
  const targetId = pooler.inventory.id
  const plan = await makeTargetPlan(followPrimary, fleet.read, {}, targetId, new AbortController().signal)
  expect(plan.reason).toBeNull()
  fleet.calls.interfere = ({ act }) => {
    if (act !== 'manage') return undefined
    meanwhile(fleet)
    return { how: 'fail' }
  }
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(followPrimary, { id: 'job', targetId, input: {}, digest: plan.digest }, journal.open(), fleet, options)
  const hosts = [databaseLines(pooler.file!.text)[0]!.host, pooler.databases.get('orders')!.host]
  const points = [...new Set(hosts)].map(
    (host) => [...fleet.world.instances.values()].find(({ inventory }) => inventory.address.host.address === host)?.inventory.title ?? host,
  )
  const warned = journal.lines.flatMap((line) => (line.kind === 'note' && line.stream === 'warning' ? [line.text] : []))
  return { state, points, warned, isAsBefore: pooler.file!.text === before }
}

test('a file that pointed to the primary is put back to the letter', async () => {
  expect(await failed('n1')).toMatchObject({ state: 'undone', points: ['orders on n1'], isAsBefore: true, warned: [] })
})

test('one that pointed to a member which takes no writes is not: the pooler stays at the primary, and the journal says why', async () => {
  expect(await failed('n2')).toMatchObject({
    state: 'undone',
    points: ['orders on n2'],
    warned: ['orders pooler on front keeps its new file: the former one pointed orders to orders on n1, which takes no writes.'],
  })
})

test('it is, where the primary has gone back to it meanwhile', async () => {
  expect(await failed('n2', (fleet) => lead(fleet, 'n1'))).toMatchObject({ state: 'undone', points: ['orders on n1'], isAsBefore: true })
})

test('where a third member leads by now neither file is right, and that is said', async () => {
  const { state, warned } = await failed('n2', (fleet) => lead(fleet, 'n3'))
  expect(state).toBe('undone')
  expect(warned[1]).toBe('The new one points orders to orders on n2, which takes none either. Point the pooler at the primary again.')
})

test('nor is anything put back to a member that nobody can see', async () => {
  const cutOff = await failed('n2', (fleet) => {
    fleet.host('n1').power = 'cut'
  })
  expect(cutOff).toMatchObject({ state: 'undone', points: ['orders on n2'] })
})
