import { expect, test } from 'vitest'
import { type EtcdSeenMember, forecastEtcd, nextEtcdMove } from './etcd-moves'

const peer = (name: string) => `https://${name}:2380`
const member = (name: string, change: Partial<EtcdSeenMember> = {}): EtcdSeenMember => ({
  id: `id of ${name}`,
  name,
  peerUrl: peer(name),
  isLearner: false,
  isHealthy: true,
  ...change,
})
const wants = (names: string, bare = '') =>
  names.split(' ').map((name) => ({ name, peerUrl: peer(name), isBare: bare.split(' ').includes(name) }))
const told = (members: EtcdSeenMember[], wanted: ReturnType<typeof wants>) => {
  const { join, leave, refused } = forecastEtcd(members, wanted)
  return [...join, ...leave].map(({ kind, name }) => `${kind} ${name}`).join(', ') + (refused === null ? '' : ` then: ${refused}`)
}
const three = [member('a'), member('b'), member('c')]

test('members come one at a time, each as a learner first, and those that are wanted no longer go last', () => {
  expect(told(three, wants('a b c'))).toBe('')
  expect(told(three, wants('a b c d e', 'd e'))).toBe('add d, start d, promote d, add e, start e, promote e')
  expect(told(three, wants('a b d', 'd'))).toBe('add d, start d, promote d, remove c')
  expect(told([...three, member('d'), member('e')], wants('a b c'))).toBe('remove d, remove e')
})

test('a lost member goes before another one comes, whether its host is another one or the same with nothing on it', () => {
  const lost = [member('a'), member('b'), member('c', { isHealthy: false })]
  expect(told(lost, wants('a b d', 'd'))).toBe('remove c, add d, start d, promote d')
  expect(told(lost, wants('a b c', 'c'))).toBe('remove c, add c, start c, promote c')
  // It has its data and only does not run: its unit is started, and nothing is changed.
  expect(told(lost, wants('a b c'))).toBe('')
})

test('what an earlier driver began goes on: a learner that was never started is started, one that runs gets its vote, a stranger goes', () => {
  const learner = (name: string) => member('d', { name, isLearner: true, isHealthy: name !== '' })
  expect(told([...three, learner('')], wants('a b c d', 'd'))).toBe('start d, promote d')
  expect(told([...three, learner('d')], wants('a b c d'))).toBe('promote d')
  expect(told([...three, learner('d')], wants('a b c'))).toBe('remove d')
})

test('no move is made without a quorum, nor one that would leave none', () => {
  const weak = [member('a'), member('b', { isHealthy: false }), member('c', { isHealthy: false })]
  expect(told(weak, wants('a d e', 'd e'))).toContain('etcd has no quorum: 1 of 3 members are healthy. Start members until 2 are')
  const ill = [member('a'), member('b'), member('c', { isHealthy: false })]
  expect(nextEtcdMove(ill, wants('a c'), 'leave')).toEqual({
    refused: expect.stringContaining('To remove the etcd member b would leave 1 healthy of 2'),
  })
})
