import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeDestinationSource } from '@/db/notifications/destinations'
import { renewSigningSecret } from '@/db/notifications/subscriptions'
import { getPool } from '@/db/pg/client'
import { registerWorker } from '@/db/runs/workers'
import { tidy } from '@/db/tidy'
import { type MessengerBench, openMessenger } from '@/e2e/harness/messenger'
import { actorIn } from '@/e2e/harness/two-territories'
import { testSubscription } from '@/jobs/requests'
import { makeVault } from '@/lib/adapters/vault'
import { troubleOf } from '@/lib/domain/notifications/incident.fixture'
import { readSignature, signatureHeader, signedText } from '@/lib/domain/notifications/signature'
import type { Trouble } from '@/lib/domain/notifications/trouble'

let bench: MessengerBench
beforeAll(async () => {
  bench = await openMessenger()
})
beforeEach(() => bench.clear())
afterAll(() => bench?.stop())

const many = (count: number, over: Partial<Trouble> = {}): Trouble[] =>
  Array.from({ length: count }, (_, at) => troubleOf({ key: `k${at}`, label: `herd-${at}`, environmentIds: [bench.prod], ...over }))
const rowOf = async (id: string) => (await getPool().query('select * from subscriptions where id = $1', [id])).rows[0]

test('a new signing secret is shown once, lies sealed, and the one before it signs for a day', async () => {
  const id = await bench.subscribe()
  const first = await renewSigningSecret(bench.dana, id)
  const second = await renewSigningSecret(bench.dana, id)
  expect(second.secret).not.toBe(first.secret)
  expect(JSON.stringify(await rowOf(id))).not.toMatch(/whsec_/)
  const signers = async () => {
    bench.receiver.received.length = 0
    await bench.look(many(1, { key: crypto.randomUUID() }))
    await bench.later()
    await bench.send()
    const { headers, body } = bench.receiver.received.at(-1)!
    const { at, signatures } = readSignature(String(headers[signatureHeader]))!
    return signatures.map((signature) =>
      [first, second].findIndex(({ secret }) => createHmac('sha256', secret).update(signedText(at, body)).digest('hex') === signature),
    )
  }
  expect(await signers()).toEqual([1, 0])
  await getPool().query(`update subscriptions set previous_until = now() - interval '1 second'`)
  expect(await signers()).toEqual([1])
  const other = makeDestinationSource(makeVault(Buffer.alloc(32, 9).toString('base64')))
  await expect(other(id)).rejects.toThrow()
})

describe('a test', () => {
  const worker = () => registerWorker({ id: crypto.randomUUID(), host: 'h', pid: 1, startedAt: new Date(), jobs: 0 })
  const tried = async (id: string, timeoutMs = 10_000) => {
    const asked = testSubscription(bench.dana, id, { timeoutMs })
    const sending = (async () => {
      while (!(await bench.deliveries()).some(({ event, state }) => event === 'test' && state === 'waiting'))
        await new Promise((resolve) => setImmediate(resolve))
      await bench.send()
    })()
    const [answer] = await Promise.all([asked, sending])
    return answer
  }

  test('really sends, also while the subscription is paused, and says what was answered', async () => {
    await worker()
    const id = await bench.subscribe({ isPaused: true })
    expect(await tried(id)).toMatchObject({ state: 'sent', answer: 'Answered 200: ok' })
    expect(JSON.parse(bench.receiver.received[0]!.body)).toMatchObject({ type: 'test' })
    bench.receiver.answer = { status: 404 }
    expect(await tried(id)).toMatchObject({ state: 'given-up', answer: 'Answered 404' })
  })

  test('is for who may change the subscription', async () => {
    const id = await bench.subscribe()
    const ask = (actor: Parameters<typeof testSubscription>[0]) => testSubscription(actor, id, { timeoutMs: 0 })
    await expect(ask(actorIn('operator', bench.prod))).rejects.toMatchObject({ code: 'access.denied' })
    await expect(ask(actorIn('admin', bench.dev))).rejects.toMatchObject({ code: 'record.missing' })
    await expect(renewSigningSecret(actorIn('operator', bench.prod), id)).rejects.toMatchObject({ code: 'access.denied' })
    await expect(renewSigningSecret(actorIn('admin', bench.dev), id)).rejects.toMatchObject({ code: 'record.missing' })
    await expect(renewSigningSecret({ ...bench.dana, kind: 'token' }, id), 'a token').rejects.toMatchObject({ code: 'access.denied' })
    expect(await bench.deliveries()).toEqual([])
  })
})

test('what is left out, plain http to elsewhere and odd quiet hours are refused by their fields', async () => {
  const refused = async (over: Record<string, unknown>) =>
    bench.subscribe(over).then(
      () => [],
      (error: { facts: { fields: { path: string }[] } }) => error.facts.fields.map(({ path }) => path),
    )
  expect(await refused({ url: null })).toEqual(['url'])
  expect(await refused({ url: 'http://example.org/' })).toEqual(['url'])
  expect(await refused({ url: 'https://user:pass@example.org/' })).toEqual(['url'])
  expect(await refused({ channel: 'slack', url: null })).toEqual(['slackUrl'])
  expect(await refused({ channel: 'slack', slackUrl: 'https://hooks.example.org/a' })).toEqual(['url'])
  expect(await refused({ channel: 'pagerduty' })).toEqual(['routingKey'])
  expect(await refused({ channel: 'email', url: null })).toEqual(['recipients'])
  expect(await refused({ quietUntil: '07:00' })).toEqual(['quietUntil'])
  expect(await refused({ quietFrom: '22:00' })).toEqual(['quietUntil'])
  expect(await refused({ quietFrom: '22:00', quietUntil: '07:00', quietZone: 'Mars/Base' })).toEqual(['quietZone'])
  const nothing = { tellsProblems: false, tellsApprovals: false, tellsAttention: false, tellsCertificates: false, tellsScheduled: false }
  expect(await refused(nothing)).toEqual(['tellsProblems'])
})

test('the log is kept for ninety days, and what waited for days is given up', async () => {
  await bench.subscribe()
  await bench.look(many(2))
  await getPool().query(`update deliveries set due_at = now() - interval '4 days' where title like '%herd-0'`)
  await getPool().query(`update deliveries set state = 'sent', finished_at = now() - interval '91 days' where title like '%herd-1'`)
  await tidy({ resultDays: 30 })
  expect(await bench.deliveries()).toMatchObject([{ state: 'given-up', answer: 'It waited too long.' }])
})
