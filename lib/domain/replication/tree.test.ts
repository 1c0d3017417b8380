import { describe, expect, test } from 'vitest'
import { layoutTree, stepFrom, type TreeMember } from './tree'

const member = (id: string, over: Partial<TreeMember> = {}): TreeMember => ({
  id,
  title: id,
  hostname: id,
  site: '',
  state: 'online',
  because: null,
  role: 'standby',
  version: '15.8',
  timeline: 1,
  systemIdentifier: '7001',
  lsn: '0/3000148',
  lagBytes: 0,
  lagSeconds: 0,
  isReplayPaused: false,
  isBehind: false,
  upstreamId: null,
  upstreamHost: null,
  upstreamPort: null,
  upstreamSlot: null,
  syncState: 'async',
  clients: 0,
  slots: [],
  replacedBecause: null,
  observedAt: '2026-01-01T00:00:00Z',
  ...over,
})
const kinds = (members: TreeMember[]) => layoutTree(members).alarms.map((alarm) => alarm.kind)
const primary = member('a', { role: 'primary' })

describe('the replication tree', () => {
  test('a parent sits before its children and in their middle', () => {
    const layout = layoutTree([member('c', { upstreamId: 'a' }), member('b', { upstreamId: 'a' }), primary])
    expect(layout.nodes.map((node) => [node.key, node.depth, node.row])).toEqual([
      ['a', 0, 0.5],
      ['b', 1, 0],
      ['c', 1, 1],
    ])
    expect(layout).toMatchObject({ rows: 2, depth: 2, alarms: [] })
  })

  test('a cascade is as deep as it is', () => {
    const layout = layoutTree([primary, member('b', { upstreamId: 'a' }), member('c', { upstreamId: 'b' })])
    expect(layout.nodes.map((node) => [node.key, node.depth, node.parentKey])).toEqual([
      ['a', 0, null],
      ['b', 1, 'a'],
      ['c', 2, 'b'],
    ])
  })

  test('an upstream outside the herd is drawn once with everybody who follows it', () => {
    const far = { upstreamHost: '10.0.0.9', upstreamPort: 5432 }
    const layout = layoutTree([primary, member('b', far), member('c', far)])
    expect(layout.nodes.map((node) => node.key)).toEqual(['a', 'outside:10.0.0.9:5432', 'b', 'c'])
    expect(layout.nodes[1]!.member).toBeNull()
  })

  test('two writable primaries of one system identifier are a split brain, and who gives way is named where it is known', () => {
    expect(kinds([primary, member('b', { role: 'primary' })])).toEqual(['split-brain'])
    const sentenceOf = (members: TreeMember[]) => layoutTree(members).alarms[0]!.sentence
    expect(sentenceOf([primary, member('b', { role: 'primary', timeline: 2 })])).toContain('Next: demote a;')
    expect(sentenceOf([primary, member('b', { role: 'primary', replacedBecause: 'a was promoted' })])).toContain('demote b;')
    expect(sentenceOf([primary, member('b', { role: 'primary' })])).toContain('which one clients use')
  })

  test('a primary of another system identifier is foreign, not a split brain', () => {
    expect(kinds([primary, member('b', { upstreamId: 'a' }), member('x', { role: 'primary', systemIdentifier: '9' })])).toEqual(['foreign'])
  })

  test('a stopped former primary is no split brain', () => {
    expect(kinds([primary, member('b', { role: 'primary', state: 'stopped' })])).toEqual([])
  })

  test('a herd whose primary cannot be looked at says that it is not known, not that there is none', () => {
    const layout = layoutTree([member('a', { role: 'primary', state: 'unreachable' }), member('b', { upstreamId: 'a' })])
    expect(layout.alarms).toHaveLength(1)
    expect(layout.alarms[0]!.sentence).toContain('is not known')
    expect(layout.nodes.map((node) => node.key)).toEqual(['a', 'b'])
  })

  test('a circle of upstreams is cut, raised, and every member appears once', () => {
    const layout = layoutTree([
      primary,
      member('b', { upstreamId: 'c' }),
      member('c', { upstreamId: 'b' }),
      member('d', { upstreamId: 'c' }),
    ])
    expect(layout.nodes.map((node) => node.key).sort()).toEqual(['a', 'b', 'c', 'd'])
    expect(layout.alarms.map((alarm) => alarm.kind)).toEqual(['loop'])
    expect(layout.alarms[0]!.ids.sort()).toEqual(['b', 'c'])
  })

  test('a standby on another timeline than the primary is named', () => {
    const layout = layoutTree([member('a', { role: 'primary', timeline: 2 }), member('b', { upstreamId: 'a', timeline: 1 })])
    expect(layout.alarms[0]).toMatchObject({ kind: 'timeline', ids: ['b'] })
  })

  test('an empty herd has an empty tree and no alarm', () => {
    expect(layoutTree([])).toEqual({ nodes: [], rows: 0, depth: 0, alarms: [] })
  })

  test('arrow keys walk the tree', () => {
    const layout = layoutTree([primary, member('b', { upstreamId: 'a' }), member('c', { upstreamId: 'b' })])
    expect(stepFrom(layout, 'a', 'ArrowRight')).toBe('b')
    expect(stepFrom(layout, 'c', 'ArrowLeft')).toBe('b')
    expect(stepFrom(layout, 'c', 'ArrowUp')).toBe('b')
    expect(stepFrom(layout, 'c', 'ArrowRight')).toBeNull()
    expect(stepFrom(layout, 'b', 'End')).toBe('c')
  })
})
