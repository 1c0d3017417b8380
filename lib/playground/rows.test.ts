import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runRows } from './rows'

const folder = mkdtempSync(join(tmpdir(), 'rows-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('stages of a row run at the same time, what each says is shown whole when it is over, and what they give comes in their order', async () => {
  let said = ''
  let quickIsOver = () => {}
  const untilQuickIsOver = new Promise<void>((resolve) => {
    quickIsOver = resolve
  })
  const given = await runRows(
    [[{ name: 'first' }], [], [{ name: 'slow' }, { name: 'quick' }]],
    async ({ name }, output) => {
      if (name === 'first') return [name, output]
      const speak = (word: string) => spawnSync('echo', [word], { stdio: output })
      speak(`${name} begins`)
      // The slow one ends only once the quick one has: they must be under way together.
      if (name === 'slow') await untilQuickIsOver
      speak(`${name} ends`)
      if (name === 'quick') quickIsOver()
      return [name]
    },
    folder,
    (text) => {
      said += text
    },
  )
  expect(given).toEqual([['first', 'inherit'], ['slow'], ['quick']])
  expect(said).toContain('── first\n')
  expect(said).toContain('── slow and quick, at the same time\n')
  expect(said).toContain('── slow\nslow begins\nslow ends\n')
  expect(said.indexOf('── quick\nquick begins\nquick ends\n')).toBeLessThan(said.indexOf('── slow\n'))
})

test('what a stage said before it broke is shown', async () => {
  let said = ''
  const broken = runRows(
    [[{ name: 'breaks' }, { name: 'stays' }]],
    async ({ name }, output) => {
      spawnSync('echo', [`${name} speaks`], { stdio: output })
      if (name === 'breaks') throw new Error('no such program')
    },
    folder,
    (text) => {
      said += text
    },
  )
  await expect(broken).rejects.toThrow('no such program')
  expect(said).toContain('── breaks\nbreaks speaks\n')
})
