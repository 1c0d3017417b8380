import { expect, test } from 'vitest'
import { newFleet, roles, run, say } from '@/e2e/harness/twin/switchover'
import type { Interference, MemoryFleet } from '@/lib/adapters/memory'

const pooler = 'demo pooler on front'
const takesLead = 'take over'
const stops = 'stop immediate'

/** Two members with a pooler in front, and an act that goes wrong each time. */
const fleetWhere = (wrong: Record<string, Interference | ((fleet: MemoryFleet) => Interference | undefined)>): MemoryFleet => {
  const fleet = newFleet({ hosts: ['n1', 'n2'], poolers: ['front'] })
  say(fleet, {})
  fleet.calls.interfere = ({ act }) => {
    const how = wrong[act]
    return typeof how === 'function' ? how(fleet) : how
  }
  return fleet
}
const candidate = (fleet: MemoryFleet) => fleet.instance('demo on n2')
const clients = (fleet: MemoryFleet) => {
  const { host, isPaused } = fleet.pooler(pooler).databases.get('demo')!
  const server = [...fleet.world.instances.values()].find(({ inventory }) => inventory.address.host.address === host)
  return `${isPaused ? 'wait for' : 'go on to'} ${server?.inventory.title}`
}
const states = (fleet: MemoryFleet) => [...fleet.world.instances.values()].map(({ state }) => state)
/** As PostgreSQL does it, whoever asked for it. */
const lead = (fleet: MemoryFleet) => {
  const one = candidate(fleet)
  Object.assign(one, { hasStandbySignal: false, timeline: 2, forks: [{ timeline: 1, bytes: one.walBytes }], walBytes: one.walBytes + 0x78 })
}
const because = (lines: Awaited<ReturnType<typeof run>>['journal']['lines'], kind: 'failed' | 'attention') => {
  const line = lines.findLast((one) => one.kind === kind)
  return line !== undefined && 'because' in line ? line.because : null
}

test('a candidate that lives and is not promoted in time is stopped, proven never to have been primary, and everything is as it was: clients wait no longer than allowed', async () => {
  const fleet = fleetWhere({ [takesLead]: { how: 'hang-before' } })
  const pausedAt: number[] = []
  fleet.calls.afterwards = ({ act }) => {
    if (act.startsWith('pause ') || act.startsWith('resume ')) pausedAt.push(fleet.clock.now().getTime())
  }
  const { state, journal } = await run(fleet)
  expect([state, ...roles(fleet), ...states(fleet), clients(fleet)]).toEqual([
    'undone',
    'demo on n1 primary 1',
    'demo on n2 standby 1',
    'running',
    'running',
    'go on to demo on n1',
  ])
  expect(candidate(fleet).applied.filter((act) => act !== 'checkpoint')).toEqual([
    'create slot n1',
    'stop immediate',
    'start',
    'drop slot n1',
  ])
  expect(pausedAt[1]! - pausedAt[0]!).toBeLessThan(10_500)
  expect(because(journal.lines, 'failed')).toContain('It was never primary, and cannot become one any more: demo on n1 is primary again.')
  expect(fleet.instance('demo on n1').replaced).toBeNull()
  expect(fleet.world.violations).toEqual([])
})

test.each([
  ['was promoted although nobody heard of it', { how: 'hang-after' }],
  ['was promoted, and the connection broke', { how: 'lose-answer' }],
] as const)('a candidate that %s stays primary: nothing is undone, and the job does not need attention', async (_words, how) => {
  let asked = 0
  const fleet = fleetWhere({ [takesLead]: () => (asked++ === 0 ? how : undefined) })
  const { state } = await run(fleet)
  expect([state, ...roles(fleet), clients(fleet)]).toEqual(['done', 'demo on n1 standby 2', 'demo on n2 primary 2', 'go on to demo on n2'])
  expect(candidate(fleet).applied).not.toContain('stop immediate')
  expect(fleet.world.violations).toEqual([])
})

test('a candidate that fails to hear it once is told again', async () => {
  let asked = 0
  const fleet = fleetWhere({ [takesLead]: () => (asked++ === 0 ? { how: 'fail' } : undefined) })
  expect((await run(fleet)).state).toBe('done')
})

test('a candidate that is promoted at the very moment in which it is stopped stays primary once it is started again', async () => {
  let asked = 0
  const fleet = fleetWhere({
    [takesLead]: () => (asked++ === 0 ? { how: 'hang-before' } : undefined),
    [stops]: (one) => {
      lead(one)
      return undefined
    },
  })
  const { state } = await run(fleet)
  expect([state, ...roles(fleet), clients(fleet)]).toEqual(['done', 'demo on n1 standby 2', 'demo on n2 primary 2', 'go on to demo on n2'])
  expect(fleet.world.violations).toEqual([])
})

test('a candidate that is neither promoted nor can be stopped keeps clients paused until somebody decides: the old primary is not started, and a resume finds out', async () => {
  const stuck: Record<string, Interference> = { [takesLead]: { how: 'hang-before' }, [stops]: { how: 'fail' } }
  const fleet = fleetWhere(stuck)
  const { state, journal, goOn } = await run(fleet)
  expect([state, ...states(fleet), clients(fleet)]).toEqual(['attention', 'stopped', 'running', 'wait for demo on n2'])
  expect(because(journal.lines, 'attention')).toContain('Whether demo on n2 was primary is not known: it is online')
  delete stuck[stops]
  expect([await goOn(), ...roles(fleet), ...states(fleet), clients(fleet)]).toEqual([
    'undone',
    'demo on n1 primary 1',
    'demo on n2 standby 1',
    'running',
    'running',
    'go on to demo on n1',
  ])
  expect(fleet.world.violations).toEqual([])
})

test('a candidate without standby.signal is never started beside the old primary', async () => {
  const fleet = fleetWhere({
    [takesLead]: { how: 'hang-before' },
    start: (one) => {
      if (one.instance('demo on n1').state === 'stopped') candidate(one).hasStandbySignal = false
      return undefined
    },
  })
  const { state, journal } = await run(fleet)
  expect([state, ...states(fleet), clients(fleet)]).toEqual(['attention', 'running', 'crashed', 'go on to demo on n1'])
  expect(because(journal.lines, 'attention')).toContain('demo on n2 has no standby.signal, so it is not started')
  expect(fleet.world.violations).toEqual([])
})
