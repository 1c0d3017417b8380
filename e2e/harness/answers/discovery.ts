import { expect } from 'vitest'
import { getPool } from '@/db/pg/client'
import { idOf } from '@/lib/adapters/memory'
import { type DescribedApi, nobody } from '../described-api'

/** The calls of a host that reports, from its first report to the revocation of its token. */
export const discoveryIsAnswered = async (stage: DescribedApi): Promise<void> => {
  const report = (sequence: number) => ({
    agent: '1.0.0',
    sequence,
    host: { hostname: 'n1', addresses: ['198.51.100.9'] },
    instances: [
      { name: 'blog', port: 5433, dataDirectory: '/var/lib/postgresql/15/blog', state: 'online', role: 'primary', version: '15.18' },
    ],
  })
  await stage.ask('POST', '/api/v1/agent/reports', { body: report(2), by: stage.hostToken })
  expect((await stage.ask('POST', '/api/v1/agent/reports', { body: report(1), by: stage.hostToken })).body.stored).toBe(false)
  const notice = { hostname: 'n1', instanceId: 'i-0123456789abcdef0', interruption: null, rebalance: null }
  expect((await stage.ask('POST', '/api/v1/agent/notices', { body: notice, by: stage.hostToken })).body.stored).toBe(false)
  const [host] = (await stage.ask('GET', '/api/v1/discovered-hosts')).body.items
  const ignored = await stage.ask('POST', '/api/v1/discovered-hosts/ignore', { body: { ids: [host.id, nobody] } })
  expect(ignored.body).toEqual({ changed: 1, unchanged: [nobody] })
  await stage.ask('POST', '/api/v1/discovered-hosts/ignore', { body: { ids: [host.id], isIgnored: false } })
  const accepted = await stage.ask('POST', '/api/v1/discovered-hosts/accept', {
    body: {
      hosts: [
        { id: host.id, environmentId: idOf('dev') },
        { id: nobody, environmentId: idOf('dev') },
      ],
    },
  })
  expect(accepted.body).toMatchObject({ accepted: [{ id: host.id }], refused: [{ id: nobody }] })
  const [found] = (await stage.ask('GET', '/api/v1/discovered-instances')).body.items
  await stage.ask('POST', '/api/v1/discovered-instances/accept', { body: { instances: [{ id: found.id, newHerd: { name: 'blog' } }] } })
  expect(
    (await stage.ask('POST', '/api/v1/discovered-poolers/accept', { body: { poolers: [{ id: nobody, herdId: nobody }] } })).body.refused,
  ).toHaveLength(1)
  expect((await stage.ask('POST', `/api/v1/discovered-hosts/${host.id}/token`, { body: { decision: 'revoke' } })).status).toBe(204)
  expect((await stage.ask('POST', `/api/v1/discovered-hosts/${host.id}/token`, { body: { decision: 'accept' } })).status).toBe(409)
  const { body } = await stage.ask('GET', '/api/v1/enrolment-keys')
  expect((await stage.ask('DELETE', `/api/v1/enrolment-keys/${body.items[0].id}`)).status).toBe(204)
}

/** A DB instance that an account sees becomes a server, a herd and its member. */
export const dbInstanceIsAnswered = async (stage: DescribedApi): Promise<void> => {
  const { rows } = await getPool().query<{ id: string }>(
    `with account as (insert into cloud_accounts (environment_id, name, regions) values ($1, 'rds', '{us-east-1}') returning id, environment_id)
     insert into machines (account_id, environment_id, kind, title, instance_id, region, zone, type, family, state, private_address, port)
     select id, environment_id, 'rds', 'shop-db', 'shop-db', 'us-east-1', 'us-east-1a', 'db.m5.large', 'm5', 'available', 'shop-db.rds.test', 5433 from account
     returning id`,
    [idOf('dev')],
  )
  const id = rows[0]!.id
  const waits = (isIgnored: boolean) => stage.ask('POST', '/api/v1/machines/ignore', { body: { ids: [id, nobody], isIgnored } })
  expect((await waits(true)).body).toEqual({ changed: 1, unchanged: [nobody] })
  await waits(false)
  const tie = async (serverId: string | null) => (await stage.ask('POST', `/api/v1/machines/${id}/tie`, { body: { serverId } })).status
  const record = async (type: string) =>
    (await stage.ask('POST', `/api/v1/machines/${id}/record`, { body: { taken: [{ field: 'type', cloud: [type] }] } })).status
  expect(await tie(nobody)).toBe(422)
  const { rows: servers } = await getPool().query<{ id: string }>('select id from servers where environment_id = $1 limit 1', [idOf('dev')])
  expect(await tie(servers[0]!.id)).toBe(204)
  await getPool().query(
    `update machines set recorded = recorded || '{"type": "db.m5.xlarge"}', drift_fields = '{type}',
       differences = '[{"field": "type", "cloud": ["db.m5.large"], "console": ["db.m5.xlarge"]}]' where id = $1`,
    [id],
  )
  expect([await record('db.m5.xlarge'), await record('db.m5.large'), await tie(null)]).toEqual([409, 204, 204])
  const path = `/api/v1/machines/${id}/register`
  const body = { herd: 'found on RDS', endpointUser: 'watcher', usesIamToken: true }
  expect((await stage.ask('POST', `/api/v1/machines/${nobody}/register`, { body })).status).toBe(404)
  expect((await stage.ask('POST', path, { body: { ...body, usesIamToken: false } })).body.fields[0].path).toBe('endpointPassword')
  const registered = (await stage.ask('POST', path, { body })).body
  expect(registered).toEqual({ serverId: expect.any(String), herdId: expect.any(String), instanceId: expect.any(String) })
  expect((await stage.ask('POST', path, { body })).status).toBe(409)
  await getPool().query('delete from machines where id = $1', [rows[0]!.id])
  await getPool().query(`delete from cloud_accounts where name = 'rds'`)
}
