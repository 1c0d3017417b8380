import { expect, test } from 'vitest'
import { type EtcdSeen, etcdSeen, judgeEtcd } from './etcd'

const now = new Date('2026-03-01T00:00:00Z')
const member = (name: string, isUp = true) => ({
  ...{ id: name, name, urls: [], isLeader: name === 'a', isLearner: false, isUp, because: null },
  ...{ version: '3.4.23', databaseBytes: 20_480, usedBytes: 16_384, revision: 7 },
})
const healthy: EtcdSeen = {
  ...{ clusterId: '17', endpoints: ['https://a:2379'], hasQuorum: true, alarms: [] },
  members: ['a', 'b', 'c'].map((name) => member(name)),
  certificates: [{ use: 'a', subject: 'a', until: '2026-04-01T00:00:00Z' }],
}

test('a cluster is healthy, degraded with each reason, or without a majority', () => {
  expect(judgeEtcd(healthy, now)).toEqual({ state: 'healthy', because: null })
  const ill = {
    ...healthy,
    members: [member('a'), member('b'), member('c', false)],
    alarms: [{ memberId: 'b', alarm: 'NOSPACE' }],
    certificates: [{ use: 'b', subject: null, until: '2026-03-20T00:00:00Z' }],
  }
  expect(judgeEtcd(ill, now)).toEqual({
    state: 'degraded',
    because: 'c does not answer; alarm NOSPACE of b; the certificate of b ends on 2026-03-20',
  })
  expect(judgeEtcd({ ...healthy, hasQuorum: false }, now)).toMatchObject({
    state: 'no-quorum',
    because: expect.stringContaining('leader key'),
  })
})

test('what a host sends is taken for what it is: numbers as text, as the gateway writes them, and nothing that is no date', () => {
  const seen = etcdSeen({
    clusterId: '17',
    members: [{ id: '1', name: 'a', isUp: true, databaseBytes: '20480', usedBytes: 'x', revision: '9' }],
    certificates: [{ use: 'a', until: 'never' }],
  })
  expect(seen?.members[0]).toMatchObject({ databaseBytes: 20_480, usedBytes: null, revision: 9, urls: [] })
  expect([seen?.certificates, seen?.hasQuorum, etcdSeen('no')]).toEqual([[], false, null])
})
