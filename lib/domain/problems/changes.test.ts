import { expect, test } from 'vitest'
import { fleetChanges, keepSame, withFleetChanges } from './changes'
import type { FleetFacts, FleetHerd } from './fleet'

const herd = (id: string, online = 3): FleetHerd => ({
  id,
  name: `herd ${id}`,
  environmentId: 'prod',
  members: 3,
  online,
  primaries: 1,
  primaryIdentifiers: 1,
  unseen: 0,
  awaited: 0,
  troubles: online < 3 ? { down: 3 - online } : {},
  lagBytesMax: null,
  lostAt: null,
  successor: null,
})
const reading = (at: string, over: Partial<FleetFacts> = {}): FleetFacts => ({
  at,
  environments: [
    {
      id: 'prod',
      name: 'prod',
      colour: 'red',
      protection: 'confirm',
      servers: 3,
      serversReachable: 3,
      herds: 1000,
      members: 3000,
      online: 3000,
    },
  ],
  herds: ['a', 'b', 'c'].map((id) => herd(id)),
  instances: [],
  health: [],
  stacks: [],
  servers: [],
  replication: [],
  names: [],
  poolers: [],
  attention: [],
  runs: [],
  approvals: [],
  expiring: [],
  failingSubscriptions: [],
  audit: [],
  guessing: [],
  locks: [],
  scheduled: [],
  acknowledged: [],
  discovered: { hosts: 0, instances: 0, poolers: 0 },
  workers: 1,
  ...over,
})

const before = reading('2026-01-01T00:00:00Z')
const later = (over: Partial<FleetFacts> = {}) => reading('2026-01-01T00:00:02Z', over)
/** As it arrives: nothing of what was sent is the same object as what the server holds. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value))

test.each([
  ['nothing changed', later()],
  ['a herd fell ill', later({ herds: [herd('a'), herd('b', 1), herd('c')] })],
  ['a herd came', later({ herds: [herd('a'), herd('aa', 2), herd('b'), herd('c')] })],
  ['a herd went and another fell ill', later({ herds: [herd('a', 2), herd('c')] })],
  ['every herd went', later({ herds: [] })],
  ['herds changed places', later({ herds: [herd('c'), herd('b', 0), herd('a')] })],
  [
    'lists and figures changed',
    later({
      workers: 0,
      discovered: { hosts: 2, instances: 0, poolers: 0 },
      environments: [],
      herds: [herd('a'), herd('b'), herd('c', 2)],
    }),
  ],
])('a screen that follows the changes shows what a new one would: %s', (_what, after) => {
  expect(withFleetChanges(before, sent(fleetChanges(before, after)))).toEqual(after)
  expect(withFleetChanges(before, sent(fleetChanges(before, keepSame(before, after))))).toEqual(after)
})

test('a reading is held by the objects of the one before wherever nothing changed', () => {
  const after = later({ herds: [herd('a'), herd('b', 1), herd('c')], workers: 0 })
  const kept = keepSame(before, after)
  expect(kept).toEqual(after)
  expect(kept.herds.map((one, index) => one === before.herds[index])).toEqual([true, false, true])
  expect(kept.environments).toBe(before.environments)
  expect(keepSame(before, later()).herds).toBe(before.herds)
})

test('of a thousand herds of which one changed, one is sent, and the others need not be drawn again', () => {
  const many = reading('2026-01-01T00:00:00Z', { herds: Array.from({ length: 1_000 }, (_, index) => herd(`h${index}`)) })
  const after = later({ herds: many.herds.map((one) => (one.id === 'h500' ? herd('h500', 1) : herd(one.id))) })
  const changes = sent(fleetChanges(many, after))
  expect(changes).toEqual({ at: after.at, sections: {}, herds: [herd('h500', 1)] })
  const shown = withFleetChanges(many, changes)
  expect(shown.herds.filter((one, index) => one !== many.herds[index])).toEqual([herd('h500', 1)])
  expect(shown.environments).toBe(many.environments)
})

test('when nothing changed, only the time of the reading is sent', () => {
  expect(fleetChanges(before, later())).toEqual({ at: '2026-01-01T00:00:02Z', sections: {}, herds: [] })
})
