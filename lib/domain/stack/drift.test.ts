import { expect, test } from 'vitest'
import { driftOf } from './drift'
import type { StackFile } from './stack-file'

const file = (text: string): StackFile => ({ path: '/etc/x', owner: 'postgres', mode: '0600', text })

test('a file that differs is told by its lines, one that is not there or has another owner in words', () => {
  expect(driftOf('db1', file('a\nb\n'), 'a\nc\n').lines).toEqual(['- c', '+ b'])
  expect(driftOf('db1', file('a\n'), null).lines).toEqual(['+ the file is not there'])
  expect(driftOf('db1', file('a\n'), 'a\n').lines).toEqual(['+ owner postgres, mode 0600'])
})

test('a secret that somebody else put there is never told', () => {
  const yaml = file('ttl: 20\nauthentication:\n  password: "{{rest}}"\n')
  expect(driftOf('db1', yaml, 'ttl: 30\nauthentication:\n  password: "stranger"\n').lines).toEqual([
    '- ttl: 30',
    '+ ttl: 20',
    '- … (a line that may hold a secret)',
    '+   password: "{{rest}}"',
  ])
  for (const text of ['{{key db1}}', '"pgbouncer" "{{pooler}}"\n']) {
    const { lines } = driftOf('db1', file(text), 'stranger\nstranger')
    expect(lines.join()).not.toContain('stranger')
  }
})
