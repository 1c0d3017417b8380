import { expect, test } from 'vitest'
import { csvLine } from './csv'

test('commas, quotes and line ends are quoted', () => {
  expect(csvLine(['a,b', 'say "hi"', 'two\nlines', 'plain'])).toBe('"a,b","say ""hi""","two\nlines",plain')
})

test('a text that a spreadsheet would run is not run; numbers stay numbers', () => {
  expect(csvLine(['=cmd()', '@sum', '+1+1', '-5', '-2.5', '-x'])).toBe("'=cmd(),'@sum,'+1+1,-5,-2.5,'-x")
})
