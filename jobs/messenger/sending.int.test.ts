import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fleetFacts } from '@/db/fleet/front-page'
import { makeDestinationSource } from '@/db/notifications/destinations'
import { noteAttempt, takeTurn } from '@/db/notifications/outbox'
import { renewSigningSecret } from '@/db/notifications/subscriptions'
import { forget } from '@/db/pg/cached'
import { getPool } from '@/db/pg/client'
import { changeRecord, getRecord } from '@/db/records/records'
import { registerWorker } from '@/db/runs/workers'
import { tidy } from '@/db/tidy'
import { eventsOf, type MessengerBench, openMessenger } from '@/e2e/harness/messenger'
import { actorIn } from '@/e2e/harness/two-territories'
import { testSubscription } from '@/jobs/requests'
import { makeVault } from '@/lib/adapters/vault'
import { troubleOf } from '@/lib/domain/notifications/incident.fixture'
import { readSignature, signatureHeader, signedText } from '@/lib/domain/notifications/signature'
import type { Trouble } from '@/lib/domain/notifications/trouble'
import { resourceByName } from '@/lib/resources'

let bench: MessengerBench
beforeAll(async () => {
  bench = await openMessenger()
})
beforeEach(() => bench.clear())
afterAll(() => bench?.stop())

const subscription = resourceByName('subscription')!
const many = (count: number, over: Partial<Trouble> = {}): Trouble[] =>
  Array.from({ length: count }, (_, at) => troubleOf({ key: `k${at}`, label: `herd-${at}`, environmentIds: [bench.prod], ...over }))
const idsSent = () => bench.receiver.received.map(({ headers }) => headers['idempotency-key'])
const rowOf = async (id: string) => (await getPool().query('select * from subscriptions where id = $1', [id])).rows[0]
/** What its worker had is anybody's again. */
const workerIsDead = async () => {
  await getPool().query(`update subscriptions set claimed_until = now() - interval '1 second' where claimed_until is not null`)
  await getPool().query(`update deliveries set claimed_until = now() - interval '1 second' where claimed_until is not null`)
}

test('a worker that dies between sending and noting it sends once more, under the same id', async () => {
  await bench.subscribe()
  await bench.look(many(1))
  await bench.later()
  const turn = (await takeTurn())!
  await noteAttempt([turn.due[0]!.id], null)
  await bench.options.messages.send(
    await bench.options.destinationOf(turn.subscriptionId),
    { id: turn.due[0]!.id, at: turn.now, subscription: { id: turn.subscriptionId, name: turn.name }, consoleUrl: '', told: [] },
    AbortSignal.timeout(5_000),
  )
  await bench.send()
  expect(bench.receiver.received).toHaveLength(1)
  await workerIsDead()
  await bench.send()
  await bench.send()
  expect(idsSent()).toEqual([turn.due[0]!.id, turn.due[0]!.id])
})

test('the end of what a dead worker may have told is told', async () => {
  await bench.subscribe()
  await bench.look(many(1))
  await bench.later()
  const turn = (await takeTurn())!
  await noteAttempt([turn.due[0]!.id], null)
  await workerIsDead()
  await bench.look([])
  await bench.later()
  await bench.send()
  await bench.send()
  expect(eventsOf(bench.receiver.received).map(([event]) => event)).toEqual(['begin', 'end'])
})

test('many senders at once send each message once', async () => {
  for (const _ of [1, 2, 3]) await bench.subscribe()
  await bench.look(many(8))
  await bench.later()
  await Promise.all(Array.from({ length: 6 }, () => bench.send()))
  expect(bench.receiver.received).toHaveLength(24)
  expect(new Set(idsSent()).size).toBe(24)
})

describe('a destination that does not take messages', () => {
  test('is asked again later, is shown with what it said, on the front page of who saved it, and gets everything in order once it is back', async () => {
    const id = await bench.subscribe()
    bench.receiver.answer = { status: 503, body: 'closed' }
    await bench.look(many(3))
    await bench.later()
    await bench.send()
    expect(bench.receiver.received).toHaveLength(1)
    expect(await getRecord(bench.dana, subscription, id)).toMatchObject({ values: { state: 'failing', because: 'Answered 503: closed' } })
    const waiting = await bench.deliveries()
    expect(waiting.map(({ state, attempts }) => [state, attempts]).sort()).toEqual([
      ['waiting', 0],
      ['waiting', 0],
      ['waiting', 1],
    ])
    for (const { dueAt } of waiting) expect(dueAt.getTime()).toBeGreaterThan(Date.now())
    await getPool().query(`update subscriptions set failing_since = now() - interval '2 minutes'`)
    const failing = async (actor = bench.dana) => {
      forget('fleet')
      return (await fleetFacts(actor)).failingSubscriptions.map(({ because }) => because)
    }
    expect(await failing()).toEqual(['Answered 503: closed'])
    expect(await failing(actorIn('admin', null))).toEqual([])

    const [[, tried]] = eventsOf(bench.receiver.received) as [[string, string]]
    bench.receiver.answer = { status: 200 }
    bench.receiver.received.length = 0
    await bench.look([])
    await bench.later()
    await bench.send()
    expect(eventsOf(bench.receiver.received)).toEqual([
      ['begin', tried],
      ['end', tried],
    ])
    expect(await failing()).toEqual([])
    expect(await getRecord(bench.dana, subscription, id)).toMatchObject({ values: { state: 'delivering', because: null } })
  })

  test('is given up after a day, which the log shows', async () => {
    await bench.subscribe()
    bench.receiver.answer = { status: 500 }
    await bench.look(many(1))
    await bench.later()
    await bench.send()
    await getPool().query(`update deliveries set first_tried_at = now() - interval '25 hours'`)
    await bench.later()
    await bench.send()
    expect(await bench.deliveries()).toMatchObject([{ state: 'given-up', attempts: 2, answer: 'Answered 500' }])
  })

  test('keeps no other subscription waiting', async () => {
    await bench.subscribe({ url: 'http://127.0.0.1:1/' })
    await bench.subscribe()
    await bench.look(many(2))
    await bench.later()
    await bench.send()
    expect(bench.receiver.received).toHaveLength(2)
  })
})

