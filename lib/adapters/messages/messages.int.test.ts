import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { certify, makeAuthority } from '@/e2e/harness/daemons/authority'
import { mailLogin, startMailServer, type TestMailServer } from '@/e2e/harness/daemons/mail'
import { type Receiver, startReceiver } from '@/e2e/harness/daemons/receiver'
import { incidentOf } from '@/lib/domain/notifications/incident.fixture'
import type { Message } from '@/lib/domain/notifications/message'
import { readSignature, signatureHeader, signedText } from '@/lib/domain/notifications/signature'
import type { Destination } from '@/lib/ports/messages'
import { makeMessages } from '.'
import { makeAllowed } from './allowed'
import { post } from './post'

const message: Message = {
  id: '7b2c7a8e-5d0e-4c6e-9d52-0f3a5f1b2c3d',
  at: '2026-03-01T12:00:15.000Z',
  subscription: { id: 's-1', name: 'on-call' },
  consoleUrl: 'https://console.example.org',
  told: [{ event: 'begin', incident: incidentOf(), environments: ['prod'] }],
}
const soon = () => AbortSignal.timeout(10_000)
const loopback = ['127.0.0.0/8']
let folder: string
let receiver: Receiver

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mmsg-'))
  makeAuthority(folder, 'ca')
  certify(folder, 'ca', { name: 'hooks', commonName: 'hooks', extension: 'subjectAltName=DNS:hooks.example.org\n' })
  receiver = await startReceiver()
})
beforeEach(() => {
  receiver.received.length = 0
  receiver.answer = { status: 200, body: 'ok' }
})
afterAll(async () => {
  await receiver?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const open = makeMessages({ networks: loopback, ca: null, mail: null })
const webhook = (url: string, secrets = ['one']): Destination => ({ channel: 'webhook', url, secrets })

describe('a webhook', () => {
  test('is signed over its time and body with each valid secret, and carries the key against doubles', async () => {
    expect(await open.send(webhook(receiver.url, ['new', 'old']), message, soon())).toEqual({ isTaken: true, words: 'Answered 200: ok' })
    const [{ headers, body }] = receiver.received as [Receiver['received'][0]]
    const { at, signatures } = readSignature(String(headers[signatureHeader]))!
    expect(signatures).toEqual(['new', 'old'].map((secret) => createHmac('sha256', secret).update(signedText(at, body)).digest('hex')))
    expect(Math.abs(at - Date.now() / 1000)).toBeLessThan(30)
    expect(headers['idempotency-key']).toBe(message.id)
    expect(JSON.parse(body)).toMatchObject({ id: message.id, type: 'trouble.begin' })
  })

  test('is not sent unsigned', async () => {
    expect(await open.send(webhook(receiver.url, []), message, soon())).toMatchObject({ isTaken: false })
    expect(receiver.received).toEqual([])
  })

  test('is not taken when the answer is no success, and what was answered is shown on one line', async () => {
    receiver.answer = { status: 500, body: 'out of\r\n\u0007order' }
    expect(await open.send(webhook(receiver.url), message, soon())).toEqual({ isTaken: false, words: 'Answered 500: out of order' })
  })

  test('follows no redirect', async () => {
    receiver.answer = { status: 307, headers: { location: `${receiver.url}/elsewhere` } }
    const answer = await open.send(webhook(receiver.url), message, soon())
    expect(answer).toMatchObject({ isTaken: false, words: expect.stringContaining('redirects are not followed') })
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook'])
  })

  test('that is not answered is given up at the deadline, and may have arrived', async () => {
    receiver.answer = null
    expect(await open.send(webhook(receiver.url), message, AbortSignal.timeout(300))).toMatchObject({
      isTaken: false,
      words: expect.stringContaining('not known'),
    })
  })

  test('reads no more of an answer than is shown', async () => {
    receiver.answer = { status: 200, body: 'x'.repeat(5_000_000) }
    const { isTaken, words } = await open.send(webhook(receiver.url), message, soon())
    expect([isTaken, words.length < 300]).toEqual([true, true])
  })

  test('that cannot be reached says so', async () => {
    expect(await open.send(webhook('http://127.0.0.1:1/'), message, soon())).toMatchObject({
      isTaken: false,
      words: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('where messages may go', () => {
  const closed = makeMessages({ networks: [], ca: null, mail: null })

  test('private, loopback, link-local and metadata addresses are refused, however they are written', async () => {
    const hosts = [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '0.0.0.0',
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.169.254',
      '[::1]',
      '[::]',
      '[::ffff:169.254.169.254]',
      '[fe80::1]',
      '[fd00::1]',
      '[64:ff9b::a9fe:a9fe]',
      '[2002:7f00:1::]',
    ]
    for (const host of hosts) {
      const answer = await closed.send(webhook(`https://${host}:${receiver.port}/`), message, soon())
      expect(answer, host).toMatchObject({ isTaken: false, words: expect.stringContaining('private networks') })
    }
    expect(receiver.received).toEqual([])
  })

  test('public addresses pass', async () => {
    const allowed = makeAllowed([])
    for (const host of ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'])
      expect((await allowed.resolve(host)).map(({ address }) => address)).toEqual([host])
  })

  test('a network that an administrator allows is open, and no other', async () => {
    const allowed = makeAllowed(['10.1.0.0/16'])
    expect(await allowed.resolve('10.1.2.3')).toHaveLength(1)
    await expect(allowed.resolve('10.2.0.1')).rejects.toThrow('private networks')
    expect(() => makeAllowed(['10.1.0.0'])).toThrow(RangeError)
    expect(() => makeAllowed(['10.1.0.0/33'])).toThrow(RangeError)
  })

  test('plain http goes to a loopback that is allowed, and nowhere else', async () => {
    const wide = makeMessages({ networks: ['10.0.0.0/8', ...loopback], ca: null, mail: null })
    expect(await wide.send(webhook('http://10.1.2.3/'), message, soon())).toEqual({ isTaken: false, words: 'Messages go over https only.' })
    expect(await wide.send(webhook(receiver.url), message, soon())).toMatchObject({ isTaken: true })
  })

  test('the connection goes to the address that was checked, whatever the name says by then', async () => {
    const rebound = { resolve: async () => [{ address: '127.0.0.1', family: 4 as const }] }
    const url = `http://no-such-name.invalid:${receiver.port}/pinned`
    expect(await post({ allowed: rebound, ca: undefined }, url, { body: '{}', headers: {} }, soon())).toMatchObject({ isTaken: true })
    expect(receiver.received[0]!.headers.host).toBe(`no-such-name.invalid:${receiver.port}`)
  })

  test('the certificate must be of the name and of a known authority', async () => {
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    const secure = await startReceiver({ cert: read('hooks.pem'), key: read('hooks.key') })
    const rebound = { resolve: async () => [{ address: '127.0.0.1', family: 4 as const }] }
    const to = (host: string, ca?: string[]) =>
      post({ allowed: rebound, ca }, `https://${host}:${secure.port}/`, { body: '{}', headers: {} }, soon())
    expect(await to('hooks.example.org', [read('ca.pem')])).toMatchObject({ isTaken: true })
    expect(await to('other.example.org', [read('ca.pem')])).toMatchObject({ isTaken: false })
    expect(await to('hooks.example.org')).toMatchObject({ isTaken: false })
    expect(secure.received).toHaveLength(1)
    await secure.stop()
  })

  test('a URL with a password is refused', async () => {
    expect(await open.send(webhook(`http://a:b@127.0.0.1:${receiver.port}/`), message, soon())).toMatchObject({ isTaken: false })
    expect(receiver.received).toEqual([])
  })
})

test('Slack gets a text, PagerDuty an event with its key; a PagerDuty test is triggered and resolved', async () => {
  await open.send({ channel: 'slack', url: receiver.url }, message, soon())
  receiver.answer = { status: 202, body: '{"status":"success"}' }
  const pager: Destination = { channel: 'pagerduty', url: receiver.url, routingKey: 'R0UTE' }
  expect(await open.send(pager, message, soon())).toMatchObject({ isTaken: true })
  expect(await open.send(pager, { ...message, told: [] }, soon())).toMatchObject({ isTaken: true })
  const bodies = receiver.received.map(({ body }) => JSON.parse(body))
  expect(bodies[0].text).toContain('No writable primary: shop')
  expect(bodies.slice(1).map(({ event_action, routing_key }) => [event_action, routing_key])).toEqual([
    ['trigger', 'R0UTE'],
    ['trigger', 'R0UTE'],
    ['resolve', 'R0UTE'],
  ])
})

describe('a mail', () => {
  let server: TestMailServer
  beforeAll(async () => {
    server = await startMailServer()
  })
  afterAll(() => server?.stop())
  const mailer = (over: { password?: string; ca?: string | null; port?: number; crl?: () => string } = {}) =>
    makeMessages({
      networks: [],
      ca: over.ca === undefined ? server.ca : over.ca,
      mail: {
        host: '127.0.0.1',
        port: over.port ?? server.port,
        isTls: false,
        login: { user: mailLogin.user, password: over.password ?? mailLogin.password },
        from: 'Matriarch <matriarch@example.org>',
        crl: over.crl ?? null,
      },
    })
  const to = (...recipients: string[]): Destination => ({ channel: 'email', recipients })

  test('goes over STARTTLS with a login, under the id that stays the same when it is sent again', async () => {
    for (const _ of [1, 2]) expect(await mailer().send(to('ada@example.org'), message, soon())).toMatchObject({ isTaken: true })
    const [first, second] = server.taken.splice(0)
    expect(first).toMatchObject({ from: 'matriarch@example.org', to: ['ada@example.org'], user: mailLogin.user })
    expect(first!.text).toMatch(/^Subject: \[critical\] prod: No writable primary: shop\r?$/m)
    for (const mail of [first, second]) expect(mail!.text).toMatch(new RegExp(`^Message-ID: <${message.id}@example.org>`, 'm'))
    expect(first!.text).toMatch(/^References: <i-1@example.org>/m)
  })

  test('is not sent with a wrong password, to a server that cannot be trusted, or in the clear', async () => {
    const plain = await startMailServer('plain')
    expect(await mailer({ password: 'wrong' }).send(to('ada@example.org'), message, soon())).toMatchObject({ isTaken: false })
    expect(await mailer({ ca: null }).send(to('ada@example.org'), message, soon())).toMatchObject({ isTaken: false })
    expect(await mailer({ port: plain.port }).send(to('ada@example.org'), message, soon())).toMatchObject({ isTaken: false })
    expect([...server.taken, ...plain.taken]).toEqual([])
    await plain.stop()
  })

  test('is not sent to a server whose certificate was revoked', async () => {
    const mail = (isRevoked: boolean) => mailer({ crl: () => server.revocations(isRevoked) }).send(to('ada@example.org'), message, soon())
    expect(await mail(false)).toMatchObject({ isTaken: true })
    expect(await mail(true)).toMatchObject({ isTaken: false, words: expect.stringMatching(/revoked/) })
    server.taken.length = 0
  })

  test('that one recipient refuses has reached the others, and names who has it not', async () => {
    const answer = await mailer().send(to('ada@example.org', 'refused@example.org'), message, soon())
    expect(answer).toMatchObject({ isTaken: true, words: expect.stringContaining('Refused for refused@example.org') })
    expect(server.taken.splice(0).map((mail) => mail.to)).toEqual([['ada@example.org']])
    expect(await mailer().send(to('refused@example.org'), message, soon())).toMatchObject({ isTaken: false })
  })

  test('says that no server is configured, and does not wait for one that is silent', async () => {
    expect(await open.send(to('ada@example.org'), message, soon())).toMatchObject({ words: expect.stringContaining('SMTP_URL') })
    receiver.answer = null
    const answer = await mailer({ port: receiver.port }).send(to('ada@example.org'), message, AbortSignal.timeout(300))
    expect(answer).toMatchObject({ isTaken: false, words: expect.stringContaining('not known') })
  })
})
