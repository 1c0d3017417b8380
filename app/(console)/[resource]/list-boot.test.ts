import { expect, test } from 'vitest'
import type { ManagedBy } from '@/lib/domain/managers/manager'
import type { Actor } from '@/lib/kernel/access/access'
import { operationByName } from '@/lib/operations'
import { resources } from '@/lib/resources'
import { listActions } from './list-boot'

const actor = (role: 'viewer' | 'operator' | 'dba'): Actor => ({
  kind: 'person',
  personId: null,
  name: 'p',
  grants: [{ role, environmentId: null }],
})

const around = new Set<ManagedBy>(['none', 'patroni'])

test('what a resource offers of another one is an operation of that one', () => {
  for (const { offers } of resources)
    for (const { resource, operations } of offers)
      for (const name of Object.keys(operations)) expect(operationByName(name)?.on, name).toBe(resource)
})

test('ticked herds are offered what runs on their pairs and members, at the path of those', () => {
  expect(listActions(actor('dba'), 'herd', around).map(({ name, path, of, because }) => [name, path, of, because])).toEqual([
    ['switchover', 'dr-pairs', 'herd', null],
    ['failover', 'dr-pairs', 'herd', null],
    ['rolling-restart', 'dr-pairs', 'herd', null],
    ['set-herd-parameters', 'dr-pairs', 'herd', null],
    ['resize-herd', 'dr-pairs', 'herd', null],
    ['rolling-reboot', 'dr-pairs', 'herd', null],
    ['rolling-upgrade', 'dr-pairs', 'herd', null],
    ['patroni-zero-gap', 'dr-pairs', 'herd', null],
    ['patroni-switchover', 'dr-pairs', 'herd', null],
    ['drill', 'dr-pairs', 'herd', null],
    ['restart', 'instances', 'herd', null],
    ['reload', 'instances', 'herd', null],
    ['checkpoint', 'instances', 'herd', null],
    ['patroni-restart', 'instances', 'herd', null],
    ['patroni-reload', 'instances', 'herd', null],
  ])
})

test('who may run none of it is offered none, and who may run some sees the reason at the others', () => {
  expect(listActions(actor('viewer'), 'herd', around)).toEqual([])
  const operator = listActions(actor('operator'), 'herd', around)
  expect(operator.find(({ name }) => name === 'reload')!.because).toBeNull()
  expect(operator.find(({ name }) => name === 'failover')!.because).not.toBeNull()
})

test('where no herd has Patroni, nothing through Patroni is in the menus', () => {
  const throughPatroni = (managers: ManagedBy[]) =>
    ['herd', 'dr-pair', 'instance'].flatMap((resource) =>
      listActions(actor('dba'), resource, new Set(managers)).filter(({ name }) => name.startsWith('patroni-')),
    )
  expect(throughPatroni(['none', 'unknown'])).toEqual([])
  expect(throughPatroni(['none', 'patroni']).length).toBeGreaterThan(2)
})
