import { expect, test } from 'vitest'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { SwitchoverFacts } from '../switchover/facts'
import { canarySaid } from '../switchover/gates'
import { canaryFor, sayThrough, throughPooler, whyNoCanary } from './canary'
import type { Place } from './instance'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'], poolers: ['p1', 'p2'] }])
const context = { targetId: 'demo', signal: new AbortController().signal }

const throughIn = async (fleet: MemoryFleet) => {
  const places = ['n1', 'n2'].map((host) => fleet.instance(`demo on ${host}`).inventory as unknown as Place)
  const held = ['p1', 'p2'].map((host) => ({ pooler: fleet.pooler(`demo pooler on ${host}`).inventory, databases: ['demo'] }))
  return throughPooler(fleet.read, canaryFor(places), places, held, fleet.instance('demo on n1').systemIdentifier, context)
}

test('a canary writes through the first pooler that accepts it, and its rows are looked for where that one points', async () => {
  const fleet = newFleet()
  fleet.pooler('demo pooler on p1').isRunning = false
  const canary = await throughIn(fleet)
  expect(sayThrough(canary)).toBe('demo pooler on p2 as app, database demo')
  expect(canary.members.map(({ title, database }) => `${title} ${database}`)).toEqual(['demo on n1 demo', 'demo on n2 demo'])
})

test('where no pooler lets it in, by session or to a standby, it writes as before and says why', async () => {
  const fleet = newFleet()
  fleet.pooler('demo pooler on p1').databases.get('demo')!.mode = 'session'
  fleet.pooler('demo pooler on p2').databases.get('demo')!.host = fleet.instance('demo on n2').inventory.address.host.address
  const canary = await throughIn(fleet)
  expect(canary.door).toBeNull()
  expect(sayThrough(canary)).toBe(
    'the members’ own sockets, database postgres (not through a pooler: demo pooler on p1 accepts no login. The pooler has no database that a canary can use. demo pooler on p2 accepts no login. It points to no primary)',
  )
})

test('where its table would leave the server or may not be made no canary writes, and the plan of a switchover says so', async () => {
  const said = async (answer: string) => {
    const fleet = newFleet()
    fleet.world.sql = () => ({ columns: ['case'], rows: [[answer]], rowCount: 1, isCut: false, command: 'SELECT', tookMs: 1 })
    const place = fleet.instance('demo on n1').inventory as unknown as Place
    const noCanary = await whyNoCanary(fleet.read, place, canaryFor([place]), context)
    return canarySaid({ canary: null, noCanary } as SwitchoverFacts)
  }
  expect(await said('')).toEqual({ verdict: 'pass', because: 'None was asked for.' })
  expect(await said('published')).toMatchObject({ verdict: 'warn', because: expect.stringContaining('a publication of all tables there') })
  expect(await said('right')).toMatchObject({
    verdict: 'warn',
    because:
      'No canary writes, so what a client sees is not measured. In the database postgres of demo on n1 the console’s login may not make a schema there.',
  })
})
