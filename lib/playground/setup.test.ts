import { expect, test } from 'vitest'
import { makeProgress } from './progress.mjs'

test('a step that takes its time is said when it begins and when it ends, one that is over at once only when it ends', async () => {
  const said: string[] = []
  const progress = makeProgress((line) => said.push(line.replaceAll(/\d+\.\d+/g, 'N')))
  let finish = () => {}
  const work = new Promise<void>((resolve) => {
    finish = resolve
  })
  const long = progress.step('build', work)
  expect(await progress.step('schema', Promise.resolve('made'))).toBe('made')
  await expect.poll(() => said.length, { timeout: 5_000 }).toBe(2)
  finish()
  await long
  await expect(progress.step('Debian packages', Promise.reject(new Error('no network')))).rejects.toThrow('no network')
  expect(said.map((line) => line.trim())).toEqual([
    'N s  schema: done in N s',
    'N s  build …',
    'N s  build: done in N s',
    'N s  Debian packages: failed after N s',
  ])
})
