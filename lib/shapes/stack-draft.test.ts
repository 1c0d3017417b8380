import { expect, test } from 'vitest'
import { yamlText } from '@/lib/domain/stack/yaml'
import { documentOf, emptyDraft, type ServerToBuildOn, smallestMemoryMb, stepOf, suggestedParts } from './stack-draft'
import { readStackFile } from './stack-file'
import { readStackDocument } from './stack-schema'

const draft = { ...emptyDraft('dev'), cluster: 'shop', network: '10.0.0.0/8', parts: suggestedParts(['db1', 'db2', 'db3']) }

test('a draft with a name, a network and three servers is a cluster file that says the same when it is read back', () => {
  const document = documentOf(draft)
  expect(readStackDocument(document).problems).toEqual([])
  expect(readStackFile(yamlText(document)).file).toEqual(readStackDocument(document).file)
})

test('each mistake is told on the step where it is mended', () => {
  const told = (change: object) =>
    readStackDocument(documentOf({ ...draft, ...change })).problems.map(({ field }) => [field, stepOf(field)])
  expect(told({ network: 'all' })).toEqual([['network', 'servers']])
  expect(told({ parts: { db1: ['postgres'] } })).toEqual([
    ['servers', 'servers'],
    ['servers', 'servers'],
  ])
  expect(told({ maxConnections: 'many' })).toEqual([['postgres.maxConnections', 'postgres']])
  expect(told({ ttl: '10' })[0]).toEqual(['patroni.ttl', 'postgres'])
  expect(told({ users: 'postgres' })).toEqual([['database.users.0', 'doors']])
  expect(told({ poolerPort: '15432' })[0]![1]).toBe('doors')
})

test('etcd is suggested for three of four servers and five of six, never for two', () => {
  const voters = (count: number) =>
    Object.values(suggestedParts(Array.from({ length: count }, (_, at) => `db${at}`))).filter((parts) => parts.includes('etcd')).length
  expect([2, 3, 4, 5, 6].map(voters)).toEqual([0, 3, 3, 5, 5])
})

test('memory is that of the smallest server with PostgreSQL, and unknown where one is', () => {
  const server = (name: string, memoryBytes: number | null) => ({ name, memoryBytes }) as ServerToBuildOn
  const servers = [server('db1', 8 * 1024 ** 3), server('db2', 4 * 1024 ** 3), server('edge', 1024 ** 3)]
  const parts = { db1: ['postgres' as const], db2: ['postgres' as const], edge: ['etcd' as const] }
  expect(smallestMemoryMb(parts, servers)).toBe(4096)
  expect(smallestMemoryMb({ ...parts, edge: ['postgres'] }, [...servers.slice(0, 2), server('edge', null)])).toBeNull()
})
