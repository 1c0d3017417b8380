import { expect, test } from 'vitest'
import { helpOf, helpTopics } from './help'
import { commands } from './main'

test('every command has help of its own, with what it takes and an example that it would understand', () => {
  expect([...helpTopics].sort()).toEqual([...Object.keys(commands), 'lists'].sort())
  for (const topic of helpTopics) {
    const words = helpOf(topic)!
    const example = /^Examples?:\n {2}matriarch (\S+)/m.exec(words)?.[1]
    expect(example, topic).toBe(topic === 'lists' ? 'instances' : topic)
    expect(helpOf(undefined)).toMatch(new RegExp(`^ {2}${topic === 'lists' ? 'RESOURCE \\[NAME\\]' : topic} `, 'm'))
  }
})

test('of what is no command there is no help', () => {
  for (const topic of ['nonsense', 'toString', '__proto__']) expect(helpOf(topic)).toBeNull()
})