test('more than ten in a minute are one digest, and the next one waits for the minute to pass; PagerDuty gets each', async () => {
  await bench.subscribe()
  await bench.subscribe({ channel: 'pagerduty', routingKey: 'R0UTEKEY' })
  await bench.look(many(30))
  await bench.later()
  await bench.send()
  const hooks = () => bench.receiver.received.filter(({ headers }) => headers[signatureHeader])
  expect(hooks().map(({ body }) => JSON.parse(body).type)).toEqual(['digest'])
  expect(eventsOf(hooks())).toHaveLength(30)
  const keys = bench.receiver.received.filter(({ headers }) => !headers[signatureHeader]).map(({ body }) => JSON.parse(body).dedup_key)
  expect(new Set(keys).size).toBe(30)
  await bench.look(many(31))
  await bench.later()
  await bench.send()
  expect(hooks()).toHaveLength(1)
  await getPool().query(`update subscriptions set last_digest_at = now() - interval '61 seconds'`)
  await bench.later()
  await bench.send()
  expect(eventsOf(hooks().slice(1))).toEqual([['begin', 'herd-30']])
})

test('a digest that was not taken goes again as it was, under its id', async () => {
  await bench.subscribe()
  bench.receiver.answer = { status: 500 }
  await bench.look(many(12))
  await bench.later()
  await bench.send()
  bench.receiver.answer = { status: 200 }
  await bench.look(many(13))
  await bench.later()
  await bench.send()
  const [first, second, third] = bench.receiver.received.map(({ body }) => JSON.parse(body))
  expect(second.id).toBe(first.id)
  expect([first, second].map(({ troubles }) => troubles.length)).toEqual([12, 12])
  expect(third.troubles).toHaveLength(1)
})

test('during quiet hours messages wait, and critical ones pass', async () => {
  const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16)
  await bench.subscribe({ quietFrom: clock(-1), quietUntil: clock(1) })
  await bench.look([...many(1), ...many(1, { kind: 'down', severity: 1, label: 'standby' })])
  await bench.later()
  await bench.send()
  expect(eventsOf(bench.receiver.received)).toEqual([['begin', 'herd-0']])
  const [held] = (await bench.deliveries()).filter(({ state }) => state === 'waiting')
  expect(held.attempts).toBe(0)
  expect(held.dueAt.toISOString().slice(11, 16)).toBe(clock(1))
})

test('what somebody takes on is acknowledged in PagerDuty, and resolved when it is over', async () => {
  await bench.subscribe({ channel: 'pagerduty', routingKey: 'R0UTEKEY' })
  await bench.look(many(1))
  await bench.later()
  await bench.send()
  const taken = [{ kind: 'no-primary', key: 'k0', environmentId: bench.prod }]
  for (const _ of [1, 2]) await bench.look(many(1), taken)
  await bench.send()
  await bench.look([])
  await bench.later()
  await bench.send()
  expect(bench.receiver.received.map(({ body }) => JSON.parse(body).event_action)).toEqual(['trigger', 'acknowledge', 'resolve'])
})

test('a subscription of somebody who may not see its environment any more sends nothing, until somebody who may saves it', async () => {
  const id = await bench.subscribe()
  await bench.look(many(1))
  await bench.later()
  await getPool().query(`update people set is_disabled = true`)
  await bench.send()
  await getPool().query(`update people set is_disabled = false`)
  await getPool().query(`update grants set role = 'viewer'`)
  await bench.later()
  await bench.send()
  await getPool().query(`update grants set role = 'dba'`)
  expect(bench.receiver.received).toEqual([])
  expect((await rowOf(id)).because).toContain('no longer a DBA of prod')
  await bench.later()
  await bench.send()
  expect(bench.receiver.received).toHaveLength(1)
  const revision = (await rowOf(id)).revision
  await changeRecord(actorIn('dba', bench.prod), subscription, id, { note: 'mine now' }, revision)
  expect((await rowOf(id)).person_id).toBeNull()
})

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
  expect(await refused({ channel: 'slack' })).toEqual(['slackUrl'])
  expect(await refused({ channel: 'pagerduty' })).toEqual(['routingKey'])
  expect(await refused({ channel: 'email' })).toEqual(['recipients'])
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
  await tidy()
  expect(await bench.deliveries()).toMatchObject([{ state: 'given-up', answer: 'It waited too long.' }])
})
