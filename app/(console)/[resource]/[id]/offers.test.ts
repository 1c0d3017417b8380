import { expect, test } from 'vitest'
import type { ManagedBy } from '@/lib/domain/managers/manager'
import type { Actor, Role } from '@/lib/kernel/access/access'
import { offersFor } from './offers'

const instance = { name: 'instance', path: 'instances' }
const herd = { name: 'herd', path: 'herds' }
const prod = '7b2c7a8e-5d0e-4c6e-9d52-0f3a5f1b2c3d'
const dev = '0e8f2a1c-9f8e-4a6f-8a59-4f0f1f2f3f4f'
const actor = (role: Role, environmentId: string | null): Actor => ({
  kind: 'person',
  personId: 'p',
  name: 'p',
  grants: [{ role, environmentId }],
})
const record = (values: Record<string, unknown> = {}) => ({
  id: 'i',
  environmentId: prod,
  values: { state: 'online', role: 'standby', observedAt: new Date().toISOString(), ...values },
})
const found = new Set<ManagedBy>(['none'])
const because = (who: Actor, name: string, values?: Record<string, unknown>) =>
  offersFor(who, instance, record(values), found).find((act) => act.name === name)?.because

test('a viewer is offered nothing, and each act says which permission is missing', () => {
  for (const act of offersFor(actor('viewer', null), instance, record(), found))
    expect(act.because).toMatch(/^You do not have the permission instance\.run\./)
})

test('an operator of another environment is refused here and allowed there', () => {
  expect(because(actor('operator', dev), 'reload')).toMatch(/permission instance\.run\.reload/)
  expect(because(actor('operator', prod), 'reload')).toBeNull()
})

test('an act that the last observed facts rule out stays visible with its reason', () => {
  expect(because(actor('admin', null), 'start')).toEqual(expect.any(String))
  expect(because(actor('admin', null), 'stop')).toBeNull()
  expect(because(actor('admin', null), 'start', { state: 'stopped' })).toBeNull()
})

test('every button opens its own confirmation page for this one target', () => {
  for (const act of offersFor(actor('admin', null), instance, record(), found)) expect(act.href).toBe(`/instances/run/${act.name}?ids=i`)
})

test('SQL stands among the routine acts: it reads unless a person says that it may write', () => {
  const dangers = Object.fromEntries(offersFor(actor('dba', null), instance, record(), found).map(({ name, danger }) => [name, danger]))
  expect(dangers).toMatchObject({ 'run-sql': 'routine', stop: 'disruptive' })
})

test('a herd offers what its members do together, as its list does, and its own permission decides', () => {
  const restart = (role: Role) => offersFor(actor(role, null), herd, record(), found).find(({ name }) => name === 'restart')
  expect(restart('dba')).toMatchObject({ verb: 'Restart members in order', href: '/instances/run/restart?of=herd&ids=i', because: null })
  expect(restart('viewer')?.because).toMatch(/permission instance\.run\.restart/)
})

test('what goes through Patroni stands only where Patroni was found', () => {
  const names = (of: typeof instance, managers: ManagedBy[]) =>
    offersFor(actor('admin', null), of, record(), new Set(managers)).map(({ name }) => name)
  const pair = { name: 'dr-pair', path: 'dr-pairs' }
  for (const [of, name] of [
    [instance, 'patroni-restart'],
    [pair, 'patroni-switchover'],
    [herd, 'patroni-restart'],
  ] as const) {
    expect(names(of, ['patroni'])).toContain(name)
    expect(names(of, ['several'])).toContain(name)
    for (const by of ['none', 'unknown', 'repmgr'] as const) expect(names(of, [by])).not.toContain(name)
  }
  expect(names(pair, ['none'])).toContain('switchover')
})
