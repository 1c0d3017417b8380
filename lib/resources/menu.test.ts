import { expect, test } from 'vitest'
import { resources } from '.'
import { menuFor } from './menu'

const person = (role: 'admin' | 'viewer') => ({
  kind: 'person' as const,
  personId: null,
  name: 'ada',
  grants: [{ role, environmentId: null }],
})
const hrefs = (role: 'admin' | 'viewer') => menuFor(person(role)).flatMap(({ places }) => places.map(({ href }) => href))

test('an administrator has every declared entry, in its group and in the order of the declarations, between the pages of no resource', () => {
  const groups = Object.fromEntries(menuFor(person('admin')).map(({ label, places }) => [label, places.map(({ href }) => href)]))
  const declared = (group: string) => resources.flatMap(({ menu, path }) => (menu?.group === group ? [menu.href ?? `/${path}`] : []))
  expect(groups).toEqual({
    Fleet: ['/', ...declared('Fleet'), '/prices', '/savings', '/postgresql-settings'],
    Work: [...declared('Work'), '/pygmy-scripts'],
    'People & access': [...declared('People & access'), '/settings'],
    Help: [...declared('Help'), '/help'],
  })
  expect(groups.Fleet).toContain('/herds')
  expect(groups.Work).toContain('/discovery')
})

test('an entry takes its label from the noun unless it says its own', () => {
  const places = menuFor(person('admin')).flatMap((group) => group.places)
  expect(places).toContainEqual({ href: '/dr-pairs', label: 'DR pairs', icon: 'shuffle', key: 'x' })
  expect(places).toContainEqual({ href: '/audit', label: 'Audit', icon: 'scroll', key: 'a' })
})

test('a viewer is offered no page that would refuse them, and their own tokens', () => {
  const seen = hrefs('viewer')
  expect(seen).toContain('/instances')
  expect(seen).toContain('/tokens')
  for (const refused of ['/people', '/grants', '/settings', '/audit']) expect(seen).not.toContain(refused)
})
