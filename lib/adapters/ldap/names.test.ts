import { expect, test } from 'vitest'
import { entryOf } from './conversation'
import { namesOfGroup } from './names'

const base = 'ou=Groups, dc=example,dc=org'
const below = 'ou=groups,dc=example,dc=org'

test('names of groups are read as directories write them: case, blanks, escapes, letters', () => {
  expect(namesOfGroup('CN=DBAs, OU=groups ,DC=example,DC=org', base)).toEqual([`cn=dbas,${below}`, 'dbas'])
  expect(namesOfGroup(`cn=a\\2c b\\+c,${below}`, base)).toEqual([`cn=a\\2c b\\2bc,${below}`, 'a, b+c'])
  for (const same of [`cn=zo\\c3\\8b,${below}`, `cn=ZOË,${below}`, `cn=zo\\C3\\ab,${below}`])
    expect(namesOfGroup(same, base)).toEqual([`cn=zoë,${below}`, 'zoë'])
  expect(namesOfGroup(`cn=\\ a\\ ,${below}`, base)).toEqual([`cn=\\20a\\20,${below}`, ' a '])
})

test('nothing is lost of a name: what stands after an escape makes another group', () => {
  for (const other of ['dbas\\+x', 'dbas\\,x', 'dbas\\00', 'dbas\\ ', '\\ dbas', 'dbas\\\\', 'dbas\\=x', 'dbas\\;x', 'dbas\\#x'])
    expect(namesOfGroup(`cn=${other},${below}`, base), other).not.toContain('dbas')
})

test('the name of an entry is the one the directory keeps, not what the library made of it', () => {
  const whole = `cn=dbas\\+x,${below}`
  for (const type of ['entryDN', 'distinguishedName', 'DISTINGUISHEDNAME'])
    expect(namesOfGroup(entryOf(`cn=dbas,${below}`, [{ type, values: [whole] }]).dn, base)).toEqual([`cn=dbas\\2bx,${below}`, 'dbas+x'])
  expect(entryOf(`cn=dbas,${below}`, []).dn).toBe(`cn=dbas,${below}`)
})

test('only a group directly under the base, named by its common name alone, has a plain name', () => {
  for (const dn of [
    `cn=dbas,ou=helpdesk,${below}`,
    'cn=dbas,dc=example,dc=org',
    `cn=dbas+ou=x,${below}`,
    `ou=dbas,${below}`,
    `cn=dbas,ou=x\\,${below}`,
    `cn=dbas\\,${below}`,
  ])
    expect(namesOfGroup(dn, base), dn).not.toContain('dbas')
})

test('what is no distinguished name has no names', () => {
  for (const bad of ['dbas', `,${below}`, `=x,${below}`, `cn=a,${below}\\`]) expect(() => namesOfGroup(bad, base), bad).toThrow()
})
