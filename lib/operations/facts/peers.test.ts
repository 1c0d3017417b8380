import { expect, test } from 'vitest'
import { memoryFleet } from '@/lib/adapters/memory'
import { followingTo, gatherPeers } from './peers'

const peersOf = async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const peers = await gatherPeers(fleet.read, targetId, [], { targetId, signal: new AbortController().signal })
  const peer = (host: string) => peers.find(({ place }) => place.title === `demo on ${host}`)!
  delete peer('n3').following!.conninfo.application_name
  const listed = peer('n1').probe.standbys.find(({ slotName }) => slotName === 'n3')!
  return { listed, nameUnder: () => followingTo(peer('n2').place, peer('n3'), peers).conninfo.application_name }
}

test('a standby that is known by its cluster_name keeps that name under a new upstream: commits may wait for it by name', async () => {
  const { listed, nameUnder } = await peersOf()
  listed.applicationName = 'shop_three'
  expect(nameUnder()).toBe('shop_three')
})

test('a standby without any name is given that of its host', async () => {
  const { listed, nameUnder } = await peersOf()
  listed.applicationName = 'walreceiver'
  expect(nameUnder()).toBe('n3')
})

const oldPrimaryOf = async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  for (const host of ['n1', 'n2', 'n3']) fleet.instance(`demo on ${host}`).active.cluster_name = `shop_${host}`
  return {
    fleet,
    nameUnder: async (upstream: string) => {
      const targetId = fleet.instance('demo on n1').inventory.herdId
      const peers = await gatherPeers(fleet.read, targetId, [], { targetId, signal: new AbortController().signal })
      const peer = (host: string) => peers.find(({ place }) => place.title === `demo on ${host}`)!
      return followingTo(peer(upstream).place, peer('n1'), peers).conninfo.application_name
    },
  }
}

test('an old primary that never followed anybody is given the name that its new upstream waits for: its cluster_name, or that of its host', async () => {
  const { fleet, nameUnder } = await oldPrimaryOf()
  expect(await nameUnder('n2')).toBe('n1')
  const { active } = fleet.instance('demo on n2')
  active.synchronous_standby_names = 'FIRST 1 (Shop_N1)'
  expect(await nameUnder('n2')).toBe('shop_n1')
  active.synchronous_standby_names = 'FIRST 1 (shop_n1, n1)'
  expect(await nameUnder('n2')).toBe('n1')
})

test('where the standbys of a herd are known by their cluster_name, its old primary is too', async () => {
  const { fleet, nameUnder } = await oldPrimaryOf()
  for (const host of ['n2', 'n3']) fleet.instance(`demo on ${host}`).following!.conninfo.application_name = `shop_${host}`
  expect(await nameUnder('n2')).toBe('shop_n1')
})

test('an old primary that followed under a name before is given that one again', async () => {
  const { fleet, nameUnder } = await oldPrimaryOf()
  fleet.instance('demo on n1').following = { conninfo: { host: 'n2', application_name: 'first' }, slotName: 'n1' }
  expect(await nameUnder('n2')).toBe('first')
})

test('a member whose host the observer knows as unreachable is looked at all the same, and waited for less than the others', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const { members } = await fleet.read.inventory.herdStanding(targetId)
  const gone = fleet.instance('demo on n1').inventory.id
  const patience: Record<string, number> = {}
  const { probe } = fleet.read.postgres
  const read = {
    ...fleet.read,
    postgres: {
      ...fleet.read.postgres,
      probe: ((instance, options) => {
        patience[instance.host.hostname] = options.timeoutMs
        return probe(instance, options)
      }) satisfies typeof probe,
    },
  }
  const standings = members.map((one) => ({ ...one, isUnreachable: one.id === gone }))
  const peers = await gatherPeers(read, targetId, standings, { targetId, signal: new AbortController().signal })
  expect(patience).toEqual({ n1: 3_000, n2: 15_000 })
  expect(peers.map((peer) => peer.probe.state)).toEqual(['online', 'online'])
})
