import { expect, test } from 'vitest'
import { safePath } from './safe-path'

test('after login one goes back to a page of this console and nowhere else', () => {
  expect(safePath('/instances?state=down&page=2')).toBe('/instances?state=down&page=2')
  for (const bad of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/%2e//evil.example',
    'javascript:alert(1)',
    '/login?x',
    '',
    null,
    ['/a'],
  ]) {
    expect(safePath(bad)).toBe('/')
  }
})

test('no address put together from what browsers rewrite leads off the console, read once or twice', () => {
  const console = 'https://console.test'
  const pieces = ['/', '\\', '.', '..', '%2e', '%2f', '%5c', '\t', '\n', '@', ':', '?', '#', ' ', 'evil.example', 'a']
  const escapes: string[] = []
  const grow = (text: string, left: number): void => {
    if (new URL(safePath(text), console).origin !== console) escapes.push(text)
    if (left > 0) for (const piece of pieces) grow(text + piece, left - 1)
  }
  grow('/', 4)
  expect(escapes).toEqual([])
})
