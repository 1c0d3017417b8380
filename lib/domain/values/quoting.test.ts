import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { quoteShell } from './shell-quote'
import { quoteIdentifier, quoteLiteral } from './sql-quote'

/** The same words on every run. */
const randomWords = (count: number): string[] => {
  const letters = [
    'a',
    'Z',
    '0',
    ' ',
    "'",
    '"',
    '\\',
    '$',
    '`',
    '!',
    '\n',
    '\t',
    '*',
    '?',
    '[',
    '~',
    '#',
    '&',
    ';',
    '|',
    '<',
    '>',
    '(',
    ')',
    '{',
    '=',
    '-',
    'é',
    '🐘',
    '\u0001',
    '%',
  ]
  let seed = 7
  const next = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % below
  }
  return Array.from({ length: count }, () => Array.from({ length: next(12) }, () => letters[next(letters.length)]).join(''))
}

test.each(['sh', 'bash', 'dash'])('every argument reaches a program through %s as it was', (shell) => {
  const words = ['', '-n', '--', "'", "it's", '$(id)', '`id`', '\\', 'a\\', '!!', ...randomWords(300)]
  const output = execFileSync(shell, ['-c', quoteShell(['printf', '%s\\0', ...words])], { encoding: 'utf8' })
  expect(output.split('\0').slice(0, -1)).toEqual(words)
})

test('plain words stay readable', () => {
  expect(quoteShell(['pg_ctlcluster', '15', 'shop', 'stop', '-m', 'fast', '--data=/srv/x_1'])).toBe(
    'pg_ctlcluster 15 shop stop -m fast --data=/srv/x_1',
  )
})

test('what no process can be given is refused, not cut', () => {
  expect(() => quoteShell(['a\0b'])).toThrow(RangeError)
  expect(() => quoteIdentifier('a\0b')).toThrow(RangeError)
  expect(() => quoteLiteral('a\0b')).toThrow(RangeError)
})

test('SQL names and literals cannot be left by their content', () => {
  expect(quoteIdentifier('say "hi"')).toBe('"say ""hi"""')
  expect(quoteLiteral("it's")).toBe("'it''s'")
  expect(quoteLiteral("back\\' or 1=1")).toBe(" E'back\\\\'' or 1=1'")
})
