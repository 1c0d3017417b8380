import { expect, test } from 'vitest'
import { setAside } from './acknowledged'
import type { Acknowledgement } from './fleet'

const item = (key: string) => ({ key, environmentId: 'prod' })
const problem = (kind: string, ...keys: string[]) => ({
  kind,
  items: keys.map(item),
  total: keys.length,
})
const acknowledgement = (over: Partial<Acknowledgement> = {}): Acknowledgement => ({
  kind: 'down',
  key: 'a',
  environmentId: 'prod',
  note: 'the disk is on its way',
  by: 'dana',
  at: '2026-01-01T00:00:00Z',
  until: '2026-01-01T08:00:00Z',
  ...over,
})
const now = new Date('2026-01-01T01:00:00Z')
const parted = (problems: ReturnType<typeof problem>[], held: Acknowledgement[], at = now) => {
  const { problems: open, aside } = setAside(problems, held, at)
  return [open.map(({ kind, items, total }) => [kind, items.map(({ key }) => key), total]), aside.map((one) => one.item.key)]
}

test('what was acknowledged is set aside, and the rest of its heading stays', () => {
  expect(parted([problem('down', 'a', 'b')], [acknowledgement()])).toEqual([[['down', ['b'], 1]], ['a']])
})

test('a heading whose items are all acknowledged goes with them', () => {
  expect(parted([problem('down', 'a')], [acknowledgement()])).toEqual([[], ['a']])
})

test('it comes back when its time is over', () => {
  expect(parted([problem('down', 'a')], [acknowledgement()], new Date('2026-01-01T08:00:00Z'))).toEqual([[['down', ['a'], 1]], []])
})

test('the same thing in other trouble, and another thing in the same trouble, are not covered', () => {
  expect(parted([problem('split-brain', 'a'), problem('down', 'c')], [acknowledgement()])[1]).toEqual([])
})

test('an acknowledgement given in another environment covers nothing here', () => {
  expect(parted([problem('down', 'a')], [acknowledgement({ environmentId: 'dev' })])[1]).toEqual([])
})

test('a heading without a list of items cannot be acknowledged away', () => {
  expect(parted([{ ...problem('inbox'), total: 3 }], [acknowledgement({ kind: 'inbox' })])).toEqual([[['inbox', [], 3]], []])
})
