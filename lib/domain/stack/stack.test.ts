import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { certificateFiles, packagesOf, partFiles } from './files'
import { dynamicConfig } from './patroni-file'
import { lookupSql } from './pooler-files'
import { fillIn, maskWith, secretsIn } from './secrets'
import { stackProblems } from './stack'
import { shopStack } from './stack.fixture'
import { tunedValues } from './tuning'
import { yamlText } from './yaml'

const allFiles = (stack = shopStack()) =>
  stack.servers.flatMap((server) => [
    ...certificateFiles(server).map((file) => ({ server, file })),
    ...server.parts.flatMap((part) => partFiles(stack, server, part, stack.servers[0]!).map((file) => ({ server, file }))),
  ])

test('the files of a cluster are as this snapshot says, on every server', async () => {
  const told = allFiles().map(({ server, file }) => `### ${server.name}: ${file.path} (${file.mode}, ${file.owner})\n${file.text}`)
  await expect(told.join('\n')).toMatchFileSnapshot('__snapshots__/files.txt')
})

test('no file holds a trust line, and none holds a secret: only its name', () => {
  for (const { file } of allFiles()) expect(file.text).not.toMatch(/\btrust\b/)
  const named = [...new Set(allFiles().flatMap(({ file }) => secretsIn(file.text)))].sort()
  expect(named).toEqual([
    'authority',
    'certificate db1',
    'certificate db2',
    'certificate edge',
    'key db1',
    'key db2',
    'key edge',
    'pooler',
    'replicator',
    'rest',
    'rewind',
    'superuser',
  ])
})

test('what is secret in a file can be read by its daemon alone', () => {
  const secret = allFiles().filter(({ file }) => secretsIn(file.text).some((name) => !/^(authority|certificate)/.test(name)))
  expect(new Set(secret.map(({ file }) => file.mode))).toEqual(new Set(['0400', '0600']))
})

test('the file of Patroni is YAML that says what was declared, whatever the values look like', () => {
  const odd = {
    on: 'yes',
    date: '2026-01-01',
    quoted: 'a "b" \n c',
    list: ['no', { a: 1, b: [] }, []],
    empty: {},
    none: null,
    'odd key: 1': '0x1',
  }
  expect(parse(yamlText(odd))).toEqual(odd)
  const file = partFiles(shopStack(), shopStack().servers[0]!, 'postgres', shopStack().servers[0]!)[0]!
  expect(parse(file.text)).toMatchObject({ scope: 'shop', name: 'db1', bootstrap: { dcs: dynamicConfig(shopStack()) } })
})

test('secrets are filled in, a missing one is an error, and read back they have their names again', () => {
  const text = 'password: {{secretless}} {{user app}}\nkey: {{key db1}}'
  expect(secretsIn(text)).toEqual(['secretless', 'user app', 'key db1'])
  expect(() => fillIn(text, {})).toThrow('There is no secret “secretless”.')
  const values = { secretless: 'abc', 'user app': 'abcdef', 'key db1': '-----\nxyz\n' }
  const filled = fillIn(text, values)
  expect(filled).toContain('abc abcdef')
  expect(maskWith(filled, values)).toBe(`${text}\n`)
})

test('values that do not fit one another are told by their field, each with what to do', () => {
  expect(stackProblems(shopStack())).toEqual([])
  const [db1, db2, edge] = shopStack().servers
  const fields = (change: Parameters<typeof shopStack>[0]) => stackProblems(shopStack(change)).map(({ field }) => field)
  expect(fields({ servers: [db1!, edge!] })).toEqual(['servers', 'servers'])
  expect(fields({ servers: [db1!, db2!, edge!, { name: 'idle', address: '10.0.0.4', parts: [] }] })).toEqual(['servers.idle'])
  expect(fields({ patroni: { ...shopStack().patroni, ttl: 14 } })).toEqual(['patroni.ttl'])
  expect(fields({ postgres: { ...shopStack().postgres, synchronous: 'strict' } })).toEqual(['postgres.synchronous'])
  expect(fields({ pooler: { ...shopStack().pooler, port: 15432 } })).toEqual(['proxy.writePort'])
  expect(fields({ postgres: { ...shopStack().postgres, parameters: { ssl: 'off', work_mem: '8MB' } } })).toEqual([
    'postgres.parameters.ssl',
  ])
})

test('every value of a profile says why, and one that the cluster file sets wins', () => {
  const values = tunedValues(shopStack({ postgres: { ...shopStack().postgres, parameters: { work_mem: '64MB' } } }))
  expect(values.every(({ because }) => because.length > 10)).toBe(true)
  expect(values.filter(({ name }) => name === 'work_mem')).toEqual([
    { name: 'work_mem', value: '64MB', because: 'As the cluster file says.' },
  ])
  expect(values.find(({ name }) => name === 'shared_buffers')?.value).toBe('1024MB')
})

test('a server gets each package once, and the lookup of passwords leaves superusers and expired roles out', () => {
  const names = packagesOf(shopStack(), { ...shopStack().servers[0]!, parts: ['postgres', 'etcd', 'pooler', 'proxy'] }).map(
    ({ name }) => name,
  )
  expect(names).toEqual([...new Set(names)])
  expect(lookupSql).toContain('not rolsuper')
  expect(lookupSql).toContain('set search_path = pg_catalog, pg_temp')
})
