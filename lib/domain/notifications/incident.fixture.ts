import type { Incident, Trouble } from './trouble'

export const troubleOf = (over: Partial<Trouble> = {}): Trouble => ({
  kind: 'no-primary',
  key: 'shop',
  environmentIds: ['prod'],
  severity: 0,
  headline: 'No writable primary',
  label: 'shop',
  detail: '2 of 3 members online',
  href: '/herds/shop',
  remedy: { label: 'Fail over…', href: '/dr-pairs/run/failover?ids=shop' },
  since: '2026-03-01T12:00:00.000Z',
  ...over,
})

export const incidentOf = (over: Partial<Incident> = {}): Incident => ({
  ...troubleOf(over),
  id: 'i-1',
  beganAt: '2026-03-01T12:00:05.000Z',
  endedAt: null,
  flaps: 0,
  ...over,
})
