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
