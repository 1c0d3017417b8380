import { expect, test } from 'vitest'
import { menuFor } from './menu'

const person = (role: 'admin' | 'viewer') => ({
  kind: 'person' as const,
  personId: null,
  name: 'ada',
  grants: [{ role, environmentId: null }],
})
const lines = (role: 'admin' | 'viewer') =>
  menuFor(person(role)).flatMap(({ label, places }) => places.map((place) => `${label}: g ${place.key} ${place.label} ${place.href}`))

test('an administrator has every place, in the order of the declarations', () => {
  expect(lines('admin')).toEqual([
    'Fleet: g f Fleet /',
    'Fleet: g i Instances /instances',
    'Fleet: g h Herds /herds',
    'Fleet: g x DR pairs /dr-pairs',
    'Fleet: g s Servers /servers',
    'Fleet: g b Poolers /poolers',
    'Fleet: g m DNS names /names',
    'Fleet: g z DNS zones /dns-zones',
    'Fleet: g e Environments /environments',
    'Work: g r Runs /runs',
    'Work: g u Scheduled /scheduled-runs',
    'Work: g l Failovers /failovers',
    'Work: g v Certificates /certificates',
    'Work: g d Discovery /discovery',
    'Work: g c Changes /changes',
    'Work: g a Audit /audit',
    'People & access: g p People /people',
    'People & access: g n Grants /grants',
    'People & access: g t Tokens /tokens',
    'People & access: g o Settings /settings',
    'Help: g ? Help /help',
  ])
})

test('a viewer is offered no page that would refuse them, and their own tokens', () => {
  const seen = lines('viewer').map((line) => line.split(' ').at(-1))
  expect(seen).toContain('/instances')
  expect(seen).toContain('/tokens')
  for (const refused of ['/people', '/grants', '/settings', '/audit']) expect(seen).not.toContain(refused)
})
