import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { breachesOf, circlesOf, faultsOf, tableOf } from './check'
import { readSource, readTree } from './tree'
import { type Walls, walls } from './walls'

const root = fileURLToPath(new URL('../../', import.meta.url))

describe('the tree', () => {
  const tree = readTree(root)

  test('nobody imports across a wall, reads process.env or writes SQL where it is not allowed', () => {
    expect(breachesOf(tree, walls)).toEqual([])
  })

  test('no files import each other in a circle, types included', () => {
    expect(circlesOf(tree)).toEqual([])
  })

  test('the walls name only what is there, and let no rooms import each other', () => {
    expect(faultsOf(tree, walls)).toEqual([])
  })

  test('ARCHITECTURE.md shows the table of walls as it is', () => {
    const shown = /<!-- walls -->\n+(.*?)\n+<!-- end of walls -->/s.exec(readFileSync(`${root}ARCHITECTURE.md`, 'utf8'))?.[1]
    expect(shown, `Paste this between the marks:\n\n${tableOf(walls)}\n`).toBe(tableOf(walls))
  })
})

describe('a small tree', () => {
  const small: Walls = {
    rooms: {
      'lib/domain': { imports: '' },
      'lib/adapters': { imports: 'lib/domain', libraries: 'ssh2 node' },
      'lib/adapters/dns': { imports: 'lib/adapters/deadline.ts', libraries: '@aws-sdk/client-route-53' },
      db: { imports: 'lib/domain', libraries: 'pg' },
    },
    env: { 'lib/adapters/env.ts': 'a test' },
    sql: { db: 'a test' },
    computed: { 'lib/adapters/dns': 'a test' },
  }
  const files: Record<string, string> = {
    'lib/adapters/dns/a.ts': '',
    'lib/domain/values/lsn.ts': '',
    'lib/domain/index.ts': '',
    'lib/adapters/index.ts': '',
    'lib/adapters/deadline.ts': '',
    'db/client.ts': '',
    'db/query.tsx': '',
    'db/style.css': '',
  }
  const isThere = (path: string) => path in files
  const breaches = (path: string, text: string) => breachesOf([readSource(path, text, isThere)], small)

  test('what is allowed is no breach, by whichever way it is imported', () => {
    const text = `import { a } from '@/lib/domain'
import type { B } from '../lib/domain/values/lsn'
import './client'
import './style.css'
import pg from 'pg/lib/native'
export { b } from './query'
const c = await import('@/lib/domain/values/lsn.ts')
const text = \`select 1 from \${c}\``
    expect(breaches('db/read.ts', text)).toEqual([])
    expect(breaches('lib/adapters/env.ts', `import { x } from 'ssh2'\nimport 'node:fs'\nprocess.env.HOME`)).toEqual([])
    expect(breaches('lib/adapters/dns/a.ts', `import '../deadline'\nimport '@aws-sdk/client-route-53'\nimport(String(1))`)).toEqual([])
  })

  test.each([
    ['the alias', `import { pool } from '@/db/client'`],
    ['a relative path at any depth', `import { pool } from '../../../../../db/client'`],
    ['a type import', `import type { Pool } from '@/db/client'`],
    ['a type import among values', `import { type Pool } from '@/db/client'`],
    ['an import for its effect', `import '@/db/client'`],
    ['export from', `export { pool } from '@/db/client'`],
    ['export all from', `export * from '@/db/client'`],
    ['import()', `const { pool } = await import('@/db/client')`],
    ['import() of a template', 'const { pool } = await import(`@/db/client`)'],
    ['the import() of a type', `type Pool = import('@/db/client').Pool`],
    ['require()', `const { pool } = require('@/db/client')`],
  ])('%s does not get through a wall', (_, text) => {
    expect(breaches('lib/domain/values/deep/er/x.ts', `\n${text}`)).toEqual([
      'lib/domain/values/deep/er/x.ts:2 imports db/client.ts: lib/domain may import none.',
    ])
  })

  test.each([
    [
      'a room inside another has walls of its own',
      'lib/adapters/dns/a.ts',
      `import '../../domain'`,
      'imports lib/domain/index.ts: lib/adapters/dns may import lib/adapters/deadline.ts.',
    ],
    [
      'a room does not see the rooms inside it',
      'lib/adapters/a.ts',
      `import './dns/a'`,
      'imports lib/adapters/dns/a.ts: lib/adapters may import lib/domain.',
    ],
    [
      'a library that is another adapter’s',
      'lib/adapters/dns/a.ts',
      `import ssh from 'ssh2'`,
      'imports the package ssh2: lib/adapters/dns may have @aws-sdk/client-route-53.',
    ],
    ['a module of Node', 'lib/domain/a.ts', `import 'node:fs'`, 'imports node:fs: lib/domain has no modules of Node.'],
    ['a file that is not there', 'db/a.ts', `import './gone'`, 'imports db/gone, which is no file of this tree.'],
    ['an import() of what is computed', 'db/a.ts', 'import(which)', 'imports what only the run names: no wall can be held against it.'],
    ['process.env', 'db/a.ts', 'process.env.HOME', 'reads process.env: take the value from who is allowed to.'],
    ['process.env by another name', 'db/a.ts', `process?.['env']`, 'reads process.env: take the value from who is allowed to.'],
    ['process.env taken apart', 'db/a.ts', 'const { env } = process', 'reads process.env: take the value from who is allowed to.'],
    ['SQL in a text', 'lib/adapters/a.ts', `client.query('delete from leases')`, 'writes SQL: it belongs in db/.'],
    ['SQL in a template', 'lib/adapters/a.ts', 'client.query(`\\n  UPDATE runs SET state = 1`)', 'writes SQL: it belongs in db/.'],
  ])('%s is a breach', (_, path, text, breach) => {
    expect(breaches(path, text)).toEqual([`${path}:1 ${breach}`])
  })

  test('a file that no room holds is a breach', () => {
    expect(breaches('tools/a.ts', '')).toEqual(['tools/a.ts is in no room: name its room in walls.ts.'])
  })

  test('a circle is found, whether types or values close it', () => {
    const three = { 'a.ts': `import './b'`, 'b.ts': `export * from './c'`, 'c.ts': `import type { A } from './a'`, 'd.ts': `import './a'` }
    const tree = Object.entries(three).map(([path, text]) => readSource(path, text, (one) => one in three))
    expect(circlesOf(tree)).toEqual([['a.ts', 'b.ts', 'c.ts', 'a.ts']])
    expect(circlesOf(tree.slice(0, 2))).toEqual([])
  })

  test('walls that name what is gone, or let two rooms import each other, are at fault', () => {
    const tree = Object.entries(files).map(([path, text]) => readSource(path, text, isThere))
    const rooms = { 'lib/domain': { imports: 'db' }, db: { imports: 'lib/domain/values' }, 'lib/gone': { imports: '' } }
    expect(faultsOf(tree, { rooms, env: { 'db/env.ts': 'a test' }, sql: {}, computed: {} })).toEqual([
      'walls.ts names lib/gone, where there is nothing.',
      'walls.ts names db/env.ts, where there is nothing.',
      'Rooms may import each other: lib/domain -> db -> lib/domain.',
    ])
  })
})
