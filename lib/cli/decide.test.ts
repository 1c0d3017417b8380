import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { exitCodes } from './exit-codes'
import { main } from './main'

const run = '3f1c0000-0000-4000-8000-000000000001'

/** A console that takes the decision and whose run has then ended as failed. */
const decisions: unknown[] = []
let server: Server

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === `/api/v1/runs/${run}/resume`) {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        decisions.push(JSON.parse(text))
        response.setHeader('content-type', 'application/json').end('{"jobs":["j1"]}')
      })
    } else if (request.url === `/api/v1/runs/${run}/events`)
      response.setHeader('content-type', 'text/event-stream').end('event: end\ndata: "finished"\n\n')
    else
      response
        .setHeader('content-type', 'application/json')
        .end('{"state":"failed","jobs":[{"id":"j1","title":"shop","state":"failed","because":null}]}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('MATRIARCH_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('MATRIARCH_TOKEN', 'mat_test')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await new Promise((resolve) => server.close(resolve))
})

test.each([
  [['resume', run], { decision: 'resume' }],
  [['abandon', run, '--job', 'j1'], { decision: 'abandon', jobId: 'j1' }],
  [['resume', run, '--go-on'], { decision: 'resume' }],
  [['resume', run, '--give-up'], { decision: 'abandon' }],
])('matriarch %j sends the decision, follows the run and ends with its code', async (argv, sent) => {
  decisions.length = 0
  expect(await main(argv)).toBe(exitCodes.failed)
  expect(decisions).toEqual([sent])
})

test('both answers at once are wrong usage, and nothing is decided', async () => {
  decisions.length = 0
  expect(await main(['resume', run, '--go-on', '--give-up'])).toBe(exitCodes.usage)
  expect(decisions).toEqual([])
})
