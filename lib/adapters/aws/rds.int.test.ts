import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFault } from '@/lib/kernel/ground/errors'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import type { DbDeed } from '@/lib/ports'
import type { CloudSettings } from '@/lib/ports/machines'
import { makeRds } from './rds'

const region = 'us-east-1'
const soon = { timeoutMs: 5000 }
const rds = makeRds()
let aws: RunningCloud
let deeds: string[] = []
beforeAll(async () => {
  aws = await startCloud({ settleMs: 0, consistencyMs: 0, powerDatabase: ({ id }, deed) => deeds.push(`${id} ${deed}`) })
})
afterAll(async () => {
  rds.close()
  await aws?.stop()
})

const account = (): CloudSettings => ({ id: 'shop', name: 'shop', endpoint: aws.endpoint, credentials: aws.user, role: null })
const add = (id: string, given: object = {}) => aws.cloud.state.databases.add(region, { id, ...given })
const act = (id: string, deed: DbDeed) => rds.act(account(), region, id, deed, soon)
const look = (id: string) => rds.instance(account(), region, id, soon)
const told = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return isFault(error) ? { code: error.code, isOver: error.facts.isOver, because: error.message } : error
}

test('instances are listed through all pages by their tags, with their source, replicas and what is pending', async () => {
  for (let number = 0; number < 120; number += 1) add(`many-${number}`, { tags: { Role: number < 110 ? 'PostgreSQL' : 'web' } })
  add('main', { tags: { Herd: 'shop' } })
  add('main-ro', { tags: { Herd: 'shop' }, source: 'main', pending: { class: 'db.r5.large' } })
  const list = (tags: Record<string, string>) => rds.list(account(), region, { tags }, soon)
  expect(await list({ Role: 'Postgre*' })).toHaveLength(110)
  expect(await list({ Herd: 'shop' })).toMatchObject([
    { instanceId: 'main', source: null, replicas: ['main-ro'], pendingClass: null, port: 5432, class: 'db.m5.large', zone: 'us-east-1a' },
    { instanceId: 'main-ro', source: 'main', replicas: [], pendingClass: 'db.r5.large', allowsIam: true },
  ])
  expect(await told(look('nowhere'))).toMatchObject({ code: 'cloud.refused', because: expect.stringContaining('nowhere not found') })
})

test('a deed is accepted and shows, is refused for certain with AWS’s words, and one whose answer is lost is sent once and left open', async () => {
  add('acts')
  await act('acts', { does: 'set-class', class: 'db.m5.xlarge' })
  expect(await look('acts')).toMatchObject({ class: 'db.m5.xlarge', status: 'available', pendingClass: null })
  expect(await told(act('acts', { does: 'set-class', class: 'db.x9.none' }))).toMatchObject({ code: 'cloud.unfit', isOver: true })
  aws.cloud.state.exhausted.add('db.r5.large us-east-1a')
  expect(await told(act('acts', { does: 'set-class', class: 'db.r5.large' }))).toMatchObject({ code: 'cloud.no-capacity', isOver: true })
  aws.cloud.state.exhausted.clear()
  expect(await told(act('acts', { does: 'start' }))).toMatchObject({ code: 'cloud.wrong-state', isOver: true })
  expect(await told(act('acts', { does: 'promote' }))).toMatchObject({ code: 'cloud.wrong-state', isOver: true })
  aws.user.denied.add('rds:StopDBInstance')
  expect(await told(act('acts', { does: 'stop' }))).toMatchObject({
    ...{ code: 'cloud.refused', isOver: true },
    because: expect.stringContaining('may not do rds:StopDBInstance'),
  })
  aws.user.denied.clear()
  deeds = []
  aws.loseAnswer()
  expect(await told(act('acts', { does: 'reboot' }))).toMatchObject({ code: 'cloud.unreachable', isOver: false })
  expect(deeds).toEqual(['acts restart'])
})

test('a deed that is throttled is sent again, classes are told with whether the zone has them, and the newest figures come from CloudWatch', async () => {
  add('measured', { zone: 'us-east-1e' })
  aws.cloud.limits.force(1)
  await act('measured', { does: 'reboot' })
  const of = { engineVersion: '15.8', zone: 'us-east-1e' }
  expect(await rds.classes(account(), region, of, ['db.t3.micro', 'db.m5.large', 'db.x9.none'], soon)).toEqual([
    { class: 'db.t3.micro', isOffered: expect.any(Boolean) },
    { class: 'db.m5.large', isOffered: false },
  ])
  const figures = await rds.figures(account(), region, 'measured', soon)
  expect(figures.cpu).toBeGreaterThan(0)
  expect(figures.freeMemoryBytes).toBeGreaterThan(1e9)
  expect(await rds.figures(account(), region, 'nowhere', soon)).toEqual({ cpu: null, freeMemoryBytes: null, freeStorageBytes: null })
})
