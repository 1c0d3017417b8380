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

test('a type that the sample lacks has stand-ins among those that EC2 described, and stands in for others', () => {
  const row = { vcpus: 2, memoryMib: 8192, architectures: ['x86_64'], localStorageGb: null }
  const described = {
    'm9x.large': row,
    'm9x.xlarge': { ...row, vcpus: 4, memoryMib: 16_384 },
    'm9xd.large': { ...row, localStorageGb: 100 },
  }
  expect(standInsOf('m9x.large', 'x86_64', described)).toEqual(['m5.large', 'm5a.large', 'm6a.large', 'm9x.xlarge'])
  expect(standInsOf('m6i.large', 'x86_64', { 'm0x.large': row })).toContain('m0x.large')
})
