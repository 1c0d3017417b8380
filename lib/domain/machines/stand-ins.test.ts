import { expect, test } from 'vitest'
import { sampleTypes } from './sample'
import { standInsOf } from './stand-ins'

test('a stand-in is never smaller, of another class or architecture, or with disks that are lost; one of another family is asked for first', () => {
  expect(standInsOf('m5.large', 'x86_64')).toEqual(['m5a.large', 'm6a.large', 'm6i.large', 'm5.xlarge', 'm5.2xlarge'])
  for (const [type, { architectures, vcpus, memoryMib }] of Object.entries(sampleTypes))
    for (const name of standInsOf(type, architectures[0]!)) {
      const one = sampleTypes[name]!
      expect([name[0], one.architectures.includes(architectures[0]!), one.instanceStorageGb]).toEqual([type[0], true, undefined])
      expect(one.vcpus >= vcpus && one.memoryMib >= memoryMib).toBe(true)
    }
  expect(standInsOf('m9.none', 'x86_64')).toEqual([])
})
