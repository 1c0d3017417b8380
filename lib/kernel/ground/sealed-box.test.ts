import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { boxKeyOf, closeBox, openBox, publicHalf } from './sealed-box'

const key = boxKeyOf(randomBytes(32))

test('what is closed with the public half opens with the private one alone, and never looks alike twice', () => {
  const closed = closeBox(publicHalf(key), 'ein Geheimnis 🐘', 'dns-zone.keySecret')
  expect(closed).not.toContain('Geheimnis')
  expect(closeBox(publicHalf(key), 'ein Geheimnis 🐘', 'dns-zone.keySecret')).not.toBe(closed)
  expect(openBox(key, closed, 'dns-zone.keySecret')).toBe('ein Geheimnis 🐘')
  expect(() => openBox(boxKeyOf(randomBytes(32)), closed, 'dns-zone.keySecret')).toThrow()
})

test('another purpose, or any changed byte, does not open it', () => {
  const closed = closeBox(publicHalf(key), 'secret', 'a')
  expect(() => openBox(key, closed, 'b')).toThrow()
  const parts = closed.split(':')
  for (const index of [1, 2, 3, 4]) {
    const bytes = Buffer.from(parts[index]!, 'base64')
    bytes[bytes.length - 1]! ^= 1
    expect(() => openBox(key, parts.with(index, bytes.toString('base64')).join(':'), 'a')).toThrow()
  }
})
