import { expect, test } from 'vitest'
import { foldUserName } from './user-name'

test('spellings that a directory takes for the same name are one name', () => {
  for (const same of ['zoë', 'ZOË', ' zoë ', 'zoe\u0308', 'ｚｏë']) expect(foldUserName(same)).toBe('zoë')
})

test('a folded name is folded: no second spelling of it gets a count of its own', () => {
  for (const odd of ['İstanbul', 'ﬁona', 'ǅ', 'ß', 'Σας']) {
    const once = foldUserName(odd)!
    expect(foldUserName(once)).toBe(once)
  }
})

test('what cannot be seen is no part of a name', () => {
  for (const bad of ['', '  ', 'bo\u00adb', 'bo\u200bb', 'b\u0000ob', 'bob\n2', '\ud800', 'x'.repeat(201)])
    expect(foldUserName(bad)).toBeNull()
})
