import { expect, test } from 'vitest'
import { parseListQuery } from '@/lib/kernel/resource/query'
import { describe } from '@/lib/kernel/resource/resource'
import { certificate } from '@/lib/resources/certificate'
import { certificatesOf } from './certificate-link'

test('whether a certificate is there is asked of a list, which answers empty where an object would be missing', () => {
  const id = '11111111-1111-4111-8111-111111111111'
  const address = new URL(certificatesOf(id), 'http://console')
  const { query, dropped } = parseListQuery(describe(certificate), address.searchParams)
  expect(dropped).toEqual([])
  expect(query).toMatchObject({ filters: { runId: [id] }, columns: ['verdict'], perPage: 500 })
})
