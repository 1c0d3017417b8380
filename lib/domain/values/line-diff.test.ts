import { expect, test } from 'vitest'
import { lineDiff } from './line-diff'

test('lines that stay are left out, and the others come in the order of the file', () => {
  expect(lineDiff('a\nb\nc\nd', 'a\nB\nc\nd\ne')).toEqual(['- b', '+ B', '+ e'])
  expect(lineDiff('same', 'same')).toEqual([])
})

test('no password is shown, however it is written', () => {
  expect(lineDiff("x = host=1 password='it''s' user=a\ny = password=plain", 'z')).toEqual([
    '- x = host=1 password=… user=a',
    '- y = password=…',
    '+ z',
  ])
})

test('texts that are too long to compare line by line are told apart as a whole', () => {
  expect(lineDiff('a\n'.repeat(3_000), 'b\n'.repeat(3_000))).toEqual(['- 3001 lines', '+ 3001 lines'])
})
