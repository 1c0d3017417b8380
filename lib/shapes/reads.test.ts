import { expect, test } from 'vitest'
import { parseListQuery } from '@/lib/kernel/resource/query'
import { describe } from '@/lib/kernel/resource/resource'
import { certificate } from '@/lib/resources/certificate'
import { drPair } from '@/lib/resources/dr-pair'
import { type FailBackSeen, reads } from './reads'

test('whether a certificate is there is asked of a list, which answers empty where an object would be missing', () => {
  const id = '11111111-1111-4111-8111-111111111111'
  const address = new URL(reads.certificates(id), 'http://console')
  const { query, dropped } = parseListQuery(describe(certificate), address.searchParams)
  expect(dropped).toEqual([])
  expect(query).toMatchObject({ filters: { runId: [id] }, columns: ['verdict'], perPage: 500 })
})

test('what is read of a pair for the way back are fields of a pair', () => {
  const fields: Record<keyof FailBackSeen, true> = { failBack: true, failBackId: true, failBackBecause: true }
  expect(Object.keys(drPair.fields)).toEqual(expect.arrayContaining(Object.keys(fields)))
  expect(reads.failBack('h')).toContain(`/${drPair.path}/`)
})
