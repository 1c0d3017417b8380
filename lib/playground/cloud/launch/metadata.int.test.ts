import { DescribeInstancesCommand, DescribeSpotInstanceRequestsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningCloud, startCloud } from '..'
import type { Machine } from '../state'
import { interrupt, recommendRebalance, withdrawNotice } from './interruptions'
import { serveMetadata } from './metadata'

const region = 'us-east-1'
let running: RunningCloud
let client: EC2Client
let skewMs = 0
let powered: string[] = []
beforeAll(async () => {
  running = await startCloud({
    now: () => Date.now() + skewMs,
    settleMs: 1000,
    consistencyMs: 0,
    power: (_machine, to) => powered.push(to),
  })
  client = new EC2Client({ region, endpoint: running.endpoint, credentials: running.user, maxAttempts: 1 })
})
afterAll(async () => {
  client?.destroy()
  await running?.stop()
})

/** Asks as a program on the machine does. */
const on = async (
  given: Partial<Machine>,
  work: (get: (path: string, headers?: HeadersInit, method?: string) => Promise<Response>, id: string) => Promise<void>,
) => {
  const { id } = running.cloud.state.add(region, given)
  const served = await serveMetadata({ state: running.cloud.state, region, id }, { host: '127.0.0.1', port: 0 })
  try {
    await work((path, headers, method = 'GET') => fetch(`http://127.0.0.1:${served.port}/latest/${path}`, { method, headers }), id)
  } finally {
    await served.stop()
  }
}
const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' }

test('where a session is required nothing is told without one, and a session ends', async () => {
  await on({ httpTokens: 'required', userData: '#cloud-config\n' }, async (get, id) => {
    expect((await get('meta-data/instance-id')).status).toBe(401)
    expect((await get('api/token', {}, 'PUT')).status).toBe(400)
    expect((await get('api/token', { ...ttl, 'x-forwarded-for': '10.0.0.1' }, 'PUT')).status).toBe(403)
    const session = { 'x-aws-ec2-metadata-token': await (await get('api/token', ttl, 'PUT')).text() }
    const told = async (path: string) => (await get(path, session)).text()
    expect(await told('meta-data/instance-id')).toBe(id)
    expect(await told('user-data')).toBe('#cloud-config\n')
    expect(await told('meta-data/placement')).toBe('availability-zone\nregion')
    expect((await get('meta-data/spot/instance-action', session)).status, 'no notice').toBe(404)
    skewMs += 61_000
    expect((await get('meta-data/instance-id', session)).status).toBe(401)
  })
})

test('a spot machine is told two minutes before AWS takes it, and then it is gone with its reason', async () => {
  await on({ market: 'spot' }, async (get, id) => {
    powered = []
    interrupt(running.cloud.state, region, id)
    const notice = (await (await get('meta-data/spot/instance-action')).json()) as { action: string; time: string }
    expect(notice.action).toBe('terminate')
    expect(Date.parse(notice.time) - Date.now() - skewMs).toBeGreaterThan(118_000)
    expect((await get('meta-data/events/recommendations/rebalance')).status).toBe(200)
    const request = async () =>
      (await client.send(new DescribeSpotInstanceRequestsCommand({ Filters: [{ Name: 'instance-id', Values: [id] }] })))
        .SpotInstanceRequests![0]!.Status!.Code
    expect(await request()).toBe('marked-for-termination')
    expect(powered).toEqual([])
    skewMs += 120_000
    const seen = async () => (await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations![0]!.Instances![0]!
    expect((await seen()).State!.Name).toBe('shutting-down')
    expect(powered).toEqual(['off'])
    skewMs += 1000
    expect(await seen()).toMatchObject({ State: { Name: 'terminated' }, StateReason: { Code: 'Server.SpotInstanceTermination' } })
    expect(await request()).toBe('instance-terminated-no-capacity')
  })
})

test('a machine that is not spot is not taken', () => {
  const { id } = running.cloud.state.add(region)
  expect(() => interrupt(running.cloud.state, region, id)).toThrow('no running spot machine')
})

test('a rebalance recommendation comes without a notice, and what was said can be withdrawn', async () => {
  const { state } = running.cloud
  await on({ market: 'spot' }, async (get, id) => {
    const told = async () =>
      Promise.all(['spot/instance-action', 'events/recommendations/rebalance'].map(async (path) => (await get(`meta-data/${path}`)).status))
    expect(await told()).toEqual([404, 404])
    recommendRebalance(state, region, id)
    expect(await told()).toEqual([404, 200])
    interrupt(state, region, id)
    expect(await told()).toEqual([200, 200])
    withdrawNotice(state, region, id)
    expect(await told()).toEqual([404, 404])
    skewMs += 130_000
    expect(state.machine(region, id).state).toBe('running')
  })
})
