import { expect } from 'vitest'
import { idOf } from '@/lib/adapters/memory'
import { type DescribedApi, nobody } from '../described-api'

/** A sizing rule and its calendar: saved, refused with the field that is wrong, judged over the last days, and decided by hand. approved by another person; and what it saved. `viewer`: a token that may not change it; `other`: the headers of another person’s login. */
export const sizingIsAnswered = async (
  stage: DescribedApi,
  herdId: string,
  { viewer, other }: { viewer: string; other: Record<string, string> },
): Promise<void> => {
  const rule = {
    name: 'shrink',
    herdId,
    action: 'down',
    type: 'm5.large',
    schedules: '22:30',
    zone: 'Europe/Berlin',
    conditions: 'active < 5',
  }
  const fieldsOf = async (path: string, body: object) =>
    (await stage.ask('POST', path, { body })).body.fields.map((one: { path: string }) => one.path)
  expect(await fieldsOf('/api/v1/sizing-rules', { ...rule, schedules: '99 * * * *', zone: 'Moon', conditions: 'actve < 5' })).toEqual([
    'schedules',
    'zone',
    'conditions',
  ])
  const { id } = (await stage.ask('POST', '/api/v1/sizing-rules', { body: rule })).body
  const back = { name: 'grow', herdId, action: 'return', reverseOf: id, schedules: '06:00', zone: 'Europe/Berlin' }
  const { id: reverse } = (await stage.ask('POST', '/api/v1/sizing-rules', { body: back })).body
  expect(await fieldsOf('/api/v1/sizing-rules', { ...back, name: 'again', reverseOf: reverse })).toEqual(['reverseOf'])
  const calendar = { name: 'Christmas', environmentId: idOf('dev'), dates: '12-24..12-26' }
  expect(await fieldsOf('/api/v1/calendars', { ...calendar, dates: '12-32' })).toEqual(['dates'])
  expect((await stage.ask('POST', '/api/v1/calendars', { body: calendar })).status).toBe(201)

  const path = `/api/v1/sizing-rules/${id}`
  const dry = (await stage.ask('POST', `${path}/dry-run`, { body: { days: 7 } })).body
  expect(dry).toMatchObject({ with: ['grow'], savedUsd: 0, isCut: false })
  expect(dry.decisions.length).toBeGreaterThanOrEqual(6)
  expect((await stage.ask('POST', `${path}/dry-run`, { body: { days: 99 } })).body.fields[0].path).toBe('days')
  const decision = (await stage.ask('POST', `${path}/run`)).body
  expect((await stage.ask('GET', `/api/v1/sizing-decisions/${decision.id}`)).body).toMatchObject({ title: 'shrink', kind: 'manual' })
  expect((await stage.ask('POST', `${path}/run`, { by: viewer })).status).toBe(404)
  expect((await stage.ask('POST', `/api/v1/sizing-rules/${nobody}/dry-run`, { body: {} })).status).toBe(404)

  const { revision } = (await stage.ask('GET', path)).body
  expect((await stage.ask('POST', `${path}/approve`, { body: { revision } })).status).toBe(403)
  const approved = { body: { revision: revision + 1 }, by: null, headers: other }
  expect((await stage.ask('POST', `${path}/approve`, approved)).status).toBe(409)
  expect((await stage.ask('POST', `${path}/approve`, { ...approved, body: { revision } })).status).toBe(204)
  expect((await stage.ask('GET', path)).body.approvedByName).toEqual(expect.any(String))
  expect((await stage.ask('GET', `/api/v1/savings?herdId=${herdId}&from=2026-10&to=2026-11`)).body).toMatchObject({ lines: [], days: [] })
  expect((await stage.ask('GET', '/api/v1/savings?from=2026-13&format=csv')).body.fields[0].path).toBe('from')
  expect((await stage.ask('GET', `/api/v1/savings?herdId=${nobody}`)).status).toBe(404)
}
