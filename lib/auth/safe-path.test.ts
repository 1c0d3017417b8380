import { expect, test } from 'vitest'
import { safePath } from './safe-path'

test('after login one goes back to a page of this console and nowhere else', () => {
  expect(safePath('/instances?state=down&page=2')).toBe('/instances?state=down&page=2')
  for (const bad of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/login?x',
    '',
    null,
    ['/a'],
  ]) {
    expect(safePath(bad)).toBe('/')
  }
})
