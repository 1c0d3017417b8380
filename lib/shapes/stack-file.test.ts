import { expect, test } from 'vitest'
import { readStackFile } from './stack-file'
import { stackOf } from './stack-schema'

const least = `
cluster: shop
network: 10.0.0.0/8
servers:
  db1: [postgres, etcd]
  db2: [postgres, etcd]
  edge: [etcd, pooler, proxy]
`

test('what is left out of a cluster file has the value that its documentation names', () => {
  const { file, problems } = readStackFile(least)
  expect(problems).toEqual([])
  expect(stackOf(file!, { db1: '10.0.0.1' })).toMatchObject({
    cluster: 'shop',
    servers: [{ name: 'db1', address: '10.0.0.1', parts: ['postgres', 'etcd'] }, { address: '' }, {}],
    postgres: { major: '15', port: 5432, synchronous: 'on', profile: 'mixed', memoryMb: null },
    patroni: { ttl: 20, loopWait: 5, retryTimeout: 5, watchdog: 'off' },
    database: { name: 'app', users: ['app'] },
  })
})

test('each problem of a cluster file names the field and what to do', () => {
  const told = (text: string) => readStackFile(text).problems.map(({ field, because }) => `${field}: ${because}`)
  expect(told('cluster: [')[0]).toMatch(/^file: It is no YAML: /)
  expect(told(`${least}postgres: { major: 15 }`)[0]).toMatch(/^postgres\.major: /)
  expect(told(`${least}postgre: {}`)).toEqual(['file: There is no field postgre.'])
  expect(told(`${least}database: { users: [postgres] }`)).toEqual(['database.users.0: The cluster has a role of that name of its own.'])
  expect(told(least.replace('edge: [etcd, pooler, proxy]', 'edge: [pooler]'))[0]).toContain(
    'Give the part etcd to 3 or 5 servers, not to 2',
  )
  expect(told(least.replace('10.0.0.0/8', 'everywhere'))).toEqual(['network: Write it in CIDR notation: 10.0.0.0/8.'])
})
