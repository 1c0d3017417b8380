import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodeMeanings, exitCodes } from './exit-codes'
import { helpOf } from './help'

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')

test('every exit code is documented with its one meaning in the help and in the README', () => {
  for (const [code, words] of exitCodeMeanings.entries()) {
    expect(helpOf(undefined)).toMatch(new RegExp(`^  ${code} +${words}$`, 'm'))
    expect(readme).toContain(`| ${code} | ${words} |`)
  }
  expect(readme.match(/^\| \d+ \| /gm)).toHaveLength(exitCodeMeanings.length)
})

test('no two outcomes share an exit code, and none is out of what a shell can see', () => {
  const codes = Object.values(exitCodes)
  expect(new Set(codes).size).toBe(codes.length)
  expect(Math.max(...codes)).toBeLessThan(126)
})
