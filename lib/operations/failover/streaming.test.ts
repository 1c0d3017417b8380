import { expect, test } from 'vitest'
import { newFleet, planOf } from '@/e2e/harness/twin/switchover'

test('a candidate that takes itself to be streaming while its primary sends it nothing is refused, whether or not it reads through a slot', async () => {
  const fleet = newFleet()
  const gate = async () => (await planOf(fleet, { candidate: 'demo on n2' })).gates.find((one) => one.name === 'streaming')
  expect(await gate()).toMatchObject({ verdict: 'pass' })
  const probe = fleet.read.postgres.probe.bind(fleet.read.postgres)
  let isSlotless = false
  fleet.read.postgres.probe = async (address, options) => {
    const { standbys, upstream, ...seen } = await probe(address, options)
    const slotName = upstream?.slotName
    return {
      ...seen,
      upstream: upstream && { ...upstream, slotName: isSlotless ? null : slotName! },
      standbys: standbys.filter((one) => isSlotless || one.slotName !== 'n2'),
    }
  }
  expect(await gate()).toMatchObject({ verdict: 'refuse', because: expect.stringContaining('which does not send to it') })
  isSlotless = true
  expect(await gate()).toMatchObject({ verdict: 'refuse' })
})
