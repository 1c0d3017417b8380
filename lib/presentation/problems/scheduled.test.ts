import { expect, test } from 'vitest'
import type { FleetScheduled } from '@/lib/domain/problems/fleet'
import { fleetOf } from '@/lib/domain/problems/fleet.fixture'
import { paths } from './paths.fixture'
import { presentProblems } from './present'

const one = (over: Partial<FleetScheduled>): FleetScheduled => ({
  id: 's',
  title: 'Switch over: shop',
  state: 'skipped',
  because: 'The standby is 3 GiB behind.',
  at: '2026-11-21T02:00:00.000Z',
  actorName: 'anna',
  environmentIds: ['e'],
  ...over,
})

test('what was skipped, or left targets out, says whose it was and why; what waits for its time is no problem', () => {
  const scheduled = [one({}), one({ state: 'started', because: 'pay: it is stopped.' }), one({ state: 'waiting', because: null })]
  const problem = presentProblems(fleetOf({ scheduled }), paths)[0]!
  expect(problem).toMatchObject({ total: 2, title: '2 scheduled runs were skipped, whole or in part' })
  expect(problem.items.map(({ detail }) => detail)).toEqual([
    'scheduled by anna; nothing has run: The standby is 3 GiB behind.',
    'scheduled by anna; left out: pay: it is stopped.',
  ])
})
