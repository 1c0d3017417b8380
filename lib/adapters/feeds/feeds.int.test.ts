import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { makeFeeds } from '.'

const options = { timeoutMs: 30_000 }
let twin: RunningCloud
let silent: Server

beforeAll(async () => {
  twin = await startCloud()
  silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await twin?.stop()
  silent?.closeAllConnections()
  await new Promise((resolve) => silent?.close(resolve))
})

test('each public document is read from where a mirror has it', async () => {
  const feeds = makeFeeds(twin.endpoint)
  const [advisor, spot, onDemand] = await Promise.all([
    feeds.advisor(options),
    feeds.spotList(options),
    feeds.onDemand('us-east-1', options),
  ])
  expect([5, 11, 16, 22, 100]).toContain(advisor['us-east-1']!['m5.large']!.evictionMax)
  expect(spot['us-east-1']!['m5.large']).toBeLessThan(0.096)
  expect(onDemand.prices['m5.large']).toBe(0.096)
  expect(onDemand.types.find(({ type }) => type === 'm6g.large')).toMatchObject({ vcpus: 2, memoryMib: 8192, architectures: ['arm64'] })
})

test('a region that has no document, a server that does not answer in time and one that is not there are told apart from each other', async () => {
  const feeds = makeFeeds(twin.endpoint)
  await expect(feeds.onDemand('eu-west-3', options)).rejects.toMatchObject({
    code: 'cloud.refused',
    message: expect.stringContaining('answered 403'),
  })
  await expect(feeds.onDemand('xx-none-1', options)).rejects.toMatchObject({ code: 'cloud.refused' })
  const late = makeFeeds(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  await expect(late.advisor({ timeoutMs: 200 })).rejects.toMatchObject({
    code: 'cloud.unreachable',
    message: expect.stringContaining('no answer within 0.2 s'),
  })
  const stopping = new AbortController()
  const asked = late.spotList({ ...options, signal: stopping.signal })
  stopping.abort()
  await expect(asked).rejects.toMatchObject({ code: 'shell.cancelled' })
  await expect(makeFeeds('http://127.0.0.1:1').advisor(options)).rejects.toMatchObject({ code: 'cloud.unreachable' })
})
