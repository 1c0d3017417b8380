import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { longest, rankOf } from './longest-first'

test('each name of what takes longest is of a test that exists, so that a file which moves is not forgotten', () => {
  const folders = ['app', 'components', 'db', 'e2e', 'jobs', 'lib']
  const all = folders.flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.test\.tsx?$/.test(path))
      .map((path) => join(projectRoot, folder, path)),
  )
  const ranks = new Set(all.map(rankOf))
  expect(longest.filter((_part, index) => !ranks.has(index))).toEqual([])
})
