import { expect, test } from 'vitest'
import type { FleetHerd } from './fleet'
import { tilesMax, withCounts, worthListing } from './listed-herds'

const herd = (name: string, others: Partial<FleetHerd> = {}): FleetHerd => ({
  id: name,
  name,
  environmentId: 'prod',
  members: 3,
  online: 3,
  primaries: 1,
  primaryIdentifiers: 1,
  unseen: 0,
  awaited: 0,
  troubles: {},
  lagBytesMax: null,
  lostAt: null,
  successor: null,
  ...others,
})
const many = (count: number, others: Partial<FleetHerd> = {}) => Array.from({ length: count }, (_, n) => herd(`herd${n}`, others))

test('of thousands of healthy herds as many are listed as are drawn, and each that has a problem before them', () => {
  const sick = [
    herd('zeta', { primaries: 0, primaryIdentifiers: 0, lostAt: '2026-01-01T00:00:00Z' }),
    herd('yota', { troubles: { lagging: 1 } }),
  ]
  const listed = worthListing([...many(3000), ...sick])
  expect(listed.slice(0, 2).map(({ name }) => name)).toEqual(['zeta', 'yota'])
  expect(listed).toHaveLength(tilesMax)
})

test('no problem is left out, however many herds have one, and whether or not it colours their tile', () => {
  expect(worthListing(many(3000, { troubles: { down: 1 } }))).toHaveLength(3000)
  const listed = worthListing([...many(3000), herd('zz-paused', { isPaused: true }), herd('zz-contested', { isContested: true })])
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(['zz-paused', 'zz-contested']))
})

test('one crowded environment takes nothing from another, and a fleet that fits is listed in its own order', () => {
  const few = [herd('b', { environmentId: 'dev', troubles: { down: 1 } }), herd('a', { environmentId: 'dev' })]
  expect(worthListing([...many(3000), ...few]).slice(tilesMax)).toEqual(few)
})

test('an environment counts everything in it, those that are not listed included', () => {
  const environment = { id: 'prod', name: 'prod', colour: 'red', protection: 'confirm' as const, servers: 9, serversReachable: 9 }
  const herds = [...many(3000), herd('half', { online: 1 }), herd('other', { environmentId: 'dev' })]
  expect(withCounts([environment], herds)).toEqual([{ ...environment, herds: 3001, members: 9003, online: 9001 }])
})
